//! Values of what is agreed on in groups.

use cairn_proto::model::group::{
    Access, GroupDetails, GroupSettings, JoinerHistory, MemberSettings, OpenGroup, Role,
};
use cairn_proto::text::Topic;
use cairn_proto::wire::request::Request;

use super::Samples;
use super::values::{ALICE, BOB, DIRECT, GROUP, NOON, group_name};

pub(super) fn add_all(samples: &mut Samples) {
    samples.add(group_requests());
    samples.add(vec![group_details()]);
    samples.add(vec![open_group()]);
    samples.add(vec![group_settings(), GroupSettings::default()]);
    samples.add(vec![Access::InviteOnly, Access::Open]);
    samples.add(vec![JoinerHistory::All, JoinerHistory::FromJoin]);
    samples.add(vec![member_settings(), MemberSettings::default()]);
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
        muted: true,
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

fn group_requests() -> Vec<Request> {
    let (conversation, user) = (GROUP, BOB);
    vec![
        Request::Group { conversation },
        Request::RenameGroup {
            conversation,
            name: group_name(),
        },
        Request::SetTopic {
            conversation,
            topic: topic(),
        },
        Request::SetGroupSettings {
            conversation,
            settings: group_settings(),
        },
        Request::SetRole {
            conversation,
            user,
            role: Role::Admin,
        },
        Request::HandOver { conversation, user },
        Request::Ban {
            conversation,
            users: vec![ALICE, BOB],
        },
        Request::Unban {
            conversation,
            users: vec![BOB],
        },
        Request::BannedUsers { conversation },
        Request::MuteMember {
            conversation,
            user,
            until: NOON,
        },
        Request::JoinGroup { conversation },
        Request::FindGroups {
            prefix: Some(group_name()),
        },
        Request::FindGroups { prefix: None },
        Request::SetMemberSettings {
            conversation: DIRECT,
            settings: member_settings(),
        },
    ]
}
