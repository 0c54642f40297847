//! Cards: members and settings, a person, receipts, the terms of an unread count.

use std::sync::Arc;

use cairn_client::Receipts;
use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::model::conversation::Explained;
use cairn_proto::model::group::Role;
use cairn_proto::model::notification::NotificationLevel;
use cairn_proto::model::people::{Friendship, Profile, Relation, UserProfile};
use cairn_proto::model::receipts::{Reads, Receipt, ReceiptCounts, ReceiptState};
use cairn_proto::model::user::{ServerRole, UserInfo, UserState};
use cairn_session::Place;

use super::{conversation, runs, session};
use crate::tui::app::model::card::{Fetch, Fetched, Person, Received};
use crate::tui::app::model::overlay::{Found, Overlay};
use crate::tui::app::model::picker::{Picker, Purpose};
use crate::tui::app::model::state::State;
use crate::tui::app::msg::{Effect, Msg};
use crate::tui::app::testing::{TEAM, details, press, type_text};
use crate::tui::app::update::update;

fn picker(state: &State) -> &Picker {
    match &state.overlay {
        Some(Overlay::Picker(picker)) => picker,
        other => panic!("{other:?}"),
    }
}

fn labels(state: &State) -> Vec<&str> {
    picker(state)
        .items
        .iter()
        .map(|item| item.label.as_str())
        .collect()
}

fn with_members() -> State {
    let mut state = conversation();
    let members = [(1, Role::Owner), (2, Role::Member), (3, Role::Admin)];
    state.world.details = Some(Arc::new(details("ship it", &members, &[2])));
    state
}

pub(crate) fn bob() -> Person {
    Person {
        profile: UserProfile {
            user: UserInfo {
                id: UserId::new(2),
                name: "bob".parse().unwrap(),
                role: ServerRole::Member,
                state: UserState::Active,
            },
            profile: Profile {
                display_name: Some("Bob Ross".parse().unwrap()),
                about: Some("happy little trees".parse().unwrap()),
                ..Profile::default()
            },
        },
        relation: Relation {
            friendship: Friendship::Invited,
            ..Relation::default()
        },
        picture: None,
    }
}

#[test]
fn members_are_listed_found_and_shown() {
    let mut state = with_members();
    assert_eq!(press(&mut state, "alt+i"), []);
    assert_eq!(picker(&state).head, ["ship it"]);
    let shown = labels(&state);
    let expected = [
        "Notifies of all messages",
        "Notify of nothing for 8 hours",
        "Not a favourite",
        "Pinned: hello",
        "@ada",
        "@carol",
        "@bob",
    ];
    assert_eq!(shown, expected);
    type_text(&mut state, "bo");
    assert_eq!(labels(&state), ["@bob"]);
    let effects = press(&mut state, "enter");
    assert_eq!(effects, [Effect::Fetch(Fetch::Person(UserId::new(2)))]);
}

#[test]
fn settings_change_in_the_card() {
    let mut state = with_members();
    press(&mut state, "alt+i");
    let chosen = picker(&state).chosen().unwrap();
    assert_eq!(chosen.label, "@ada", "Enter by itself changes nothing");
    type_text(&mut state, "notifies");
    let effects = press(&mut state, "enter");
    assert_eq!(runs(&effects), ["set #id:5 --notify mentions"]);
    let mut world = state.world.clone();
    let list = Arc::make_mut(&mut world.list);
    Arc::make_mut(&mut list[0]).level = NotificationLevel::Mentions;
    update(&mut state, Msg::World(Box::new(world)));
    assert_eq!(labels(&state)[0], "Notifies of mentions only");
    assert_eq!(
        runs(&press(&mut state, "enter")),
        ["set #id:5 --notify nothing"]
    );
    press(&mut state, "ctrl+u");
    press(&mut state, "down");
    assert_eq!(
        runs(&press(&mut state, "enter")),
        ["set #id:5 --notify nothing --for 8h"]
    );
    press(&mut state, "down");
    assert_eq!(
        runs(&press(&mut state, "enter")),
        ["set #id:5 --favourite on"]
    );
    press(&mut state, "esc");
    assert!(state.overlay.is_none());
}

#[test]
fn people_are_written_to_and_befriended() {
    let mut state = conversation();
    press(&mut state, "up");
    let user = UserId::new(2);
    assert_eq!(press(&mut state, "u"), [Effect::Fetch(Fetch::Person(user))]);
    let answer = |result| Msg::Fetched(Box::new(Fetched::Person(user, result)));
    update(&mut state, answer(Ok(bob())));
    let head = &picker(&state).head;
    assert_eq!(head[..2], ["@bob - Bob Ross", "happy little trees"]);
    assert!(head[2].contains("wants to be your friend"), "{head:?}");
    type_text(&mut state, "accept");
    assert_eq!(runs(&press(&mut state, "enter")), ["friend accept bob"]);

    press(&mut state, "u");
    update(&mut state, answer(Err("offline".to_owned())));
    assert_eq!(picker(&state).hint, "offline");
    update(&mut state, answer(Ok(bob())));
    assert_eq!(press(&mut state, "enter"), [Effect::Meet(user)]);
}

#[test]
fn receipts_name_the_readers_first() {
    let mut state = conversation();
    press(&mut state, "up");
    let msgid = MsgId::new(3);
    let effects = press(&mut state, "i");
    assert_eq!(effects, [Effect::Fetch(Fetch::Receipts(TEAM, msgid))]);
    let receipt = |user, state| Receipt {
        user: UserId::new(user),
        state,
    };
    let received = Received {
        receipts: Receipts {
            who: vec![
                receipt(2, ReceiptState::Sent),
                receipt(3, ReceiptState::Read),
            ],
            counts: ReceiptCounts {
                of: 2,
                delivered: 1,
                read: 1,
            },
            reads: Reads::Shown,
        },
        names: [(UserId::new(2), "bob"), (UserId::new(3), "carol")]
            .map(|(user, name)| (user, name.to_owned()))
            .into(),
    };
    let answer = |msgid| {
        let result = Ok(received.clone());
        Msg::Fetched(Box::new(Fetched::Receipts(msgid, result)))
    };
    update(&mut state, answer(MsgId::new(1)));
    assert!(labels(&state).is_empty(), "an answer for another message");
    update(&mut state, answer(msgid));
    assert_eq!(picker(&state).head, ["Read by 1 and delivered to 1 of 2"]);
    assert_eq!(labels(&state), ["@carol", "@bob"]);
}

#[test]
fn unread_counts_are_explained_and_settled() {
    let mut state = conversation();
    let effects = press(&mut state, "alt+w");
    assert_eq!(effects, [Effect::Fetch(Fetch::Unread(TEAM))]);
    let explained = Explained {
        head: MsgId::new(9),
        floor: MsgId::new(0),
        joined: MsgId::new(1),
        read: MsgId::new(6),
        uncounted: 1,
        unread: 2,
        mentions: 1,
    };
    let fetched = Fetched::Unread(TEAM, Ok(explained));
    update(&mut state, Msg::Fetched(Box::new(fetched)));
    assert_eq!(
        picker(&state).head[0],
        "2 messages are unread, 1 of them mentions you"
    );
    assert_eq!(picker(&state).purpose, Purpose::WhyUnread);
    let effects = press(&mut state, "enter");
    let jump = cairn_session::Command::Jump {
        conversation: TEAM,
        to: Place::FirstUnread,
    };
    assert_eq!(effects, [session(jump)]);
}

#[test]
fn a_query_without_hits_offers_another_word() {
    let mut state = conversation();
    press(&mut state, "ctrl+f");
    type_text(&mut state, "lunhc");
    let effects = press(&mut state, "enter");
    let [Effect::Search { search, .. }] = effects[..] else {
        panic!("{effects:?}");
    };
    let found = Found {
        search,
        items: Vec::new(),
        hint: "Nothing found. Did you mean: lunch".to_owned(),
        instead: Some("lunch".to_owned()),
    };
    update(&mut state, Msg::Found(found));
    let effects = press(&mut state, "enter");
    assert!(
        matches!(&effects[..], [Effect::Search { query, .. }] if query == "lunch"),
        "{effects:?}"
    );
    assert_eq!(picker(&state).editor.text(), "lunch");
    type_text(&mut state, "x");
    assert_eq!(picker(&state).instead, None);
}
