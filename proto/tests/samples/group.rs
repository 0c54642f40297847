//! Groups, their settings and members.

use cairn_proto::ids::Timestamp;
use cairn_proto::model::group::{
    Access, GroupDetails, GroupSettings, JoinerHistory, MemberSettings, OpenGroup, Role,
};
use cairn_proto::model::notification::{NotificationLevel, Notifications};
use cairn_proto::text::Topic;
use cairn_proto::wire::request::List;
use cairn_proto::wire::request::group::{
    AddMembers, Ban, CreateGroup, FindGroups, GetGroup, HandOver, JoinGroup, ListBanned,
    ListMembers, MuteMember, RemoveMembers, RenameGroup, SetGroupSettings, SetMemberSettings,
    SetRole, SetTopic, Unban,
};

use super::Samples;
use super::overview::member_page;
use super::values::{ALICE, BOB, DIRECT, GROUP, NOON, group_name, user};

pub(super) fn add_all(samples: &mut Samples) {
    samples.add(vec![group_details()]);
    samples.add(vec![open_group()]);
    samples.add(vec![group_settings(), GroupSettings::default()]);
    samples.add(vec![Access::InviteOnly, Access::Open]);
    samples.add(vec![JoinerHistory::All, JoinerHistory::FromJoin]);
    samples.add(vec![member_settings(), MemberSettings::default()]);
    samples.add(vec![
        member_settings().notifications,
        Notifications::default(),
    ]);
    samples.add(vec![
        NotificationLevel::All,
        NotificationLevel::Mentions,
        NotificationLevel::Nothing,
    ]);
    add_memberships(samples);
    add_administration(samples);
}

pub(super) fn topic() -> Topic {
    "release on Friday".parse().unwrap()
}

pub(super) fn group_settings() -> GroupSettings {
    let (access, history) = (Access::Open, JoinerHistory::FromJoin);
    GroupSettings {
        access,
        history,
        invite: Role::Member,
        post: Role::Admin,
        pin: Role::Owner,
        rename: Role::Admin,
    }
}

pub(super) fn member_settings() -> MemberSettings {
    MemberSettings {
        notifications: Notifications {
            level: NotificationLevel::Mentions,
            until: Some(Timestamp::new(1_700_000_000_000)),
        },
        favourite: false,
        hidden: true,
    }
}

pub(super) fn open_group() -> OpenGroup {
    OpenGroup {
        conversation: GROUP,
        name: group_name(),
        topic: topic(),
        members: 300,
    }
}

pub(super) fn group_details() -> GroupDetails {
    GroupDetails {
        topic: Topic::none(),
        settings: group_settings(),
        members: 70_000,
    }
}

fn add_memberships(samples: &mut Samples) {
    let conversation = GROUP;
    let create = CreateGroup {
        name: group_name(),
        members: vec![ALICE],
    };
    samples.ask(create, GROUP);
    let users = vec![ALICE, BOB];
    samples.ask(
        AddMembers {
            conversation,
            users,
        },
        2,
    );
    let users = vec![BOB];
    samples.ask(
        RemoveMembers {
            conversation,
            users,
        },
        1,
    );
    let list = |after| ListMembers {
        conversation,
        after,
    };
    samples.ask(list(None), member_page());
    samples.ask_again(list(Some(BOB)));
    samples.ask(JoinGroup { conversation }, ());
    let prefix = Some(group_name());
    samples.ask(FindGroups { prefix }, List(vec![open_group()]));
    samples.ask_again(FindGroups { prefix: None });
    let set_own = SetMemberSettings {
        conversation: DIRECT,
        settings: member_settings(),
    };
    samples.ask(set_own, ());
}

fn add_administration(samples: &mut Samples) {
    let (conversation, banned) = (GROUP, List(vec![user()]));
    let (user, users) = (BOB, vec![BOB]);
    let rename = RenameGroup {
        conversation,
        name: group_name(),
    };
    let set_topic = SetTopic {
        conversation,
        topic: topic(),
    };
    let set_settings = SetGroupSettings {
        conversation,
        settings: group_settings(),
    };
    let set_role = SetRole {
        conversation,
        user,
        role: Role::Admin,
    };
    let ban = Ban {
        conversation,
        users: vec![ALICE, BOB],
    };
    let unban = Unban {
        conversation,
        users,
    };
    let mute = MuteMember {
        conversation,
        user,
        until: NOON,
    };
    samples.ask(GetGroup { conversation }, group_details());
    samples.ask(rename, ());
    samples.ask(set_topic, ());
    samples.ask(set_settings, ());
    samples.ask(set_role, ());
    samples.ask(HandOver { conversation, user }, ());
    samples.ask(ban, 2);
    samples.ask(unban, 1);
    samples.ask(ListBanned { conversation }, banned);
    samples.ask(mute, ());
}
