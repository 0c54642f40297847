//! A picker over the timeline.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::tui::app::model::picker::{Item, Picker};
use crate::tui::app::model::state::State;
use crate::tui::picture;
use crate::tui::text::line::{Line, Span};
use crate::tui::text::markup::{Layout, Styled};
use crate::tui::text::width::Ambiguous;
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
    let head = head(state, picker, area);
    let above = 2 + u16::try_from(head.len()).unwrap_or(0);
    for (at, line) in (2..area.height).zip(&head) {
        paint::line(buffer, row(at), line, ambiguous, &mut Vec::new());
    }
    let rows = area.height.saturating_sub(above);
    let first = picker.first_shown(usize::from(rows));
    for (at, item) in (0..rows).zip(picker.items.iter().enumerate().skip(first)) {
        let (index, item) = item;
        let is_selected = index == picker.selected;
        let style = match is_selected {
            true => theme.style(Role::Selected),
            false => Style::new(),
        };
        let item = fitted(item, usize::from(area.width), ambiguous);
        let line = line(&item, is_selected, style, theme.style(Role::Match));
        let row = row(at + above);
        paint::fill(buffer, row, style);
        paint::line(buffer, row, &line, ambiguous, &mut Vec::new());
    }
    Position {
        x: (input.x + caret).min(area.right().saturating_sub(1)),
        y: area.y,
    }
}

/// Choices below a head, at least.
const CHOICES_MIN: u16 = 4;

/// Rows of a picture in a head.
const PICTURE_ROWS: u16 = 6;

/// What stands above the choices: a picture, and lines of text. Small screens show a part of it.
fn head(state: &State, picker: &Picker, area: Rect) -> Vec<Line> {
    let layout = Layout {
        theme: state.settings.theme,
        ambiguous: state.settings.ambiguous,
        columns: usize::from(area.width).max(1),
    };
    let most = area.height.saturating_sub(2 + CHOICES_MIN);
    let mut lines = Vec::new();
    let texts: Vec<Line> = picker
        .head
        .iter()
        .flat_map(|text| {
            let mut styled = Styled::default();
            styled.push(text, Style::new());
            let indent = Line::styled("  ", Style::new());
            styled.wrapped(layout, &indent, &indent)
        })
        .collect();
    let left = usize::from(most).saturating_sub(texts.len());
    if let Some(pixels) = &picker.picture
        && left >= usize::from(PICTURE_ROWS)
        && state.settings.has_pictures
    {
        let size = (2 * PICTURE_ROWS, PICTURE_ROWS);
        for mut line in picture::blocks(pixels, size, layout) {
            line.spans.insert(0, Span::styled("  ", Style::new()));
            lines.push(line);
        }
    }
    lines.extend(texts);
    lines.truncate(usize::from(most));
    lines
}

/// Columns of the mark of the selection, and those between a label and its detail.
const MARK: usize = 2;

/// Shortens a choice to these columns. The detail keeps its place as long as the label has two
/// thirds of them.
fn fitted(item: &Item, columns: usize, ambiguous: Ambiguous) -> Item {
    let columns = columns.saturating_sub(MARK);
    let detail = ambiguous.text(&item.detail);
    let between = if detail > 0 { MARK } else { 0 };
    let label = columns
        .saturating_sub(detail + between)
        .max(columns * 2 / 3);
    let label = ambiguous.shortened(&item.label, label).into_owned();
    let left = columns.saturating_sub(ambiguous.text(&label) + between);
    Item {
        detail: ambiguous.shortened(&item.detail, left).into_owned(),
        label,
        ..item.clone()
    }
}

fn line(item: &Item, is_selected: bool, style: Style, matched: Style) -> Line {
    let mark = if is_selected { "> " } else { "  " };
    let mut line = Line::styled(mark, style);
    for (at, c) in (0..).zip(item.label.chars()) {
        let style = match item.matched.contains(&at) {
            true => style.patch(matched),
            false => style,
        };
        // Characters of one cluster stay together.
        match line.spans.last_mut().filter(|_| at > 0) {
            Some(last) if last.style == style => last.content.push(c),
            _ => line.push_span(Span::styled(c, style)),
        }
    }
    if !item.detail.is_empty() {
        line.push_span(Span::styled(format!("  {}", item.detail), style.dim()));
    }
    line
}
