//! Generators of requests about users, their answers, presence and settings.

use cairn_proto::model::people::{
    Avatar, Contact, ContactPage, Friendship, Profile, Relation, RelationAct, UserPage, UserProfile,
};
use cairn_proto::model::presence::{DeviceKind, PresentDevice, UserPresence};
use cairn_proto::model::receipts::Reads;
use cairn_proto::model::settings::Setting;
use cairn_proto::text::{About, DisplayName, Keyword, SettingName, SettingValue};
use cairn_proto::wire::event::AccountUpdate;
use cairn_proto::wire::request::people::{
    ChangeKeywords, ClaimImported, FindUsers, GetKeywords, GetProfiles, GetUsers, ListContacts,
    Relate, RenameUser, SearchUsers, SetProfile,
};
use cairn_proto::wire::request::{Answer, List, Request};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{encoded, server_role, text, user_id, user_info, user_name, users};

fn relation() -> impl Strategy<Value = Relation> {
    let friendship = prop::sample::select(vec![
        Friendship::None,
        Friendship::Asked,
        Friendship::Invited,
        Friendship::Friends,
    ]);
    (any::<bool>(), friendship, any::<bool>()).prop_map(|(follows, friendship, blocks)| Relation {
        follows,
        friendship,
        blocks,
    })
}

fn act() -> impl Strategy<Value = RelationAct> {
    use RelationAct::{
        AcceptFriend, AskFriend, Block, DeclineFriend, Follow, RemoveFriend, Unblock, Unfollow,
    };
    prop::sample::select(vec![
        Follow,
        Unfollow,
        AskFriend,
        AcceptFriend,
        DeclineFriend,
        RemoveFriend,
        Block,
        Unblock,
    ])
}

pub(super) fn contact() -> impl Strategy<Value = Contact> {
    (user_info(), relation()).prop_map(|(user, relation)| Contact { user, relation })
}

pub(super) fn setting_name() -> impl Strategy<Value = SettingName> {
    "[a-z]{1,10}(-[a-z]{1,10})?".prop_map(|raw| SettingName::new(raw).unwrap())
}

pub(super) fn setting_value() -> impl Strategy<Value = SettingValue> {
    "[a-z0-9]([a-z0-9 ]{0,20}[a-z0-9])?".prop_map(|raw| SettingValue::new(raw).unwrap())
}

pub(super) fn setting() -> impl Strategy<Value = Setting> {
    let written = (
        setting_name(),
        setting_value(),
        setting_value(),
        text(),
        text(),
    );
    written.prop_map(|(name, value, default, takes, about)| Setting {
        name,
        value,
        default,
        takes,
        about,
    })
}

fn profile() -> impl Strategy<Value = Profile> {
    let display_name = "[A-Z明]([a-z ]{0,20}[a-z])?".prop_map(|raw| DisplayName::new(raw).unwrap());
    let about = "(?s).{1,40}".prop_map(|raw| About::new(raw).unwrap());
    let avatar = vec(any::<u8>(), 0..100).prop_map(|bytes| Avatar::new(bytes.into()).unwrap());
    let said = (option::of(display_name), option::of(about), avatar);
    said.prop_map(|(display_name, about, avatar)| Profile {
        display_name,
        about,
        avatar,
    })
}

pub(super) fn present_device() -> impl Strategy<Value = PresentDevice> {
    use DeviceKind::{Bot, Desktop, Phone, Terminal, Unknown, Web};
    let kind = prop::sample::select(vec![Unknown, Desktop, Phone, Web, Terminal, Bot]);
    (kind, any::<bool>()).prop_map(|(kind, is_away)| PresentDevice { kind, is_away })
}

pub(super) fn presence() -> impl Strategy<Value = UserPresence> {
    (user_id(), vec(present_device(), 0..4))
        .prop_map(|(user, devices)| UserPresence { user, devices })
}

fn keywords() -> impl Strategy<Value = Vec<Keyword>> {
    let keyword = "[@#a-z明]([a-z ]{0,20}[a-z])?".prop_map(|raw| Keyword::new(raw).unwrap());
    vec(keyword, 0..9)
}

pub(super) fn account_update() -> impl Strategy<Value = AccountUpdate> {
    prop_oneof![
        profile().prop_map(AccountUpdate::Profile),
        prop::sample::select(vec![Reads::Shown, Reads::Hidden]).prop_map(AccountUpdate::Reads),
        server_role().prop_map(AccountUpdate::Role),
        keywords().prop_map(AccountUpdate::Keywords),
    ]
}

pub(super) fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        vec(user_name(), 0..9).prop_map(|names| FindUsers { names }.into()),
        users().prop_map(|ids| GetUsers { ids }.into()),
        (user_name(), option::of(user_id())).prop_map(|(prefix, after)| SearchUsers {
            prefix,
            after
        }
        .into()),
        (user_id(), act()).prop_map(|(user, act)| Relate { user, act }.into()),
        option::of(user_id()).prop_map(|after| ListContacts { after }.into()),
        users().prop_map(|users| GetProfiles { users }.into()),
        profile().prop_map(|profile| SetProfile { profile }.into()),
        (user_id(), user_name()).prop_map(|(user, name)| RenameUser { user, name }.into()),
        (user_id(), user_id()).prop_map(|(imported, user)| ClaimImported { imported, user }.into()),
        Just(GetKeywords.into()),
        (keywords(), keywords()).prop_map(|(add, remove)| ChangeKeywords { add, remove }.into()),
    ]
}

pub(super) fn answer() -> impl Strategy<Value = Answer> {
    let contacts = (vec(contact(), 0..9), option::of(user_id()))
        .prop_map(|(items, next_after)| ContactPage { items, next_after });
    let found = (vec(user_info(), 0..9), option::of(user_id()))
        .prop_map(|(items, next_after)| UserPage { items, next_after });
    let profile =
        (user_info(), profile()).prop_map(|(user, profile)| UserProfile { user, profile });
    prop_oneof![
        vec(user_info(), 0..9).prop_map(|users| encoded::<GetUsers>(List(users))),
        found.prop_map(encoded::<SearchUsers>),
        contact().prop_map(encoded::<Relate>),
        contacts.prop_map(encoded::<ListContacts>),
        vec(profile, 0..5).prop_map(|profiles| encoded::<GetProfiles>(List(profiles))),
    ]
}
