//! The composer, and the line above it that says what the message is about.

use cairn_session::Aim;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::tui::app::model::geometry::{Geometry, PROMPT};
use crate::tui::app::model::state::{Mode, State};
use crate::tui::draw::rows::quote;
use crate::tui::text::markup::one_line;
use crate::tui::text::{paint, words};
use crate::tui::theme::Role;

/// What the message replies to or edits, and its files.
pub(super) fn about(state: &State, buffer: &mut Buffer, area: Rect) {
    let mut text = match &state.aim {
        Aim::Reply(msgid) => match state.world.entry(*msgid) {
            Some(entry) => {
                let name = one_line(&state.world.name(entry.sender));
                words::replying(&name, &quote(&entry))
            }
            None => words::replying(&msgid.to_string(), ""),
        },
        Aim::Edit(_) => words::EDITING.to_owned(),
        Aim::New | Aim::Emote => String::new(),
    };
    for file in &state.files {
        text.push_str(&format!(" [{}]", one_line(&file.name)));
    }
    let ambiguous = state.settings.ambiguous;
    let cancels = format!("  ({})", words::ESC_CANCELS);
    let room = usize::from(area.width).saturating_sub(ambiguous.text(&cancels));
    let text = format!("{}{cancels}", ambiguous.shortened(text.trim(), room));
    let style = state.settings.theme.style(Role::Dim);
    paint::fill(buffer, area, style);
    let text = ambiguous
        .shortened(&text, usize::from(area.width))
        .into_owned();
    paint::text(buffer, area, &text, style, ambiguous);
}

/// The text that is being written. Returns where the caret is.
pub(super) fn composer(state: &State, buffer: &mut Buffer, geometry: &Geometry) -> Position {
    let ambiguous = state.settings.ambiguous;
    let theme = state.settings.theme;
    let style = match state.mode {
        Mode::Write => Style::new(),
        Mode::Select(_) | Mode::Vim => theme.style(Role::Dim),
    };
    paint::text(
        buffer,
        geometry.prompt,
        PROMPT,
        theme.style(Role::Dim),
        ambiguous,
    );
    let area = geometry.composer;
    let layout = state.composer_layout();
    let (lines, (row, column)) = layout.view(usize::from(area.height));
    for (y, range) in (area.top()..area.bottom()).zip(lines) {
        let line = Rect {
            y,
            height: 1,
            ..area
        };
        let text = state.editor.text().get(range.clone()).unwrap_or_default();
        paint::text(buffer, line, text, style, ambiguous);
    }
    let (row, column) = (
        u16::try_from(row).unwrap_or(0),
        u16::try_from(column).unwrap_or(0),
    );
    Position {
        x: (area.x + column).min(area.right().saturating_sub(1)),
        y: (area.y + row).min(area.bottom().saturating_sub(1)),
    }
}
