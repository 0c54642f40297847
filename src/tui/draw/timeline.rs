//! The timeline: the rows that fit the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::model::state::State;
use crate::tui::draw::rows::RowLayout;
use crate::tui::text::paint::{self, Link};
use crate::tui::text::words;
use crate::tui::theme::Role;

pub(super) fn draw(state: &State, buffer: &mut Buffer, area: Rect, links: &mut Vec<Link>) {
    let layout = RowLayout::of(state);
    let rows = state.timeline(&layout);
    if rows.rows.is_empty() {
        return empty(state, buffer, area);
    }
    let ambiguous = state.settings.ambiguous;
    let height = usize::from(area.height);
    let top = rows.top(state.scroll);
    let selected = state.selected_rows();
    let mut lines = Vec::with_capacity(height);
    for (at, row) in rows.rows.iter().enumerate().skip(top.row) {
        let skipped = if lines.is_empty() { top.line } else { 0 };
        let is_selected = selected.contains(&at);
        let all = layout.lines(row);
        let shown = all.iter().skip(skipped).cloned();
        lines.extend(shown.map(|line| (line, is_selected)));
        if lines.len() >= height {
            break;
        }
    }
    lines.truncate(height);
    // Few messages stand at the bottom, beside the composer.
    let blank = height - lines.len();
    for (at, (line, is_selected)) in lines.into_iter().enumerate() {
        let y = area.y + u16::try_from(blank + at).unwrap_or(u16::MAX);
        let row = Rect {
            y,
            height: 1,
            ..area
        };
        let mark = if is_selected { ">" } else { " " };
        let style = match is_selected {
            true => state.settings.theme.style(Role::Selected),
            false => state.settings.theme.style(Role::Text),
        };
        let used = paint::text(buffer, row, mark, style, ambiguous);
        let rest = Rect {
            x: row.x + used,
            width: row.width.saturating_sub(used),
            ..row
        };
        paint::line(buffer, rest, &line, ambiguous, links);
    }
}

fn empty(state: &State, buffer: &mut Buffer, area: Rect) {
    let text = match (state.open, state.world.list.is_empty()) {
        (Some(_), _) => words::LOADING,
        (None, true) => words::NOTHING_HERE,
        (None, false) => words::CHOOSE,
    };
    let middle = Rect {
        x: area.x + 1.min(area.width),
        y: area.y + area.height / 2,
        width: area.width.saturating_sub(1),
        height: 1.min(area.height),
    };
    let style = state.settings.theme.style(Role::Dim);
    paint::text(buffer, middle, text, style, state.settings.ambiguous);
}
