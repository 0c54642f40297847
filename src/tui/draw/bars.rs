//! The two bars: what is open, and what is going on.

use cairn_session::{DeskView, SendState, What};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::act::navigate::Calling as _;
use crate::tui::app::model::desk::{inquiries, left};
use crate::tui::app::model::overlay::Overlay;
use crate::tui::app::model::scrolling::Scroll;
use crate::tui::app::model::state::{Mode, State};
use crate::tui::draw::list::name;
use crate::tui::draw::rows::unnamed;
use crate::tui::keys::action::{Action, DeskAction};
use crate::tui::text::markup::one_line;
use crate::tui::text::{paint, words};
use crate::tui::theme::Role;

/// The line above the timeline: name, topic, members.
pub(super) fn title(state: &State, buffer: &mut Buffer, area: Rect) {
    let style = state.settings.theme.style(Role::Bar);
    paint::fill(buffer, area, style);
    let Some(id) = state.open else {
        paint::text(
            buffer,
            inset(area),
            words::TITLE,
            style,
            state.settings.ambiguous,
        );
        return;
    };
    let listed = state.world.conversation(id);
    let mut text = listed.map_or_else(|| unnamed(id), name);
    let details = state.world.details.as_ref();
    let topic = details.and_then(|details| details.topic.as_ref());
    if let Some(topic) = topic.filter(|topic| !topic.is_empty()) {
        text.push_str(" - ");
        text.push_str(&one_line(topic.as_str()));
    }
    if let Some((info, desk)) = state.open_inquiry_info().zip(state.world.desk.as_ref()) {
        let queue = desk
            .queue(info.queue)
            .map(|queue| queue.config.name.as_str());
        text = words::desk::headline(info, &one_line(queue.unwrap_or_default()));
    }
    let is_group = listed.is_some_and(|row| row.peer.is_none());
    let right = match (
        &state.world.details,
        listed.and_then(|listed| listed.presence),
    ) {
        (Some(details), _) if is_group => words::member_count(details.members.len()),
        (_, Some(presence)) => presence.as_str().to_owned(),
        _ => String::new(),
    };
    two_sided(state, buffer, area, &text, &right, style);
}

/// The line below the timeline: notes, the connection, who is typing; at the right what the keys
/// apply to.
pub(super) fn bar(state: &State, buffer: &mut Buffer, area: Rect) {
    let theme = state.settings.theme;
    let mut style = theme.style(Role::Bar);
    paint::fill(buffer, area, style);
    let offer = state
        .world
        .desk
        .as_ref()
        .and_then(|desk| offer(state, desk));
    let left = if let Some(note) = &state.note {
        if note.role == Role::Error {
            style = style.patch(theme.style(Role::Error));
        }
        note.text.clone()
    } else if let Some(link) = words::link(&state.world.link, state.now) {
        link
    } else {
        let window = state.window();
        let typing = window.map_or(&[][..], |window| window.typing.as_slice());
        let names: Vec<String> = typing.iter().map(|&user| state.world.name(user)).collect();
        match names.is_empty() {
            _ if offer.is_some() => String::new(),
            true if state.world.is_second => words::SECOND.to_owned(),
            true => String::new(),
            false => one_line(&words::typing(&names)),
        }
    };
    let ambiguous = state.settings.ambiguous;
    let mut hints = hints(state);
    // How to answer an offer is as important as the offer.
    let kept = match offered(state) {
        true => hints.get(..2).unwrap_or_default().join(BETWEEN),
        false => String::new(),
    };
    let kept = ambiguous.text(&kept) + 5;
    let most = usize::from(area.width).saturating_sub(kept).max(10);
    let fits = |text: &str| ambiguous.text(text) <= most;
    let left = match offer {
        Some([long, _]) if left.is_empty() && fits(&long) => long,
        Some([_, short]) if left.is_empty() => ambiguous.shortened(&short, most).into_owned(),
        _ => left,
    };
    let room = usize::from(area.width).saturating_sub(ambiguous.text(&left) + 4);
    // The last ones are the least important.
    while ambiguous.text(&hints.join(BETWEEN)) > room && hints.pop().is_some() {}
    two_sided(state, buffer, area, &left, &hints.join(BETWEEN), style);
}

/// The offer that ends first, in a line.
fn offer(state: &State, desk: &DeskView) -> Option<[String; 2]> {
    let offer = desk.offers.first()?;
    let queue = desk
        .queue(offer.info.queue)
        .map(|queue| queue.config.name.as_str());
    let queue = one_line(queue.unwrap_or_default());
    Some(words::desk::offer(
        offer,
        &queue,
        left(desk, offer, state.now),
    ))
}

/// Whether the keys that answer an offer are shown.
fn offered(state: &State) -> bool {
    let has_offer = state
        .world
        .desk
        .as_ref()
        .is_some_and(|desk| !desk.offers.is_empty());
    has_offer && state.overlay.is_none() && state.mode == Mode::Write
}

/// Stands between two hints.
const BETWEEN: &str = "  ";

fn hints(state: &State) -> Vec<String> {
    if let Some(completion) = &state.completion {
        let (at, count) = (completion.selected + 1, completion.choices.len());
        return vec![format!("{at}/{count}")];
    }
    let key = |action| {
        let key = state.settings.bindings.key_of(action);
        key.map_or_else(String::new, |key| key.to_string())
    };
    let desk_key = |action| key(Action::Desk(action));
    let offers = match offered(state) {
        true => {
            let accept = desk_key(DeskAction::AcceptFirst);
            let refuse = desk_key(DeskAction::RefuseFirst);
            words::desk::offer_hints(&accept, &refuse).to_vec()
        }
        false => Vec::new(),
    };
    let all = |hints: &[&str]| hints.iter().map(|&hint| hint.to_owned()).collect();
    match (&state.overlay, state.mode) {
        (Some(Overlay::Picker(_)), _) => all(&words::LIST_HINTS),
        (Some(Overlay::Pane(_)), _) => all(&[words::PANE_HINT]),
        (None, _) if state.desk.is_some() => {
            let desk = state.world.desk.as_ref();
            let is_idle = desk.is_none_or(|desk| inquiries(desk).next().is_none());
            let hints: Vec<String> = match is_idle {
                true => all(&words::desk::IDLE_HINTS),
                false => all(&words::desk::HINTS),
            };
            offers.into_iter().chain(hints).collect()
        }
        (None, Mode::Select(_)) => match state.selected().map(|row| &row.what) {
            Some(What::Mine(pending)) => match pending.state {
                SendState::Failed(_) | SendState::Unknown(_) => all(&words::FAILED_HINTS),
                _ => all(&words::QUEUED_HINTS),
            },
            _ => all(&words::SELECT_HINTS),
        },
        (None, Mode::Vim) => all(&[words::VIM_HINT]),
        (None, Mode::Write) => {
            let elsewhere = state
                .world
                .list
                .iter()
                .filter(|listed| listed.is_calling() && Some(listed.id) != state.open);
            let below = match (state.scroll, state.world.is_at_end()) {
                (Scroll::End, true) => String::new(),
                _ => words::below(&key(Action::End)),
            };
            let unread = match elsewhere.count() {
                0 => String::new(),
                count => words::elsewhere(count, &key(Action::NextActive)),
            };
            let select = match state.editor.is_empty() && below.is_empty() {
                true => words::select(&key(Action::Up)),
                false => String::new(),
            };
            let keys = words::hint(&key(Action::Switcher), &key(Action::Help));
            let [switcher, help] = keys;
            let desk = match state.world.desk {
                Some(_) => words::desk::hint(&desk_key(DeskAction::Show)),
                None => String::new(),
            };
            let hints = [below, unread, select, desk, switcher, help];
            offers
                .into_iter()
                .chain(hints)
                .filter(|text| !text.is_empty())
                .collect()
        }
    }
}

fn inset(area: Rect) -> Rect {
    Rect {
        x: area.x + 1.min(area.width),
        width: area.width.saturating_sub(1),
        ..area
    }
}

/// Writes a text at the left, and another at the right if both fit.
fn two_sided(
    state: &State,
    buffer: &mut Buffer,
    area: Rect,
    left: &str,
    right: &str,
    style: ratatui::style::Style,
) {
    let ambiguous = state.settings.ambiguous;
    let area = inset(area);
    let width = usize::from(area.width);
    let taken = ambiguous.text(right);
    // The right side gives way.
    let needed = ambiguous.text(left);
    let shown = if needed + taken + 3 <= width {
        right
    } else {
        ""
    };
    let taken = ambiguous.text(shown);
    let room = width.saturating_sub(if taken == 0 { 1 } else { taken + 3 });
    paint::text(
        buffer,
        area,
        &ambiguous.shortened(left, room),
        style,
        ambiguous,
    );
    let columns = u16::try_from(taken).unwrap_or(0);
    let end = Rect {
        x: (area.x + area.width).saturating_sub(columns + 1),
        width: columns.min(area.width),
        ..area
    };
    paint::text(buffer, end, shown, style, ambiguous);
}
