//! Cards, pictures, hits of a search, and who is typing.

use std::sync::Arc;

use cairn_client::Receipts;
use cairn_proto::content::extras::Extras;
use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::model::conversation::Explained;
use cairn_proto::model::group::Role;
use cairn_proto::model::people::{Profile, Relation, UserProfile};
use cairn_proto::model::receipts::{Reads, Receipt, ReceiptCounts, ReceiptState};
use cairn_proto::model::user::{ServerRole, UserInfo, UserState};

use super::{check, english, in_chinese, picture};
use crate::tui::app::model::card::{Fetched, Person, Received};
use crate::tui::app::model::overlay::Found;
use crate::tui::app::model::picker::{Item, Value};
use crate::tui::app::model::state::State;
use crate::tui::app::msg::{Effect, Msg};
use crate::tui::app::testing::{TEAM, details, entry, open, press, row, said, text, type_text};
use crate::tui::app::update::update;
use crate::tui::picture::{Pixels, Thumb};

/// A sky, a sun, a sea.
fn pixels() -> Pixels {
    let rgb = (0..36_i32).flat_map(|y| {
        (0..64_i32).map(move |x| match () {
            () if (x - 48).pow(2) + (y - 9).pow(2) < 30 => [250, 210, 80],
            () if y < 22 => [110, 170, 230],
            () => [20, 70, 140],
        })
    });
    Pixels {
        width: 64,
        height: 36,
        rgb: rgb.collect(),
    }
}

fn with_details(mut state: State, topic: &str) -> State {
    let members = [(1, Role::Owner), (2, Role::Member), (3, Role::Admin)];
    state.world.details = Some(Arc::new(details(topic, &members, &[2])));
    state
}

fn person(name: &str, shown: &str, about: &str) -> Person {
    Person {
        profile: UserProfile {
            user: UserInfo {
                id: UserId::new(2),
                name: name.parse().unwrap(),
                role: ServerRole::Admin,
                state: UserState::Active,
            },
            profile: Profile {
                display_name: Some(shown.parse().unwrap()),
                about: Some(about.parse().unwrap()),
                ..Profile::default()
            },
        },
        relation: Relation {
            follows: true,
            ..Relation::default()
        },
        picture: Some(pixels()),
    }
}

#[test]
fn members_and_settings() {
    check("members", |columns, rows| {
        let mut state = with_details(open(columns, rows, english()), "ship it on Friday");
        press(&mut state, "alt+i");
        state
    });
    check("members-chinese", |columns, rows| {
        let mut state = with_details(in_chinese(columns, rows), "周五发布，别忘了写更新说明");
        press(&mut state, "alt+i");
        press(&mut state, "down");
        state
    });
}

#[test]
fn people() {
    let show = |mut state: State, person| {
        press(&mut state, "up");
        press(&mut state, "u");
        // The last message of the frames is an own one.
        let Some(crate::tui::app::model::overlay::Overlay::Picker(picker)) = &mut state.overlay
        else {
            panic!("no card");
        };
        let user = UserId::new(2);
        picker.purpose = crate::tui::app::model::picker::Purpose::Person(user);
        let fetched = Fetched::Person(user, Ok(person));
        update(&mut state, Msg::Fetched(Box::new(fetched)));
        state
    };
    check("person", |columns, rows| {
        let state = open(columns, rows, english());
        show(state, person("bob", "Bob Ross", "happy little trees"))
    });
    check("person-chinese", |columns, rows| {
        let state = in_chinese(columns, rows);
        show(state, person("小明", "王小明", "产品经理，负责移动端"))
    });
}

#[test]
fn receipts_of_a_message() {
    let show = |mut state: State, names: [&str; 3], msgid| {
        press(&mut state, "up");
        press(&mut state, "i");
        let states = [
            ReceiptState::Delivered,
            ReceiptState::Read,
            ReceiptState::Sent,
        ];
        let users = (2_u32..).map(UserId::new);
        let who = users.clone().zip(states);
        let received = Received {
            receipts: Receipts {
                who: who.map(|(user, state)| Receipt { user, state }).collect(),
                counts: ReceiptCounts {
                    of: 3,
                    delivered: 2,
                    read: 1,
                },
                reads: Reads::Shown,
            },
            names: users.zip(names.map(str::to_owned)).collect(),
        };
        let fetched = Fetched::Receipts(MsgId::new(msgid), Ok(received));
        update(&mut state, Msg::Fetched(Box::new(fetched)));
        state
    };
    check("receipts", |columns, rows| {
        show(open(columns, rows, english()), ["bob", "carol", "dave"], 6)
    });
    check("receipts-chinese", |columns, rows| {
        show(in_chinese(columns, rows), ["小明", "李雷", "韩梅梅"], 5)
    });
}

#[test]
fn the_terms_of_an_unread_count() {
    let show = |mut state: State| {
        press(&mut state, "alt+w");
        let explained = Explained {
            head: MsgId::new(23),
            floor: MsgId::new(0),
            joined: MsgId::new(1),
            read: MsgId::new(17),
            uncounted: 3,
            unread: 3,
            mentions: 1,
        };
        let fetched = Fetched::Unread(TEAM, Ok(explained));
        update(&mut state, Msg::Fetched(Box::new(fetched)));
        state
    };
    check("why-unread", |columns, rows| {
        show(open(columns, rows, english()))
    });
    check("why-unread-chinese", |columns, rows| {
        show(in_chinese(columns, rows))
    });
}

#[test]
fn pictures_in_the_timeline() {
    let show = |mut state: State| {
        let key = (TEAM, MsgId::new(2));
        state.pictures.set(key, Thumb::Ready(pixels()));
        state
    };
    let messages = |caption: &str, after: &str| {
        let body = picture(caption, b"a preview");
        vec![
            row(2, entry(2, 2, body, &Extras::NONE)),
            row(3, entry(3, 3, text(after), &Extras::NONE)),
        ]
    };
    check("picture", |columns, rows| {
        show(open(columns, rows, messages("the harbour", "lovely!")))
    });
    check("picture-chinese", |columns, rows| {
        let mut state = show(open(columns, rows, messages("早上的港口", "真漂亮！")));
        state.settings.ambiguous = crate::tui::text::width::Ambiguous::Wide;
        state
    });
}

#[test]
fn hits_of_a_search() {
    let show = |mut state: State, query: &str, label: &str, matched: Vec<u32>| {
        press(&mut state, "ctrl+f");
        type_text(&mut state, query);
        let effects = press(&mut state, "enter");
        let [Effect::Search { search, .. }] = effects[..] else {
            panic!("{effects:?}");
        };
        let mut item = Item::new(label, Value::Message(TEAM, MsgId::new(2)))
            .with_detail("#team 2 2026-11-26 14:02");
        item.matched = matched;
        let found = Found {
            search,
            items: vec![item],
            hint: "1 message; Enter goes there".to_owned(),
            instead: None,
        };
        update(&mut state, Msg::Found(found));
        state
    };
    check("hits", |columns, rows| {
        let state = open(columns, rows, english());
        show(
            state,
            "release",
            "bob: The release is out",
            (9..16).collect(),
        )
    });
    check("hits-chinese", |columns, rows| {
        let state = in_chinese(columns, rows);
        show(state, "版本", "小明: 新版本已经发布了", vec![5, 6])
    });
}

#[test]
fn typing_in_the_list() {
    check("typing", |columns, rows| {
        let mut state = open(columns, rows, vec![said(1, 2, "hi")]);
        let list = Arc::make_mut(&mut state.world.list);
        let direct = Arc::make_mut(&mut list[1]);
        direct.typing = vec![UserId::new(2)];
        direct.unread.messages = 3;
        Arc::make_mut(&mut list[2]).typing = vec![UserId::new(3)];
        state
    });
}
