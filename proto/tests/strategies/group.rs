//! Generators of requests about groups, their answers, and system entries of groups.

use cairn_proto::content::body::SystemEntry;
use cairn_proto::ids::Timestamp;
use cairn_proto::model::group::{
    Access, GroupDetails, GroupSettings, JoinerHistory, MemberSettings, OpenGroup,
};
use cairn_proto::model::notification::{NotificationLevel, Notifications};
use cairn_proto::wire::request::group::{
    AddMembers, Ban, CreateGroup, FindGroups, GetGroup, HandOver, JoinGroup, ListBanned,
    ListMembers, MuteMember, RemoveMembers, RenameGroup, SetGroupSettings, SetMemberSettings,
    SetRole, SetTopic, Unban,
};
use cairn_proto::wire::request::{Answer, List, Request};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::overview::member_page;
use super::{
    conversation_id, encoded, group_name, role, small, timestamp, topic, user_id, user_info, users,
};

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
    (notifications(), any::<[bool; 2]>()).prop_map(|(notifications, [favourite, hidden])| {
        MemberSettings {
            notifications,
            favourite,
            hidden,
        }
    })
}

fn notifications() -> impl Strategy<Value = Notifications> {
    let level = prop_oneof![
        Just(NotificationLevel::All),
        Just(NotificationLevel::Mentions),
        Just(NotificationLevel::Nothing),
    ];
    let until = proptest::option::of(any::<u64>().prop_map(Timestamp::new));
    (level, until).prop_map(|(level, until)| Notifications { level, until })
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

pub(super) fn request() -> impl Strategy<Value = Request> {
    prop_oneof![membership().boxed(), administration().boxed()]
}

fn membership() -> impl Strategy<Value = Request> {
    let id = conversation_id;
    prop_oneof![
        (group_name(), users()).prop_map(|(name, members)| CreateGroup { name, members }.into()),
        (id(), users()).prop_map(|(conversation, users)| {
            AddMembers {
                conversation,
                users,
            }
            .into()
        }),
        (id(), users()).prop_map(|(conversation, users)| {
            RemoveMembers {
                conversation,
                users,
            }
            .into()
        }),
        (id(), option::of(user_id())).prop_map(|(conversation, after)| {
            ListMembers {
                conversation,
                after,
            }
            .into()
        }),
        id().prop_map(|conversation| JoinGroup { conversation }.into()),
        option::of(group_name()).prop_map(|prefix| FindGroups { prefix }.into()),
        (id(), member_settings()).prop_map(|(conversation, settings)| {
            SetMemberSettings {
                conversation,
                settings,
            }
            .into()
        }),
    ]
}

fn administration() -> impl Strategy<Value = Request> {
    let id = conversation_id;
    prop_oneof![
        id().prop_map(|conversation| GetGroup { conversation }.into()),
        (id(), group_name())
            .prop_map(|(conversation, name)| RenameGroup { conversation, name }.into()),
        (id(), topic()).prop_map(|(conversation, topic)| {
            SetTopic {
                conversation,
                topic,
            }
            .into()
        }),
        (id(), group_settings()).prop_map(|(conversation, settings)| {
            SetGroupSettings {
                conversation,
                settings,
            }
            .into()
        }),
        (id(), user_id(), role()).prop_map(|(conversation, user, role)| {
            SetRole {
                conversation,
                user,
                role,
            }
            .into()
        }),
        (id(), user_id()).prop_map(|(conversation, user)| HandOver { conversation, user }.into()),
        (id(), users()).prop_map(|(conversation, users)| {
            Ban {
                conversation,
                users,
            }
            .into()
        }),
        (id(), users()).prop_map(|(conversation, users)| {
            Unban {
                conversation,
                users,
            }
            .into()
        }),
        id().prop_map(|conversation| ListBanned { conversation }.into()),
        (id(), user_id(), timestamp()).prop_map(|(conversation, user, until)| {
            MuteMember {
                conversation,
                user,
                until,
            }
            .into()
        }),
    ]
}

pub(super) fn answer() -> impl Strategy<Value = Answer> {
    let details =
        (topic(), group_settings(), small()).prop_map(|(topic, settings, members)| GroupDetails {
            topic,
            settings,
            members,
        });
    prop_oneof![
        conversation_id().prop_map(encoded::<CreateGroup>),
        small().prop_map(encoded::<AddMembers>),
        member_page().prop_map(encoded::<ListMembers>),
        details.prop_map(encoded::<GetGroup>),
        vec(user_info(), 0..9).prop_map(|users| encoded::<ListBanned>(List(users))),
        vec(open_group(), 0..9).prop_map(|groups| encoded::<FindGroups>(List(groups))),
    ]
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
        super::desk::system_entry(),
    ]
}
