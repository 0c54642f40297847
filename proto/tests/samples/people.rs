//! The values that say what users are to each other, and what a server's owner can set.

use bytes::Bytes;
use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::people::{
    Avatar, Contact, ContactPage, Friendship, Profile, Relation, RelationAct, UserPage, UserProfile,
};
use cairn_proto::model::presence::{DeviceKind, Presence, PresentDevice, UserPresence};
use cairn_proto::model::receipts::Reads;
use cairn_proto::model::settings::Setting;
use cairn_proto::model::user::{ServerRole, UserInfo};
use cairn_proto::text::{SettingName, SettingValue, Text};
use cairn_proto::wire::event::{AccountUpdate, TimelineFrame};
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;
use cairn_proto::wire::typing::{ClientDatagram, ServerDatagram};

use super::Samples;

const CAROL: UserId = UserId::new(300);
const GROUP: ConversationId = ConversationId::new(u64::MAX);

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
    samples.add(vec![ClientDatagram::Typing {
        conversation: GROUP,
    }]);
    samples.add(vec![ServerDatagram::Typing {
        conversation: GROUP,
        user: CAROL,
    }]);
    samples.add(presence().devices);
    samples.add(owned());
    samples.add(vec![
        presence(),
        UserPresence {
            devices: vec![],
            ..presence()
        },
    ]);
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

fn presence() -> UserPresence {
    let devices = [(DeviceKind::Phone, true), (DeviceKind::Terminal, false)];
    UserPresence {
        user: CAROL,
        devices: devices
            .map(|(kind, is_away)| PresentDevice { kind, is_away })
            .to_vec(),
    }
}

fn owned() -> Vec<AccountUpdate> {
    vec![
        AccountUpdate::Profile(profile()),
        AccountUpdate::Reads(Reads::Hidden),
        AccountUpdate::Role(ServerRole::Admin),
    ]
}

fn names() -> (SettingName, SettingValue) {
    ("direct-chats".parse().unwrap(), "friends".parse().unwrap())
}

fn setting() -> Setting {
    let (name, value) = names();
    let [takes, about] = ["anyone or friends", "who may"].map(|text| Text::new(text).unwrap());
    Setting {
        name,
        value,
        default: "any one".parse().unwrap(),
        takes,
        about,
    }
}

pub(super) fn requests() -> Vec<Request> {
    let (name, value) = names();
    vec![
        Request::Settings,
        Request::SetSetting { name, value },
        Request::Relate {
            user: CAROL,
            act: RelationAct::Unblock,
        },
        Request::Contacts { after: None },
        Request::Contacts { after: Some(CAROL) },
        Request::SearchUsers {
            prefix: "ca".parse().unwrap(),
            after: None,
        },
        Request::SearchUsers {
            prefix: "小".parse().unwrap(),
            after: Some(CAROL),
        },
        Request::Profiles {
            users: vec![CAROL, UserId::SERVER],
        },
        Request::SetProfile(profile()),
        Request::Watch { users: vec![CAROL] },
        Request::SetPresence(presence().devices[0]),
        Request::Focus { conversation: None },
        Request::Focus {
            conversation: Some(GROUP),
        },
        Request::SetServerRole {
            user: CAROL,
            role: ServerRole::Admin,
        },
    ]
}

pub(super) fn responses() -> Vec<Response> {
    let relations = [
        Response::Settings(vec![setting()]),
        Response::Related(contact()),
        Response::Contacts(contact_page()),
    ];
    let profiles = [
        Response::FoundUsers(user_page()),
        Response::Profiles(vec![user_profile()]),
        Response::Watching(vec![presence()]),
    ];
    relations.into_iter().chain(profiles).collect()
}

pub(super) fn timeline_frames() -> Vec<TimelineFrame> {
    let own = owned().into_iter().map(TimelineFrame::AccountUpdate);
    [
        TimelineFrame::Contact(contact()),
        TimelineFrame::Presence(presence()),
    ]
    .into_iter()
    .chain(own)
    .collect()
}
