//! Transitions: keys and what they do.

mod cards;
mod copying;
mod desk;
mod uploads;

use cairn_proto::ids::{ConversationId, MsgId};
use cairn_session::{Aim, Command, Draft, Place, RowKey, What};

use super::model::overlay::Overlay;
use super::model::scrolling::Scroll;
use super::model::state::{Mode, State};
use super::msg::{Effect, Msg};
use super::testing::{
    ME, TEAM, group, minutes, open, press, said, state, type_text, window, world,
};
use super::update::{session, update};

fn conversation() -> State {
    open(
        80,
        24,
        vec![said(1, 2, "hi"), said(2, 1, "hello"), said(3, 2, "lunch?")],
    )
}

fn selected(state: &State) -> Option<u64> {
    match state.mode {
        Mode::Select(RowKey::Entry(msgid)) => Some(msgid.get()),
        _ => None,
    }
}

fn runs(effects: &[Effect]) -> Vec<String> {
    let words = effects.iter().filter_map(|effect| match effect {
        Effect::Run { words, .. } => Some(words.join(" ")),
        _ => None,
    });
    words.collect()
}

#[test]
fn enter_sends_the_draft_whole() {
    let mut state = conversation();
    type_text(&mut state, "one\n你好");
    let effects = press(&mut state, "enter");
    let draft = Draft {
        conversation: TEAM,
        words: "one\n你好".to_owned(),
        aim: Aim::New,
        files: Vec::new(),
    };
    assert_eq!(effects, [session(Command::Send(draft))]);
    assert!(state.editor.is_empty());
    assert_eq!(press(&mut state, "enter"), []);
}

#[test]
fn drafts_are_kept_after_a_pause_and_when_leaving() {
    let mut state = conversation();
    type_text(&mut state, "later");
    let due = state.wake_at().unwrap();
    let kept = |effects: &[Effect]| {
        effects.iter().any(|effect| match effect {
            Effect::Session(command) => {
                matches!(&**command, Command::Draft(draft) if draft.words == "later")
            }
            _ => false,
        })
    };
    assert!(kept(&update(&mut state, Msg::Time(due))));
    assert_eq!(update(&mut state, Msg::Time(due)), []);
    type_text(&mut state, "x");
    press(&mut state, "backspace");
    let effects = press(&mut state, "alt+down");
    assert!(kept(&effects), "{effects:?}");
    assert!(state.editor.is_empty());
}

#[test]
fn up_selects_messages_and_down_returns() {
    let mut state = conversation();
    press(&mut state, "up");
    assert_eq!(selected(&state), Some(3));
    press(&mut state, "up");
    assert_eq!(selected(&state), Some(2));
    press(&mut state, "down");
    press(&mut state, "down");
    assert_eq!(state.mode, Mode::Write);
    type_text(&mut state, "x");
    press(&mut state, "up");
    assert_eq!(state.mode, Mode::Write);
}

#[test]
fn replies_and_edits_are_part_of_the_draft() {
    let mut state = conversation();
    press(&mut state, "up");
    press(&mut state, "r");
    type_text(&mut state, "yes");
    let effects = press(&mut state, "enter");
    let Some(Effect::Session(command)) = effects.first() else {
        panic!("{effects:?}");
    };
    assert!(matches!(&**command, Command::Send(draft) if draft.aim == Aim::Reply(MsgId::new(3))));

    press(&mut state, "up");
    press(&mut state, "e");
    assert!(state.note.is_some(), "messages of others are not edited");
    press(&mut state, "up");
    press(&mut state, "e");
    assert_eq!(
        (state.editor.text(), state.aim),
        ("hello", Aim::Edit(MsgId::new(2)))
    );
    press(&mut state, "esc");
    assert_eq!((state.editor.text(), state.aim), ("", Aim::New));
}

#[test]
fn a_visited_message_is_selected_when_it_is_shown() {
    use cairn_session::{Anchor, AnchorTo};
    let mut state = open(80, 12, (60..=90).map(|n| said(n, 2, "hi")).collect());
    press(&mut state, "alt+g");
    type_text(&mut state, "20");
    press(&mut state, "enter");
    assert_eq!(state.mode, Mode::Write);
    let key = RowKey::Entry(MsgId::new(20));
    let mut next = window((1..=90).map(|n| said(n, 2, "hi")).collect());
    next.anchor = Anchor {
        number: 1,
        to: AnchorTo::Row(key),
    };
    next.anchor_row = Some(key);
    let next = world(["a", "b", "c", "d"], vec![group(5, "team")], next);
    update(&mut state, Msg::World(Box::new(next)));
    assert_eq!(selected(&state), Some(20));
    press(&mut state, "ctrl+o");
    assert_eq!(state.mode, Mode::Write);
}

#[test]
fn notes_end_with_a_later_key() {
    let mut state = conversation();
    press(&mut state, "up");
    press(&mut state, "e");
    assert!(state.note.is_some());
    press(&mut state, "esc");
    assert!(state.note.is_some(), "not before it could be read");
    update(&mut state, Msg::Time(minutes(61)));
    press(&mut state, "up");
    press(&mut state, "e");
    let shown = state.note.clone().unwrap().until;
    let soon = cairn_proto::ids::Timestamp::new(shown.get() - 4_000);
    update(&mut state, Msg::Time(soon));
    press(&mut state, "esc");
    assert_eq!(state.note, None);
}

#[test]
fn captions_are_edited_and_removed() {
    let mut picture = super::testing::media(160, 90, bytes::Bytes::new());
    picture.file.caption = cairn_proto::text::Caption::new("the habour").unwrap();
    let body = cairn_proto::content::body::Body::from(picture);
    let extras = cairn_proto::content::extras::Extras::NONE;
    let sent = super::testing::row(2, super::testing::entry(1, 2, body, &extras));
    let mut state = open(80, 24, vec![sent]);
    let words = |effects: &[Effect]| match effects {
        [Effect::Session(command)] => match &**command {
            Command::Send(draft) if draft.aim == Aim::Edit(MsgId::new(2)) => {
                Some(draft.words.clone())
            }
            _ => None,
        },
        _ => None,
    };
    for (key, edited) in [("backspace", "the habou"), ("ctrl+u", "")] {
        press(&mut state, "up");
        press(&mut state, "e");
        assert_eq!(state.editor.text(), "the habour");
        press(&mut state, key);
        let effects = press(&mut state, "enter");
        assert_eq!(words(&effects).as_deref(), Some(edited), "{effects:?}");
    }
}

#[test]
fn messages_are_copied_pinned_and_deleted() {
    let mut state = conversation();
    press(&mut state, "up");
    assert_eq!(press(&mut state, "y"), [Effect::Copy("lunch?".to_owned())]);
    press(&mut state, "up");
    let effects = press(&mut state, "Y");
    assert_eq!(
        effects,
        [Effect::Copy("cairn://chat.example:7766/#5/3".to_owned())]
    );
    press(&mut state, "up");
    assert_eq!(runs(&press(&mut state, "p")), ["pin #id:5 3"]);
    press(&mut state, "d");
    type_text(&mut state, "n");
    assert_eq!(press(&mut state, "enter"), []);
    press(&mut state, "d");
    type_text(&mut state, "y");
    assert_eq!(runs(&press(&mut state, "enter")), ["recall #id:5 3"]);
}

#[test]
fn reactions_are_chosen_by_name() {
    let mut state = conversation();
    press(&mut state, "up");
    press(&mut state, "plus");
    type_text(&mut state, "tad");
    assert_eq!(runs(&press(&mut state, "enter")), ["react #id:5 3 tada"]);
}

#[test]
fn unread_conversations_are_visited_by_key() {
    let mut state = conversation();
    let mut list: Vec<_> = (5..9).map(|id| group(id, "g")).collect();
    list[1].unread.messages = 2;
    list[2].unread.messages = 1;
    list[2].level = cairn_proto::model::notification::NotificationLevel::Nothing;
    list[3].unread.messages = 1;
    list[3].unread.mentions = 1;
    let next = world(["a", "b", "c", "d"], list, window(vec![said(1, 2, "hi")]));
    update(&mut state, Msg::World(Box::new(next)));
    let opened = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Session(command) => match &**command {
                Command::Open { conversation, at } => Some((conversation.get(), *at)),
                _ => None,
            },
            _ => None,
        })
    };
    let mentions = opened(&press(&mut state, "alt+a"));
    assert_eq!(
        mentions,
        Some((8, Place::FirstUnread)),
        "mentions come first"
    );
    assert_eq!(
        opened(&press(&mut state, "alt+shift+down")),
        Some((6, Place::FirstUnread))
    );
    let muted = opened(&press(&mut state, "alt+shift+down"));
    assert_eq!(
        muted,
        Some((8, Place::FirstUnread)),
        "muted ones are passed over"
    );
    assert_eq!(
        opened(&press(&mut state, "alt+up")),
        Some((7, Place::FirstUnread))
    );
}

#[test]
fn places_are_numbers_days_and_links() {
    let jump = |typed: &str| {
        let mut state = conversation();
        press(&mut state, "alt+g");
        update(&mut state, Msg::Paste(typed.to_owned()));
        press(&mut state, "enter")
    };
    let to = |to| {
        [session(Command::Jump {
            conversation: TEAM,
            to,
        })]
    };
    assert_eq!(jump("17"), to(Place::At(MsgId::new(17))));
    assert_eq!(
        jump("cairn://chat.example:7766/#5/17"),
        to(Place::At(MsgId::new(17)))
    );
    let there = jump("cairn://chat.example:7766/#6/17");
    let open = session(Command::Open {
        conversation: ConversationId::new(6),
        at: Place::At(MsgId::new(17)),
    });
    assert!(there.contains(&open), "{there:?}");
    assert_eq!(jump("nowhere"), []);
}

#[test]
fn commands_run_in_a_pane() {
    let mut state = conversation();
    type_text(&mut state, "/group add . bob");
    assert_eq!(runs(&press(&mut state, "enter")), ["group add #id:5 bob"]);
    let output = |run, text: &str, is_failed| Msg::Output {
        run,
        text: text.to_owned(),
        is_failed,
    };
    update(&mut state, output(1, "added 1\n", false));
    assert!(state.overlay.is_none(), "one line is a note");
    assert_eq!(state.note.as_ref().unwrap().text, "added 1");
    for (text, is_failed) in [("one\ntwo", false), ("error: no", true)] {
        type_text(&mut state, "/list");
        press(&mut state, "enter");
        let run = state.last_run;
        update(&mut state, output(run, text, is_failed));
        assert!(matches!(&state.overlay, Some(Overlay::Pane(pane)) if pane.text == text));
        press(&mut state, "esc");
        assert!(state.overlay.is_none());
    }
    type_text(&mut state, "/me keywords deploy");
    press(&mut state, "enter");
    let run = state.last_run;
    assert_eq!(
        update(&mut state, output(run, "deploy", false)),
        [session(Command::Keywords)],
        "the session requests them again"
    );
    type_text(&mut state, "/serve");
    assert_eq!(press(&mut state, "enter"), []);
    assert!(state.note.is_some() && !state.editor.is_empty());
}

#[test]
fn the_place_stays_when_messages_come() {
    let many = |last: u64| (1..=last).map(|n| said(n, 2, "hi")).collect::<Vec<_>>();
    let mut state = open(80, 12, many(40));
    press(&mut state, "pageup");
    let before = state.scroll;
    let list = vec![group(5, "team")];
    let next = world(["a", "b", "c", "d"], list, window(many(60)));
    update(&mut state, Msg::World(Box::new(next)));
    assert_eq!(state.scroll, before);
    assert!(matches!(before, Scroll::At { .. }));
    for _ in 0..12 {
        press(&mut state, "pagedown");
    }
    assert_eq!(state.scroll, Scroll::End);
}

#[test]
fn jumps_wait_for_their_row() {
    use cairn_session::{Anchor, AnchorTo};
    let many = |first: u64| (first..=90).map(|n| said(n, 2, "hi")).collect::<Vec<_>>();
    let mut state = open(80, 12, many(60));
    assert!(state.seen().is_some());
    let key = RowKey::Entry(MsgId::new(20));
    let show = |state: &mut State, first, anchor_row| {
        let mut next = window(many(first));
        next.anchor = Anchor {
            number: 1,
            to: AnchorTo::Row(key),
        };
        next.anchor_row = anchor_row;
        let next = world(["a", "b", "c", "d"], vec![group(5, "team")], next);
        update(state, Msg::World(Box::new(next)));
    };
    show(&mut state, 60, None);
    assert_eq!(state.seen(), None, "nothing counts as read meanwhile");
    show(&mut state, 1, Some(key));
    let (_, first, last) = state.seen().unwrap();
    assert!(first < key && key < last, "{first:?} {last:?}");
}

#[test]
fn jumps_to_the_end_wait_for_it() {
    use cairn_session::{Anchor, AnchorTo};
    let mut state = open(80, 12, (1..=40).map(|n| said(n, 2, "hi")).collect());
    let show = |state: &mut State, last: u64, is_at_end| {
        let mut next = window((1..=last).map(|n| said(n, 2, "hi")).collect());
        next.is_at_end = is_at_end;
        next.anchor = Anchor {
            number: 1,
            to: AnchorTo::End,
        };
        let next = world(["a", "b", "c", "d"], vec![group(5, "team")], next);
        update(state, Msg::World(Box::new(next)));
    };
    press(&mut state, "pageup");
    show(&mut state, 40, false);
    show(&mut state, 60, false);
    assert_eq!(state.seen(), None, "this is not the end");
    show(&mut state, 90, true);
    assert_eq!(state.scroll, Scroll::End);
    let last = RowKey::Entry(MsgId::new(90));
    assert_eq!(state.seen().map(|(_, _, last)| last), Some(last));
    show(&mut state, 90, false);
    assert!(
        matches!(state.scroll, Scroll::At { .. }),
        "the place stays when messages are missing"
    );
}

#[test]
fn selected_messages_stay_selected_when_they_are_stored() {
    use cairn_session::{LocalId, Outgoing, Pending, Row, SendState};
    let mine = Row {
        key: RowKey::Mine(LocalId::new(4)),
        what: What::Mine(Pending {
            id: LocalId::new(4),
            conversation: TEAM,
            written_at: minutes(1),
            what: Outgoing::Message {
                body: super::testing::text("hi"),
                extras: cairn_proto::content::extras::Extras::NONE,
            },
            state: SendState::Queued,
        }),
    };
    let mut state = open(80, 24, vec![mine.clone()]);
    press(&mut state, "up");
    assert_eq!(state.mode, Mode::Select(mine.key));
    assert_eq!(
        press(&mut state, "x"),
        [session(Command::Withdraw(LocalId::new(4)))]
    );
    press(&mut state, "up");
    let mut stored = window(vec![said(9, 1, "hi")]);
    stored.moved = vec![(mine.key, RowKey::Entry(MsgId::new(9)))];
    let next = world(["a", "b", "c", "d"], vec![group(5, "team")], stored);
    update(&mut state, Msg::World(Box::new(next)));
    assert_eq!(selected(&state), Some(9));
}

#[test]
fn quitting_takes_one_key_or_two_interrupts() {
    let mut state = conversation();
    assert_eq!(press(&mut state, "ctrl+q"), [Effect::Quit]);
    assert_eq!(press(&mut state, "ctrl+c"), []);
    assert_eq!(press(&mut state, "ctrl+c"), [Effect::Quit]);
}

#[test]
fn names_emoji_and_commands_are_completed() {
    let mut state = conversation();
    for (typed, completed) in [
        ("hi @bo", "hi @bob "),
        ("你好@bo", "你好@bob "),
        (":tad", ":tada: "),
        (":hea", ":heart: "),
        ("see #bui", "see #builds "),
        ("/recei", "/receipts "),
        ("/group hand", "/group hand-over "),
        ("/react #team 1 tada --rem", "/react #team 1 tada --remove "),
    ] {
        state.editor.take();
        type_text(&mut state, typed);
        press(&mut state, "tab");
        assert_eq!(state.editor.text(), completed);
    }
    state.editor.take();
    type_text(&mut state, "/send /tmp/a");
    assert_eq!(
        press(&mut state, "tab"),
        [Effect::Paths("/tmp/a".to_owned())]
    );
}

#[test]
fn tab_steps_through_choices() {
    let mut state = conversation();
    type_text(&mut state, "/re");
    press(&mut state, "tab");
    let first = state.editor.text().to_owned();
    press(&mut state, "tab");
    assert_ne!(state.editor.text(), first);
    press(&mut state, "backtab");
    assert_eq!(state.editor.text(), first);
}

#[test]
fn without_a_conversation_nothing_is_sent() {
    let mut state = state(80, 24);
    type_text(&mut state, "hi");
    assert_eq!(press(&mut state, "enter"), []);
    assert_eq!(state.editor.text(), "hi");
    assert_eq!(state.settings.me, ME);
}

#[test]
fn attention_is_passed_on() {
    let mut state = conversation();
    let effects = update(&mut state, Msg::Focus(false));
    assert_eq!(effects, [session(Command::Attention(false))]);
}
