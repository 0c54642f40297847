//! A picker over the timeline.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::tui::app::model::picker::{Item, Picker};
use crate::tui::app::model::state::State;
use crate::tui::text::{paint, words};
use crate::tui::theme::Role;

/// Draws the input, a hint, and the choices. Returns where the caret is.
pub(super) fn draw(state: &State, picker: &Picker, buffer: &mut Buffer, area: Rect) -> Position {
    let ambiguous = state.settings.ambiguous;
    let theme = state.settings.theme;
    let row = |at: u16| Rect {
        y: (area.y + at).min(area.bottom()),
        height: 1.min(area.height.saturating_sub(at)),
        ..area
    };
    for at in 0..area.height {
        paint::fill(buffer, row(at), Style::new());
    }
    let prompt = words::purpose(picker.purpose);
    let used = paint::text(buffer, row(0), prompt, theme.style(Role::Unread), ambiguous);
    let input = Rect {
        x: area.x + used,
        width: area.width.saturating_sub(used),
        ..row(0)
    };
    let text = picker.editor.text();
    let before = text.get(..picker.editor.caret()).unwrap_or_default();
    let caret = u16::try_from(ambiguous.text(before)).unwrap_or(0);
    paint::text(buffer, input, text, Style::new(), ambiguous);
    paint::text(
        buffer,
        row(1),
        &picker.hint,
        theme.style(Role::Dim),
        ambiguous,
    );
    let rows = area.height.saturating_sub(2);
    let first = picker.first_shown(usize::from(rows));
    for (at, item) in (0..rows).zip(picker.items.iter().enumerate().skip(first)) {
        let (index, item) = item;
        let is_selected = index == picker.selected;
        let style = match is_selected {
            true => theme.style(Role::Selected),
            false => Style::new(),
        };
        let line = line(item, is_selected, style, theme.style(Role::Match));
        paint::fill(buffer, row(at + 2), style);
        paint::line(buffer, row(at + 2), &line, ambiguous);
    }
    Position {
        x: (input.x + caret).min(area.right().saturating_sub(1)),
        y: area.y,
    }
}

fn line(item: &Item, is_selected: bool, style: Style, matched: Style) -> Line<'static> {
    let mark = if is_selected { "> " } else { "  " };
    let mut line = Line::from(Span::styled(mark, style));
    for (at, c) in (0..).zip(item.label.chars()) {
        let style = match item.matched.contains(&at) {
            true => style.patch(matched),
            false => style,
        };
        line.push_span(Span::styled(c.to_string(), style));
    }
    if !item.detail.is_empty() {
        line.push_span(Span::styled(format!("  {}", item.detail), style.dim()));
    }
    line
}
