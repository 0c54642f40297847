//! Users, their relations, presence and profiles, and the server's settings.

use bytes::Bytes;
use cairn_proto::ids::UserId;
use cairn_proto::model::people::{
    Avatar, Contact, ContactPage, Friendship, Profile, Relation, RelationAct, UserPage, UserProfile,
};
use cairn_proto::model::presence::{DeviceKind, Presence, PresentDevice, UserPresence};
use cairn_proto::model::receipts::Reads;
use cairn_proto::model::settings::Setting;
use cairn_proto::model::user::{ServerRole, UserInfo, UserState};
use cairn_proto::text::{Keyword, Text};
use cairn_proto::wire::event::{AccountUpdate, Update};
use cairn_proto::wire::request::List;
use cairn_proto::wire::request::people::{
    ChangeKeywords, ClaimImported, FindUsers, GetKeywords, GetProfiles, GetUsers, ListContacts,
    Relate, RenameUser, SearchUsers, SetProfile,
};

use super::Samples;
use super::values::{ALICE, CAROL, user, user_name};

pub(super) fn add_all(samples: &mut Samples) {
    samples.add(vec![
        Friendship::None,
        Friendship::Asked,
        Friendship::Invited,
        Friendship::Friends,
    ]);
    samples.add(vec![Relation::default(), contact().relation]);
    samples.add(acts());
    samples.add(vec![contact()]);
    samples.add(vec![
        contact_page(),
        ContactPage {
            items: vec![],
            next_after: None,
        },
    ]);
    samples.add(vec![profile(), Profile::default()]);
    samples.add(vec![user_profile()]);
    samples.add(vec![avatar(), Avatar::NONE]);
    samples.add(vec![
        user_page(),
        UserPage {
            items: vec![],
            next_after: None,
        },
    ]);
    samples.add(vec![setting()]);
    samples.add(vec![Presence::Offline, Presence::Away, Presence::Online]);
    samples.add(kinds().to_vec());
    samples.add(presence().devices);
    samples.add(account_updates());
    samples.add(vec![
        UserState::Active,
        UserState::Deactivated,
        UserState::Imported,
        UserState::AliasOf(CAROL),
    ]);
    samples.add(vec![
        presence(),
        UserPresence {
            devices: vec![],
            ..presence()
        },
    ]);
    add_requests(samples);
}

fn acts() -> Vec<RelationAct> {
    use RelationAct::{
        AcceptFriend, AskFriend, Block, DeclineFriend, Follow, RemoveFriend, Unblock, Unfollow,
    };
    vec![
        Follow,
        Unfollow,
        AskFriend,
        AcceptFriend,
        DeclineFriend,
        RemoveFriend,
        Block,
        Unblock,
    ]
}

fn contact() -> Contact {
    let user = UserInfo {
        id: CAROL,
        name: "carol".parse().unwrap(),
        role: ServerRole::Member,
        state: UserState::Active,
    };
    Contact {
        user,
        relation: Relation {
            follows: true,
            friendship: Friendship::Invited,
            blocks: false,
        },
    }
}

fn contact_page() -> ContactPage {
    ContactPage {
        items: vec![contact()],
        next_after: Some(CAROL),
    }
}

fn avatar() -> Avatar {
    Avatar::new(Bytes::from_static(b"\x89PNG\r\n")).unwrap()
}

fn profile() -> Profile {
    Profile {
        display_name: Some("Carol Ω".parse().unwrap()),
        about: Some("two\nlines".parse().unwrap()),
        avatar: avatar(),
    }
}

fn user_profile() -> UserProfile {
    UserProfile {
        user: contact().user,
        profile: profile(),
    }
}

fn user_page() -> UserPage {
    UserPage {
        items: vec![contact().user],
        next_after: Some(CAROL),
    }
}

fn kinds() -> [DeviceKind; 6] {
    use DeviceKind::{Bot, Desktop, Phone, Terminal, Unknown, Web};
    [Unknown, Desktop, Phone, Web, Terminal, Bot]
}

pub(super) fn presence() -> UserPresence {
    let devices = [(DeviceKind::Phone, true), (DeviceKind::Terminal, false)];
    UserPresence {
        user: CAROL,
        devices: devices
            .map(|(kind, is_away)| PresentDevice { kind, is_away })
            .to_vec(),
    }
}

fn account_updates() -> Vec<AccountUpdate> {
    vec![
        AccountUpdate::Profile(profile()),
        AccountUpdate::Reads(Reads::Hidden),
        AccountUpdate::Role(ServerRole::Admin),
        AccountUpdate::Keywords(keywords(&["on call", "发布"])),
    ]
}

pub(super) fn setting() -> Setting {
    let [takes, about] = ["anyone or friends", "who may"].map(|text| Text::new(text).unwrap());
    Setting {
        name: "direct-chats".parse().unwrap(),
        value: "friends".parse().unwrap(),
        default: "any one".parse().unwrap(),
        takes,
        about,
    }
}

fn keywords(words: &[&str]) -> Vec<Keyword> {
    words.iter().map(|word| word.parse().unwrap()).collect()
}

fn add_requests(samples: &mut Samples) {
    let find = FindUsers {
        names: vec![user_name("alice"), user_name("小明")],
    };
    let get = GetUsers {
        ids: vec![UserId::SERVER, ALICE, UserId::new(u32::MAX)],
    };
    samples.ask(find, List(vec![user()]));
    samples.ask(get, List(vec![user()]));
    let search = |prefix, after| SearchUsers {
        prefix: user_name(prefix),
        after,
    };
    samples.ask(search("ca", None), user_page());
    samples.ask_again(search("小", Some(CAROL)));
    let relate = Relate {
        user: CAROL,
        act: RelationAct::Unblock,
    };
    samples.ask(relate, contact());
    samples.ask(ListContacts { after: None }, contact_page());
    samples.ask_again(ListContacts { after: Some(CAROL) });
    let profiles = GetProfiles {
        users: vec![CAROL, UserId::SERVER],
    };
    samples.ask(profiles, List(vec![user_profile()]));
    let profile = profile();
    samples.ask(SetProfile { profile }, ());
    let name = "karola".parse().unwrap();
    samples.ask(RenameUser { user: CAROL, name }, ());
    let claim = ClaimImported {
        imported: UserId::new(9),
        user: CAROL,
    };
    samples.ask(claim, ());
    samples.ask(GetKeywords, List(keywords(&["@oncall", "发布"])));
    let change = ChangeKeywords {
        add: keywords(&["on call", "发布"]),
        remove: keywords(&["lunch"]),
    };
    samples.ask(change, List(keywords(&["on call", "发布"])));
}

pub(super) fn updates() -> Vec<Update> {
    let account = account_updates().into_iter().map(Update::Account);
    let user = Update::User(contact().user);
    [
        Update::Contact(contact()),
        Update::Presence(presence()),
        user,
    ]
    .into_iter()
    .chain(account)
    .collect()
}
