//! Writes text into the cells of a frame.
//!
//! ratatui measures by its own rules. Here each cluster takes the columns that [`Ambiguous`] says,
//! and is written as it is shown, so that what follows it stands where the terminal draws it.

use std::num::NonZeroU16;
use std::sync::Arc;

use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::text::line::Line;
use crate::tui::text::width::{Ambiguous, graphemes, shown};

/// Cells that stand for an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// In one row.
    pub(crate) area: Rect,
    pub(crate) url: Arc<str>,
}

/// Writes a line at the start of `area`, and clips it. Adds its links to `links`.
pub(crate) fn line(
    buffer: &mut Buffer,
    area: Rect,
    line: &Line,
    ambiguous: Ambiguous,
    links: &mut Vec<Link>,
) {
    let mut x = 0;
    for span in &line.spans {
        let rest = Rect {
            x: area.x + x,
            width: area.width - x,
            ..area
        };
        let width = text(buffer, rest, &span.content, span.style, ambiguous);
        if let Some(url) = span.link.clone().filter(|_| width > 0) {
            let area = Rect { width, ..rest };
            links.push(Link { area, url });
        }
        x += width;
    }
}

/// Writes a text in one style at the start of `area`, and clips it. Returns the columns that it
/// took.
pub(crate) fn text(
    buffer: &mut Buffer,
    area: Rect,
    text: &str,
    style: Style,
    ambiguous: Ambiguous,
) -> u16 {
    if area.height == 0 {
        return 0;
    }
    let mut used = 0;
    for (_, cluster) in graphemes(text) {
        let width = u16::try_from(ambiguous.cluster(cluster)).unwrap_or(u16::MAX);
        if used + width > area.width {
            // A wide cluster at the edge leaves a blank, which must not keep older content.
            fill(
                buffer,
                Rect {
                    x: area.x + used,
                    width: area.width - used,
                    ..area
                },
                style,
            );
            return area.width;
        }
        let clean = shown(cluster);
        if width == 0 || clean.chars().any(char::is_control) {
            continue;
        }
        let (x, y) = (area.x + used, area.y);
        if clean.as_ref() == "    " {
            fill(buffer, Rect { x, width, ..area }, style);
        } else if let Some(cell) = buffer.cell_mut((x, y)) {
            cell.set_symbol(&clean).set_style(style);
            cover(buffer, x, y, width);
        }
        used += width;
    }
    used
}

/// Fills the first row of an area with blanks.
pub(crate) fn fill(buffer: &mut Buffer, area: Rect, style: Style) {
    for x in area.left()..area.right() {
        if let Some(cell) = buffer.cell_mut((x, area.y)) {
            cell.reset();
            cell.set_style(style);
        }
    }
}

/// Reserves the cells that a wide cluster covers.
fn cover(buffer: &mut Buffer, x: u16, y: u16, width: u16) {
    for covered in 1..width {
        if let Some(cell) = buffer.cell_mut((x + covered, y)) {
            cell.reset();
        }
    }
    if let (Some(cell), Some(width)) = (buffer.cell_mut((x, y)), NonZeroU16::new(width)) {
        cell.set_diff_option(match width.get() {
            1 => CellDiffOption::None,
            _ => CellDiffOption::ForcedWidth(width),
        });
    }
}
