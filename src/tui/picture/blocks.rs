//! Pixels as cells.

use ratatui::style::{Color, Style};

use super::Pixels;
use crate::tui::text::line::{Line, Span};
use crate::tui::text::markup::Layout;
use crate::tui::text::width::Ambiguous;

/// The upper half of a cell.
const HALF: &str = "▀";

/// Draws a picture in this many columns and rows.
pub(crate) fn blocks(pixels: &Pixels, (columns, rows): (u16, u16), layout: Layout) -> Vec<Line> {
    let (columns, rows) = (usize::from(columns), usize::from(rows));
    let colour = |x, y, width, height| {
        let [r, g, b] = average(pixels, (x, y), (width, height));
        layout.theme.pixel([r, g, b]).unwrap_or(Color::Reset)
    };
    let line = |y: usize| {
        let mut line = Line::default();
        match layout.ambiguous {
            Ambiguous::Narrow => {
                for x in 0..columns {
                    let upper = colour(x, 2 * y, columns, 2 * rows);
                    let lower = colour(x, 2 * y + 1, columns, 2 * rows);
                    push(&mut line, HALF, Style::new().fg(upper).bg(lower));
                }
            }
            Ambiguous::Wide => {
                for x in 0..columns / 2 {
                    let colour = colour(x, y, columns / 2, rows);
                    push(&mut line, "  ", Style::new().bg(colour));
                }
            }
        }
        line
    };
    (0..rows).map(line).collect()
}

/// Appends to the last span if it has the same style.
fn push(line: &mut Line, text: &str, style: Style) {
    match line.spans.last_mut() {
        Some(last) if last.style == style => last.content.push_str(text),
        _ => line.push_span(Span::styled(text, style)),
    }
}

/// The mean colour of the part of a picture that one pixel of a smaller grid covers.
fn average(pixels: &Pixels, (x, y): (usize, usize), (width, height): (usize, usize)) -> [u8; 3] {
    let part = |at: usize, of: usize, all: usize| {
        let from = at * all / of.max(1);
        let to = ((at + 1) * all).div_ceil(of.max(1)).max(from + 1);
        from.min(all.saturating_sub(1))..to.min(all)
    };
    let mut sum = [0_usize; 3];
    let mut count = 0;
    for row in part(y, height, pixels.height) {
        for column in part(x, width, pixels.width) {
            if let Some(rgb) = pixels.rgb.get(row * pixels.width + column) {
                for (sum, value) in sum.iter_mut().zip(rgb) {
                    *sum += usize::from(*value);
                }
                count += 1;
            }
        }
    }
    sum.map(|sum| u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::{Background, Depth, Theme};

    fn layout(depth: Depth, ambiguous: Ambiguous) -> Layout {
        Layout {
            theme: Theme::new(depth, Background::Dark),
            ambiguous,
            columns: 80,
        }
    }

    /// Red above, blue below.
    fn flag() -> Pixels {
        let mut rgb = vec![[255, 0, 0]; 8];
        rgb.extend(vec![[0, 0, 255]; 8]);
        Pixels {
            width: 4,
            height: 4,
            rgb,
        }
    }

    #[test]
    fn a_cell_has_two_pixels() {
        let lines = blocks(&flag(), (4, 1), layout(Depth::True, Ambiguous::Narrow));
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].to_string(), "▀▀▀▀");
        let style = lines[0].spans[0].style;
        assert_eq!(style.fg, Some(Color::Rgb(255, 0, 0)));
        assert_eq!(style.bg, Some(Color::Rgb(0, 0, 255)));
    }

    #[test]
    fn fewer_colours_are_the_nearest_ones() {
        let of = |depth| blocks(&flag(), (4, 1), layout(depth, Ambiguous::Narrow));
        let indexed = of(Depth::Indexed)[0].spans[0].style;
        assert_eq!(indexed.fg, Some(Color::Indexed(196)));
        assert_eq!(indexed.bg, Some(Color::Indexed(21)));
        let palette = of(Depth::Palette)[0].spans[0].style;
        assert_eq!(palette.fg, Some(Color::Red));
        assert_eq!(palette.bg, Some(Color::Blue));
    }

    #[test]
    fn wide_terminals_get_blanks() {
        let lines = blocks(&flag(), (4, 2), layout(Depth::True, Ambiguous::Wide));
        assert_eq!(lines[0].to_string(), "    ");
        assert_eq!(lines[0].spans[0].style.bg, Some(Color::Rgb(255, 0, 0)));
        assert_eq!(lines[1].spans[0].style.bg, Some(Color::Rgb(0, 0, 255)));
    }
}
