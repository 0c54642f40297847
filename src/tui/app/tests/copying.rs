//! Selecting several messages, and the mouse.

use super::{conversation, runs, selected, session};
use crate::tui::app::model::geometry::Geometry;
use crate::tui::app::model::state::Mode;
use crate::tui::app::msg::{Effect, Msg};
use crate::tui::app::testing::{TEAM, entry, open, press, row, said, text, type_text};
use crate::tui::app::update::update;
use cairn_proto::content::extras::{Extra, Extras, Reaction};
use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::text::EmojiName;
use cairn_session::Command;

#[test]
fn several_messages_are_copied_with_times_and_names() {
    let mut state = conversation();
    press(&mut state, "up");
    press(&mut state, "shift+up");
    press(&mut state, "K");
    assert_eq!((selected(&state), state.selected_rows()), (Some(1), 0..3));
    press(&mut state, "shift+down");
    assert_eq!(
        press(&mut state, "y"),
        [Effect::Copy("hello\nlunch?".to_owned())]
    );
    assert_eq!(state.mode, Mode::Write);

    press(&mut state, "up");
    press(&mut state, "shift+up");
    let text = "2026-11-26 14:02 ada: hello\n2026-11-26 14:03 bob: lunch?";
    assert_eq!(press(&mut state, "c"), [Effect::Copy(text.to_owned())]);

    press(&mut state, "up");
    press(&mut state, "shift+up");
    press(&mut state, "up");
    assert_eq!(state.selected_rows(), 0..1, "a step ends the range");
}

#[test]
fn the_terminal_gets_the_mouse_by_a_key() {
    let mut state = conversation();
    assert!(Geometry::of(&state).list.is_some());
    assert_eq!(press(&mut state, "alt+y"), [Effect::Mouse(false)]);
    assert_eq!(Geometry::of(&state).list, None);
    type_text(&mut state, "typing goes on");
    assert_eq!(press(&mut state, "alt+y"), [Effect::Mouse(true)]);
    assert!(Geometry::of(&state).list.is_some());
}

#[test]
fn clicks_hit_what_they_point_at() {
    let reactions = Reaction {
        emoji: EmojiName::new("tada").unwrap(),
        users: vec![UserId::new(2)],
    };
    let extras = Extras::new(vec![Extra::Reactions(vec![reactions])]).unwrap();
    let liked = row(2, entry(2, 2, text("done"), &extras));
    let mut state = open(80, 24, vec![said(1, 2, "hi"), liked]);
    let left = Geometry::of(&state).timeline.x;
    // At the bottom: the name, the text, the reaction.
    let click = |state: &mut _, column, row| update(state, Msg::Click { column, row });
    assert_eq!(click(&mut state, left + 8, 20), []);
    assert_eq!(selected(&state), Some(2));
    assert_eq!(click(&mut state, left + 8, 18), []);
    assert_eq!(selected(&state), Some(1));
    assert_eq!(click(&mut state, left + 8, 2), [], "nothing is there");
    let effects = click(&mut state, left + 8, 21);
    assert_eq!(runs(&effects), ["react #id:5 2 tada"]);
    assert_eq!(state.recent, ["tada"]);
    press(&mut state, "up");
    press(&mut state, "plus");
    let effects = press(&mut state, "enter");
    assert_eq!(
        runs(&effects),
        ["react #id:5 2 tada"],
        "emoji used lately come first"
    );
}

#[test]
fn unread_begins_at_the_selected_message() {
    let mut state = conversation();
    press(&mut state, "up");
    press(&mut state, "up");
    let marked = |from| {
        session(Command::MarkUnread {
            conversation: TEAM,
            from: MsgId::new(from),
        })
    };
    assert_eq!(press(&mut state, "alt+m"), [marked(2)]);
    assert_eq!(press(&mut state, "alt+m"), [marked(99)], "the last one");
}
