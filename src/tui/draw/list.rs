//! The list of conversations.

use cairn_proto::model::notification::NotificationLevel;
use cairn_proto::model::presence::Presence;
use cairn_session::{ConversationView, DeskLog};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::app::act::navigate::Calling as _;
use crate::tui::app::model::state::State;
use crate::tui::text::markup::one_line;
use crate::tui::text::width::Ambiguous;
use crate::tui::text::{paint, words};
use crate::tui::theme::Role;

/// The name of a conversation with its sign: `#team`, `@bob`.
pub(crate) fn name(listed: &ConversationView) -> String {
    format!("{}{}", sign(listed), one_line(&listed.name))
}

/// What stands before the name, as in the output of commands.
pub(crate) const fn sign(listed: &ConversationView) -> char {
    match (listed.of_desk, listed.peer) {
        (Some(DeskLog::Queue), _) => '%',
        (Some(DeskLog::Inquiry), _) => '?',
        (Some(DeskLog::Notes(_)), _) => '!',
        (None, Some(_)) => '@',
        (None, None) => '#',
    }
}

/// The line of the support desk: duty, and what is offered or waits.
pub(super) fn desk(state: &State, buffer: &mut Buffer, area: Rect) {
    let Some(desk) = &state.world.desk else {
        return;
    };
    let (ambiguous, theme) = (state.settings.ambiguous, state.settings.theme);
    let style = match desk.offers.is_empty() {
        _ if state.desk.is_some() => theme.style(Role::Current),
        true => Style::new(),
        false => theme.style(Role::Unread),
    };
    paint::fill(buffer, area, style);
    let count = words::desk::count(desk);
    let columns = u16::try_from(ambiguous.text(&count)).unwrap_or(0);
    let room = area.width.saturating_sub(columns + u16::from(columns > 0));
    let text = format!(" {}", words::desk::on_duty(desk.agent.duty));
    let left = Rect {
        width: room,
        ..area
    };
    let text = ambiguous.shortened(&text, usize::from(room)).into_owned();
    paint::text(buffer, left, &text, style, ambiguous);
    let right = Rect {
        x: area.x + area.width.saturating_sub(columns),
        width: columns.min(area.width),
        ..area
    };
    let style = match desk.offers.is_empty() {
        true => style,
        false => theme.style(Role::MentionMe),
    };
    paint::text(buffer, right, &count, style, ambiguous);
    separator(state, buffer, area);
}

/// The first of the conversations on a screen of this many rows: the open one is in the middle.
pub(crate) fn first_shown(state: &State, rows: u16) -> usize {
    let rows = usize::from(rows);
    let list = &state.world.list;
    let open = list.iter().position(|listed| Some(listed.id) == state.open);
    let most = list.len().saturating_sub(rows);
    open.unwrap_or(0).saturating_sub(rows / 2).min(most)
}

pub(super) fn draw(state: &State, buffer: &mut Buffer, area: Rect) {
    let ambiguous = state.settings.ambiguous;
    let theme = state.settings.theme;
    let first = first_shown(state, area.height);
    let shown = state.world.list.iter().skip(first);
    for (y, listed) in (area.top()..area.bottom()).zip(shown) {
        let row = Rect {
            y,
            height: 1,
            ..area
        };
        let is_open = Some(listed.id) == state.open;
        let style = match (is_open, listed.is_calling()) {
            (true, _) => theme.style(Role::Current),
            (false, true) => theme.style(Role::Unread),
            (false, false) if is_silent(listed) => theme.style(Role::Dim),
            (false, false) => Style::new(),
        };
        paint::fill(buffer, row, style);
        draw_one(
            listed,
            buffer,
            row,
            style,
            ambiguous,
            theme.style(Role::MentionMe),
        );
    }
    separator(state, buffer, area);
}

/// The line between the list and the rest.
fn separator(state: &State, buffer: &mut Buffer, area: Rect) {
    let ambiguous = state.settings.ambiguous;
    let style = state.settings.theme.style(Role::Dim);
    let separator = match ambiguous {
        Ambiguous::Narrow => "│",
        Ambiguous::Wide => "|",
    };
    for y in area.top()..area.bottom() {
        let cell = Rect::new(area.right(), y, 1, 1).intersection(*buffer.area());
        paint::text(buffer, cell, separator, style, ambiguous);
    }
}

fn draw_one(
    listed: &ConversationView,
    buffer: &mut Buffer,
    row: Rect,
    style: Style,
    ambiguous: Ambiguous,
    mention: Style,
) {
    let count = match listed.typing.is_empty() || is_silent(listed) {
        true => count(listed),
        false => format!("{TYPING} {}", count(listed)).trim_end().to_owned(),
    };
    let columns = u16::try_from(ambiguous.text(&count)).unwrap_or(0);
    let room = row.width.saturating_sub(columns + u16::from(columns > 0));
    let text = format!("{}{}", presence(listed), name(listed));
    let text = ambiguous.shortened(&text, usize::from(room)).into_owned();
    let left = Rect { width: room, ..row };
    paint::text(buffer, left, &text, style, ambiguous);
    let right = Rect {
        x: row.x + row.width.saturating_sub(columns),
        width: columns.min(row.width),
        ..row
    };
    let style = match listed.unread.mentions {
        0 => style,
        _ => mention,
    };
    paint::text(buffer, right, &count, style, ambiguous);
}

/// Signs before the name: of a favourite, and of a user who is there.
fn presence(listed: &ConversationView) -> &'static str {
    match (listed.presence, listed.favourite) {
        (Some(Presence::Online), _) => "+",
        (Some(Presence::Away), _) => "~",
        (_, true) => "*",
        _ => " ",
    }
}

/// Marks conversations in which another user is typing.
const TYPING: &str = "...";

fn is_silent(listed: &ConversationView) -> bool {
    listed.level == NotificationLevel::Nothing
}

/// What stands at the right: `!` for own messages that failed, `@2` mentions, `5` unread, `draft`.
fn count(listed: &ConversationView) -> String {
    let unread = match listed.unread.messages {
        0 => String::new(),
        1_000.. => "999+".to_owned(),
        count => count.to_string(),
    };
    let muted = is_silent(listed) && listed.unread.messages > 0;
    match (listed.failed, listed.unread.mentions) {
        (1.., _) => format!("!{}", listed.failed),
        (_, 1..) => format!("@{}", listed.unread.mentions),
        _ if muted => format!("({unread})"),
        _ if listed.unread.messages == 0 && listed.draft.is_some() => words::DRAFT.to_owned(),
        _ => unread,
    }
}
