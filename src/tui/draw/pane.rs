//! A pane of text over the timeline: help, the output of commands.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::app::model::geometry::Geometry;
use crate::tui::app::model::overlay::{Overlay, Pane};
use crate::tui::app::model::state::State;
use crate::tui::text::wrap::wrap;
use crate::tui::text::{paint, words};
use crate::tui::theme::Role;
use cairn_text::{Lines, sanitize};

fn lines(state: &State, pane: &Pane, columns: u16) -> Vec<String> {
    let text = match pane.run {
        Some(_) if pane.text.is_empty() => words::RUNNING,
        _ => pane.text.trim_end(),
    };
    let text = sanitize(text, Lines::Keep);
    let ranges = wrap(&text, usize::from(columns).max(1), state.settings.ambiguous);
    ranges
        .into_iter()
        .map(|range| text[range].to_owned())
        .collect()
}

/// The greatest number of lines that can be above the screen.
pub(crate) fn last_first(state: &State) -> usize {
    let area = Geometry::of(state).timeline;
    match &state.overlay {
        Some(Overlay::Pane(pane)) => {
            let shown = usize::from(area.height.saturating_sub(1));
            lines(state, pane, area.width).len().saturating_sub(shown)
        }
        _ => 0,
    }
}

pub(super) fn draw(state: &State, pane: &Pane, buffer: &mut Buffer, area: Rect) {
    let ambiguous = state.settings.ambiguous;
    let row = |at: u16| Rect {
        y: area.y + at,
        height: 1,
        ..area
    };
    for at in 0..area.height {
        paint::fill(buffer, row(at), Style::new());
    }
    if area.height == 0 {
        return;
    }
    let lines = lines(state, pane, area.width);
    let shown = usize::from(area.height.saturating_sub(1));
    let first = pane.first.min(lines.len().saturating_sub(shown));
    let more = match lines.len() > shown {
        true => format!(
            "  {}-{} of {}",
            first + 1,
            (first + shown).min(lines.len()),
            lines.len()
        ),
        false => String::new(),
    };
    let title = format!("{}{more}", pane.title);
    let style = state.settings.theme.style(Role::Unread);
    let title = ambiguous
        .shortened(&title, usize::from(area.width))
        .into_owned();
    paint::text(buffer, row(0), &title, style, ambiguous);
    for (at, line) in (1..area.height).zip(lines.iter().skip(first)) {
        paint::text(buffer, row(at), line, Style::new(), ambiguous);
    }
}
