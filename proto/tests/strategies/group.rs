//! Generators of what is agreed on in groups, and of what happens to them.

use cairn_proto::content::body::SystemEntry;
use cairn_proto::model::group::{Access, GroupSettings, JoinerHistory, MemberSettings, OpenGroup};
use cairn_proto::wire::request::Request;
use proptest::option;
use proptest::prelude::*;

use super::{conversation_id, group_name, role, small, timestamp, topic, user_id, users};

pub(super) fn group_settings() -> impl Strategy<Value = GroupSettings> {
    let access = prop_oneof![Just(Access::InviteOnly), Just(Access::Open)];
    let history = prop_oneof![Just(JoinerHistory::All), Just(JoinerHistory::FromJoin)];
    (access, history, role(), role(), role(), role()).prop_map(
        |(access, history, invite, post, pin, rename)| GroupSettings {
            access,
            history,
            invite,
            post,
            pin,
            rename,
        },
    )
}

pub(super) fn member_settings() -> impl Strategy<Value = MemberSettings> {
    any::<[bool; 3]>().prop_map(|[muted, favourite, hidden]| MemberSettings {
        muted,
        favourite,
        hidden,
    })
}

pub(super) fn open_group() -> impl Strategy<Value = OpenGroup> {
    (conversation_id(), group_name(), topic(), small()).prop_map(
        |(conversation, name, topic, members)| OpenGroup {
            conversation,
            name,
            topic,
            members,
        },
    )
}

pub(super) fn agreement_request() -> impl Strategy<Value = Request> {
    let id = conversation_id;
    let agreed = prop_oneof![
        id().prop_map(|conversation| Request::Group { conversation }),
        (id(), group_name())
            .prop_map(|(conversation, name)| Request::RenameGroup { conversation, name }),
        (id(), topic()).prop_map(|(conversation, topic)| Request::SetTopic {
            conversation,
            topic
        }),
        (id(), group_settings()).prop_map(|(conversation, settings)| Request::SetGroupSettings {
            conversation,
            settings
        }),
        (id(), user_id(), role()).prop_map(|(conversation, user, role)| Request::SetRole {
            conversation,
            user,
            role
        }),
        (id(), user_id()).prop_map(|(conversation, user)| Request::HandOver { conversation, user }),
    ];
    let order = prop_oneof![
        (id(), users()).prop_map(|(conversation, users)| Request::Ban {
            conversation,
            users
        }),
        (id(), users()).prop_map(|(conversation, users)| Request::Unban {
            conversation,
            users
        }),
        id().prop_map(|conversation| Request::BannedUsers { conversation }),
        (id(), user_id(), timestamp()).prop_map(|(conversation, user, until)| {
            Request::MuteMember {
                conversation,
                user,
                until,
            }
        }),
        id().prop_map(|conversation| Request::JoinGroup { conversation }),
        option::of(group_name()).prop_map(|prefix| Request::FindGroups { prefix }),
        (id(), member_settings()).prop_map(|(conversation, settings)| Request::SetMemberSettings {
            conversation,
            settings
        }),
    ];
    prop_oneof![agreed, order]
}

pub(super) fn system_entry() -> impl Strategy<Value = SystemEntry> {
    prop_oneof![
        group_name().prop_map(|name| SystemEntry::Created { name }),
        users().prop_map(|users| SystemEntry::Added { users }),
        users().prop_map(|users| SystemEntry::Removed { users }),
        group_name().prop_map(|name| SystemEntry::Renamed { name }),
        topic().prop_map(|topic| SystemEntry::TopicSet { topic }),
        group_settings().prop_map(|settings| SystemEntry::SettingsSet { settings }),
        (user_id(), role()).prop_map(|(user, role)| SystemEntry::RoleSet { user, role }),
        user_id().prop_map(|user| SystemEntry::HandedOver { user }),
        users().prop_map(|users| SystemEntry::Banned { users }),
        users().prop_map(|users| SystemEntry::Unbanned { users }),
        (user_id(), timestamp()).prop_map(|(user, until)| SystemEntry::Muted { user, until }),
        super::retention::system_entry(),
    ]
}
