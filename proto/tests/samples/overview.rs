//! Conversations and their members, in pages and summaries.

use cairn_proto::ids::{EpochId, MsgId, Revision};
use cairn_proto::model::conversation::{Conversation, ConversationKind, Member, MemberPage};
use cairn_proto::model::group::Role;
use cairn_proto::wire::overview::{ConversationPage, Moment, OverviewExtent, OverviewPlace};

use super::Samples;
use super::bodies::entry;
use super::group::member_settings;
use super::values::{BOB, DIRECT, GROUP, NOON, group_name, text, user};

pub(super) fn add_all(samples: &mut Samples) {
    samples.add(vec![conversation_page()]);
    samples.add(vec![moment()]);
    samples.add(vec![overview_place()]);
    samples.add(vec![OverviewExtent::All, OverviewExtent::Changed]);
    samples.add(conversations());
    samples.add(kinds());
    samples.add(vec![Role::Member, Role::Admin, Role::Owner]);
    samples.add(vec![user()]);
    samples.add(vec![member_page()]);
    samples.add(member_page().items);
}

fn kinds() -> Vec<ConversationKind> {
    vec![
        ConversationKind::Direct { peer: user() },
        ConversationKind::Group { name: group_name() },
        ConversationKind::Queue { name: group_name() },
        ConversationKind::Inquiry {
            queue: GROUP,
            visitor: Some("Ming".parse().unwrap()),
        },
        ConversationKind::Back { of: DIRECT },
    ]
}

pub(super) fn conversations() -> Vec<Conversation> {
    let group = Conversation {
        id: GROUP,
        kind: ConversationKind::Group { name: group_name() },
        role: Role::Owner,
        head: MsgId::new(1_000),
        floor: MsgId::ZERO,
        read: MsgId::new(900),
        delivered: MsgId::new(999),
        unread: 98,
        mentions: 3,
        last: Some(entry(text("bye"))),
        settings: member_settings(),
    };
    let kind = ConversationKind::Direct { peer: user() };
    vec![
        group.clone(),
        Conversation {
            id: DIRECT,
            kind,
            role: Role::Member,
            unread: 0,
            mentions: 0,
            last: None,
            ..group
        },
    ]
}

pub(super) fn moment() -> Moment {
    Moment {
        epoch: EpochId::new(0xfeed_f00d_0102_0304),
        revision: Revision::new(70_000),
    }
}

pub(super) fn overview_place() -> OverviewPlace {
    OverviewPlace {
        revision: Revision::new(300),
        conversation: DIRECT,
    }
}

pub(super) fn conversation_page() -> ConversationPage {
    let (gone, next_after) = (vec![GROUP, DIRECT], Some(overview_place()));
    ConversationPage {
        items: conversations(),
        gone,
        extent: OverviewExtent::Changed,
        as_of: moment(),
        next_after,
    }
}

pub(super) fn member_page() -> MemberPage {
    let member = Member {
        user: user(),
        role: Role::Admin,
        joined: MsgId::new(2),
        read: MsgId::new(70_000),
        muted_until: NOON,
    };
    MemberPage {
        items: vec![member],
        next_after: Some(BOB),
    }
}
