//! The support desk: offers, keys, cards.

use std::sync::Arc;

use cairn_proto::model::desk::{Canned, Duty};
use cairn_proto::text::{DeskText, Tag};
use cairn_session::{Command, DeskView, Place};

use super::{conversation, runs, session};
use crate::tui::app::model::card::{Fetch, Fetched};
use crate::tui::app::model::overlay::Overlay;
use crate::tui::app::model::picker::Picker;
use crate::tui::app::model::state::State;
use crate::tui::app::msg::{Effect, Msg};
use crate::tui::app::testing::desk::{ENGLISH, HELD, OFFERED, WAITING, agent, desk, with_desk};
use crate::tui::app::testing::{TEAM, press, type_text};
use crate::tui::app::update::update;
use crate::tui::keys::action::Context;

fn at_desk() -> State {
    let mut state = with_desk(conversation(), &ENGLISH);
    let shown = press(&mut state, "f2");
    assert_eq!(shown, [session(Command::Desk(true))]);
    state
}

fn show(state: &mut State, change: impl FnOnce(&mut DeskView)) {
    let mut world = state.world.clone();
    change(Arc::make_mut(world.desk.as_mut().unwrap()));
    update(state, Msg::World(Box::new(world)));
}

fn picker(state: &State) -> &Picker {
    match &state.overlay {
        Some(Overlay::Picker(picker)) => picker,
        other => panic!("{other:?}"),
    }
}

fn note(state: &State) -> &str {
    state.note.as_ref().map_or("", |note| &note.text)
}

/// The command that the effects run succeeds.
fn succeeds(state: &mut State, effects: &[Effect]) -> Vec<Effect> {
    ends(state, effects, false)
}

fn ends(state: &mut State, effects: &[Effect], is_failed: bool) -> Vec<Effect> {
    let run = effects.iter().find_map(|effect| match effect {
        Effect::Run { run, .. } => Some(*run),
        _ => None,
    });
    update(
        state,
        Msg::Output {
            run: run.unwrap(),
            text: "error: taken".to_owned(),
            is_failed,
        },
    )
}

fn opened(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| match effect {
        Effect::Session(command) => matches!(**command, Command::Open { .. }),
        _ => false,
    })
}

#[test]
fn who_is_no_agent_has_no_desk() {
    let mut state = conversation();
    for key in ["f2", "f3", "f4"] {
        assert_eq!(press(&mut state, key), []);
        assert_eq!(state.context(), Context::Composer);
        assert_eq!(note(&state), "You are no agent of the support desk");
    }
    press(&mut state, "f1");
    let Some(Overlay::Pane(help)) = &state.overlay else {
        panic!("no help");
    };
    assert!(!help.text.contains("support desk"), "{}", help.text);
    let mut state = at_desk();
    press(&mut state, "f1");
    let Some(Overlay::Pane(help)) = &state.overlay else {
        panic!("no help");
    };
    assert!(help.text.contains("The support desk"), "{}", help.text);
}

#[test]
fn offers_are_accepted_and_refused_from_everywhere() {
    let mut state = with_desk(conversation(), &ENGLISH);
    type_text(&mut state, "meanwhile");
    let accepted = press(&mut state, "f3");
    assert_eq!(runs(&accepted), ["desk accept 40"]);
    assert_eq!(state.open, Some(TEAM), "not before the server has agreed");
    let open = succeeds(&mut state, &accepted);
    assert!(opened(&open));
    assert_eq!(state.open, Some(OFFERED));

    let mut state = with_desk(conversation(), &ENGLISH);
    let refused = press(&mut state, "f4");
    assert_eq!(runs(&refused), ["desk refuse 40"]);
    succeeds(&mut state, &refused);
    assert_eq!(note(&state), "Refused; it goes to the next agent");

    show(&mut state, |desk| desk.offers.clear());
    assert_eq!(press(&mut state, "f3"), []);
    assert_eq!(note(&state), "Nothing is offered to you");
}

#[test]
fn an_offer_that_is_gone_opens_nothing() {
    let mut state = at_desk();
    let accepted = press(&mut state, "a");
    let after = ends(&mut state, &accepted, true);
    assert!(!opened(&after));
    assert_eq!((state.open, note(&state)), (Some(TEAM), "taken"));
}

#[test]
fn the_time_of_an_offer_runs_down_by_seconds() {
    let mut state = with_desk(conversation(), &ENGLISH);
    let left = |state: &State| {
        let desk = state.world.desk.as_ref().unwrap();
        crate::tui::app::model::desk::left(desk, &desk.offers[0], state.now)
    };
    assert_eq!(left(&state), 26_700);
    for expected in [26_000, 25_000, 24_000] {
        let due = state.wake_at().unwrap();
        update(&mut state, Msg::Time(due));
        assert_eq!(left(&state), expected);
    }
    // The clock of the server is ahead: never more than the queue gives.
    show(&mut state, |view| {
        view.offers = desk(&ENGLISH).offers;
        let mut offer = (*view.offers[0]).clone();
        let until = cairn_proto::ids::Timestamp::new(u64::MAX);
        offer.info.state = cairn_proto::model::desk::InquiryState::Offered {
            agent: crate::tui::app::testing::ME,
            until,
        };
        view.offers = vec![Arc::new(offer)];
    });
    assert_eq!(left(&state), 30_000);
    show(&mut state, |desk| desk.offers.clear());
    assert_eq!(state.wake_at(), None, "an idle desk wakes nothing");
}

#[test]
fn duty_is_switched_by_key() {
    let mut state = at_desk();
    for (key, line) in [("1", "desk on"), ("2", "desk break"), ("3", "desk off")] {
        assert_eq!(runs(&press(&mut state, key)), [line]);
    }
    assert_eq!(Duty::Break.as_str(), "break");
}

#[test]
fn the_selection_follows_the_inquiry() {
    let mut state = at_desk();
    press(&mut state, "down");
    press(&mut state, "j");
    assert_eq!(runs(&press(&mut state, "t")), ["desk take 42"]);
    // Another one before it: the same is selected.
    show(&mut state, |desk| {
        let mut other = desk.waiting[0].clone();
        other.conversation = cairn_proto::ids::ConversationId::new(39);
        desk.waiting.insert(0, other);
    });
    assert_eq!(runs(&press(&mut state, "t")), ["desk take 42"]);
    // It is gone: what is in its place is selected.
    show(&mut state, |desk| {
        desk.waiting.clear();
    });
    assert_eq!(runs(&press(&mut state, "w")), ["desk explain 41"]);
    press(&mut state, "esc");
    press(&mut state, "k");
    press(&mut state, "up");
    assert_eq!(runs(&press(&mut state, "a")), ["desk accept 40"]);
    show(&mut state, |desk| {
        desk.held.clear();
        desk.offers.clear();
    });
    assert_eq!(press(&mut state, "c"), []);
    assert_eq!(note(&state), "No inquiry is selected");
}

#[test]
fn enter_opens_what_is_held_accepts_an_offer_and_tells_of_what_waits() {
    let mut state = at_desk();
    assert_eq!(runs(&press(&mut state, "enter")), ["desk accept 40"]);
    press(&mut state, "down");
    press(&mut state, "down");
    press(&mut state, "enter");
    assert_eq!(
        picker(&state).items[0].label,
        "Take it",
        "{:?}",
        picker(&state).head
    );
    assert_eq!(runs(&press(&mut state, "enter")), ["desk take 42"]);
    press(&mut state, "up");
    let effects = press(&mut state, "enter");
    let open = session(Command::Open {
        conversation: HELD,
        at: Place::FirstUnread,
    });
    assert!(effects.contains(&open), "{effects:?}");
    assert!(effects.contains(&session(Command::Desk(false))));
    // The desk begins at the open inquiry.
    press(&mut state, "f2");
    assert_eq!(runs(&press(&mut state, "w")), ["desk explain 41"]);
}

#[test]
fn inquiries_are_noted_tagged_and_closed() {
    let mut state = at_desk();
    press(&mut state, "down");
    assert_eq!(press(&mut state, "n"), []);
    type_text(&mut state, "-be kind");
    let effects = press(&mut state, "enter");
    assert_eq!(runs(&effects), ["desk note -- 41 -be kind"]);
    succeeds(&mut state, &effects);
    assert_eq!(note(&state), "Noted; the visitor does not see it");
    assert_eq!(state.context(), Context::Desk, "the desk is shown again");

    press(&mut state, "#");
    assert!(picker(&state).hint.starts_with("[refund] "));
    type_text(&mut state, "late delivery,-refund");
    let effects = press(&mut state, "enter");
    let Some(Effect::Run { words, .. }) = effects.first() else {
        panic!("{effects:?}");
    };
    let expected = [
        "desk",
        "tag",
        "--remove=refund",
        "--",
        "41",
        "late delivery",
    ];
    assert_eq!(words, &expected);

    press(&mut state, "c");
    let effects = press(&mut state, "enter");
    assert_eq!(runs(&effects), ["desk close 41"]);
    press(&mut state, "c");
    type_text(&mut state, "refund");
    let effects = press(&mut state, "enter");
    assert_eq!(runs(&effects), ["desk close 41 --tag=refund"]);
    press(&mut state, "c");
    assert_eq!(press(&mut state, "esc"), [], "nothing is closed");
}

#[test]
fn inquiries_are_passed_on() {
    let mut state = at_desk();
    press(&mut state, "down");
    let effects = press(&mut state, "p");
    let queue = desk(&ENGLISH).held[0].queue;
    assert_eq!(effects, [Effect::Fetch(Fetch::Agents(HELD, queue))]);
    let agents = vec![
        agent(3, "carol", Duty::Off),
        agent(1, "ada", Duty::On),
        agent(2, "bob", Duty::On),
    ];
    let fetched = Fetched::Agents(HELD, Ok(agents));
    update(&mut state, Msg::Fetched(Box::new(fetched)));
    let shown = picker(&state).items.iter();
    let shown: Vec<(&str, &str)> = shown
        .map(|item| (item.label.as_str(), item.detail.as_str()))
        .collect();
    let pre_sale = "2 waiting, 1 answered, 1 of 2 agents ready";
    let expected = [
        ("@bob", "0 of 3"),
        ("@carol", "off duty"),
        ("pre-sale", pre_sale),
    ];
    assert_eq!(shown, expected);
    type_text(&mut state, "pre");
    let effects = press(&mut state, "enter");
    assert_eq!(runs(&effects), ["desk transfer 41 pre-sale"]);
    succeeds(&mut state, &effects);
    assert_eq!(note(&state), "Passed on");
}

#[test]
fn canned_replies_are_written_into_the_composer() {
    let mut state = at_desk();
    press(&mut state, "down");
    let effects = press(&mut state, "r");
    assert_eq!(effects, [Effect::Fetch(Fetch::Canned(HELD))]);
    let canned = Canned {
        name: Tag::new("hello").unwrap(),
        text: DeskText::new("Hello, how can I help?").unwrap(),
    };
    let fetched = Fetched::Canned(HELD, Ok(vec![canned]));
    update(&mut state, Msg::Fetched(Box::new(fetched)));
    let effects = press(&mut state, "enter");
    assert!(opened(&effects));
    // The draft of the inquiry is read when its window is there, and the reply follows it.
    assert_eq!(state.early, "Hello, how can I help?");
    assert_eq!(state.context(), Context::Composer);
}

#[test]
fn the_card_of_an_open_inquiry_takes_the_place_of_its_members() {
    let mut state = at_desk();
    press(&mut state, "down");
    press(&mut state, "i");
    let head = picker(&state).head.join("\n");
    for expected in [
        "Robin Hood",
        "Inquiry 41 in after-sale",
        "held by ada",
        "[refund]",
    ] {
        assert!(head.contains(expected), "{head}");
    }
    assert!(
        head.contains("orders: 12\nplan: free (not signed)"),
        "{head}"
    );
    press(&mut state, "esc");
    press(&mut state, "enter");
    assert_eq!(state.open, Some(HELD));
    press(&mut state, "alt+i");
    let labels = picker(&state).items.iter().map(|item| item.label.as_str());
    assert!(labels.clone().any(|label| label == "Close the inquiry"));
    let close = labels
        .clone()
        .position(|label| label == "Close the inquiry");
    (0..close.unwrap()).for_each(|_| {
        press(&mut state, "down");
    });
    press(&mut state, "enter");
    assert_eq!(runs(&press(&mut state, "enter")), ["desk close 41"]);
}

#[test]
fn keys_of_a_message_and_of_the_composer_are_not_those_of_the_desk() {
    let mut state = with_desk(conversation(), &ENGLISH);
    type_text(&mut state, "1c");
    assert_eq!(state.editor.text(), "1c");
    let mut state = at_desk();
    type_text(&mut state, "zzz");
    assert!(state.editor.is_empty(), "nothing is typed at the desk");
    press(&mut state, "ctrl+c");
    assert_eq!(state.context(), Context::Composer, "it closes");
    let mut state = at_desk();
    press(&mut state, "q");
    assert_eq!(state.context(), Context::Composer);
    assert_eq!(WAITING.get(), 42);
}

#[test]
fn a_desk_that_ends_is_closed() {
    let mut state = at_desk();
    let mut world = state.world.clone();
    world.desk = None;
    update(&mut state, Msg::World(Box::new(world)));
    assert_eq!(state.context(), Context::Composer);
}
