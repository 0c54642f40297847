//! Compares the state machine and the trees with the model.

mod hidden;
mod trees;

use std::collections::BTreeMap;

use cairn_core::State;
use cairn_core::api::actor::Actor;
use cairn_core::prefetch::Load;
use cairn_core::record::{
    ConversationRecord, GroupRecord, KindRecord, MemberCounts, MemberDetails, MemberRecord,
    StoredRelation, UnreadMarker,
};
use cairn_core::state::settings::TABLE;
use cairn_proto::ids::{MsgId, Revision, SendStreamId, UserId};
use cairn_proto::model::group::Role;
use cairn_proto::wire::overview::Moment;
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};

pub(super) use self::hidden::check_hidden;
pub(super) use self::trees::check_trees;
use super::attachments;
use super::naive::{Conversation, Member, Naive};
use super::trees::Trees;

pub(super) fn load_all(state: &mut State, trees: &Trees, naive: &Naive) {
    for &id in naive.conversations.keys() {
        trees.load(state, Load::Members(id));
    }
    for &id in naive.users.keys() {
        trees.load(state, Load::Relations(id));
        trees.load(state, Load::Profile(id));
    }
    attachments::load_all(state, &trees.attachments, naive);
}

/// Checks that a fully loaded state equals the model.
#[expect(clippy::too_many_lines, reason = "the steps of one scenario")]
pub(super) fn check_state(state: &State, naive: &Naive) -> Result<(), TestCaseError> {
    attachments::check_state(state, naive)?;
    prop_assert_eq!(state.user_count(), naive.users.len());
    for &id in naive.users.keys() {
        prop_assert_eq!(state.user_info(id), naive.info(id));
        prop_assert_eq!(
            &state.user(id).unwrap().conversations,
            &naive.conversations_of(id),
            "conversations of user {}",
            id
        );
        prop_assert_eq!(
            state.relations(id).unwrap().after(None).collect::<Vec<_>>(),
            relations(naive, id),
            "relations of user {}",
            id
        );
        prop_assert_eq!(
            state.profile(id),
            naive.profiles.get(&id).cloned().unwrap_or_default(),
            "profile of user {}",
            id
        );
    }
    check_overviews(state, naive)?;
    let settings: Vec<_> = TABLE
        .iter()
        .filter_map(|row| row.describe(state.settings()))
        .collect();
    prop_assert_eq!(settings, naive.told_settings());
    for (&id, expected) in &naive.conversations {
        let found = state
            .conversation(id)
            .ok_or_else(|| TestCaseError::fail(format!("conversation {id} is not there")))?;
        prop_assert_eq!(
            ConversationRecord {
                changed: Revision::default(),
                ..found.record.clone()
            },
            record(expected),
            "conversation {}",
            id
        );
        prop_assert_eq!(found.retention, expected.retention, "conversation {}", id);
        prop_assert_eq!(
            &found.pins,
            &expected.pins.iter().copied().collect::<Vec<_>>(),
            "conversation {}",
            id
        );
        prop_assert_eq!(&found.group, &group_record(expected), "conversation {}", id);
        let members: BTreeMap<_, _> = found
            .members_sorted()
            .into_iter()
            .map(|(user, member)| (user, unstamped(&member.record)))
            .collect();
        prop_assert_eq!(
            &members,
            &member_records(expected),
            "members of conversation {}",
            id
        );
        for (&user, member) in &members {
            let unread = found.unread(member);
            prop_assert_eq!(
                (unread.1, unread.2),
                (expected.uncounted(user), expected.unread(user)),
                "unread of user {} in {}",
                user,
                id
            );
            prop_assert_eq!(
                found.mentions(user, member, unread.0),
                expected.mentions(user),
                "mentions of user {} in {}",
                user,
                id
            );
            prop_assert!(member.read <= found.record.head && unread.2 <= found.record.head.get());
        }
        for actor in actors(naive) {
            prop_assert_eq!(
                state.summary(actor, id),
                naive.summary(actor, id),
                "{:?} in {}",
                actor,
                id
            );
            prop_assert_eq!(
                state.feed(actor, id),
                naive.feed(actor, id),
                "{:?} in {}",
                actor,
                id
            );
            let delivered = found
                .member(actor.user)
                .map_or(MsgId::ZERO, |member| member.delivered(actor.device));
            prop_assert!(
                delivered <= found.record.head,
                "delivered of {:?} in {}",
                actor,
                id
            );
        }
    }
    Ok(())
}

/// Compares the overviews since every earlier moment.
fn check_overviews(state: &State, naive: &Naive) -> Result<(), TestCaseError> {
    let open = naive.changes.open;
    let epochs = naive
        .changes
        .epochs
        .iter()
        .rev()
        .map(|&(epoch, _)| epoch)
        .take(2);
    let moments = epochs.flat_map(|epoch| {
        [open, open - 1, open / 2, 0].map(|at| Moment {
            epoch,
            revision: Revision::new(at),
        })
    });
    for since in moments.map(Some).chain([None]) {
        for actor in actors(naive) {
            prop_assert_eq!(
                state.overview_page(actor, since, None),
                naive.overview(actor, since, None),
                "{:?} since {:?}",
                actor,
                since
            );
        }
    }
    Ok(())
}

fn relations(naive: &Naive, user: UserId) -> Vec<StoredRelation> {
    naive
        .contacts_of(user)
        .into_iter()
        .map(|contact| (contact.user.id, contact.relation))
        .collect()
}

/// All existing devices, on a send stream that no step uses.
fn actors(naive: &Naive) -> impl Iterator<Item = Actor> {
    let devices = naive
        .users
        .iter()
        .flat_map(|(&user, record)| record.devices.keys().map(move |&device| (user, device)));
    devices.map(|(user, device)| Actor {
        user,
        device,
        stream: SendStreamId::new(u64::MAX),
        stream_began: Revision::MAX,
    })
}

/// Clears the change stamps, whose effect on overviews is compared instead.
fn unstamped(member: &MemberRecord) -> MemberRecord {
    MemberRecord {
        changed: Revision::default(),
        ..member.clone()
    }
}

fn record(found: &Conversation) -> ConversationRecord {
    let owners = found
        .members
        .values()
        .filter(|member| member.role == Role::Owner)
        .count() as u32;
    ConversationRecord {
        kind: found
            .name
            .clone()
            .map_or(KindRecord::Direct, |name| KindRecord::Group { name }),
        created_at: found.created_at,
        head: found.head(),
        last_message: found.last_message(),
        floor: found.floor,
        last_sent_at: found.last_sent_at(),
        counts: MemberCounts {
            members: found.members.len() as u32,
            owners,
        },
        changed: Revision::default(),
    }
}

fn member_records(found: &Conversation) -> BTreeMap<UserId, MemberRecord> {
    let members = found.members.iter();
    let terms = |member: &Member| {
        let &Member {
            floor,
            muted_until,
            notifications,
            favourite,
            hidden_at,
            ..
        } = member;
        MemberDetails {
            floor,
            muted_until,
            notifications,
            favourite,
            hidden_at,
        }
    };
    let record = |member: &Member| MemberRecord {
        role: member.role,
        joined: member.joined,
        read: member.read,
        details: terms(member),
        marker: (member.read < member.told)
            .then(|| Box::new(UnreadMarker::new(member.told, &member.marked_own))),
        changed: Revision::default(),
    };
    members
        .map(|(&user, member)| (user, record(member)))
        .collect()
}

fn group_record(found: &Conversation) -> GroupRecord {
    GroupRecord {
        topic: found.topic.clone(),
        settings: found.settings,
        banned: found.banned.iter().copied().collect(),
        muted: found
            .left_muted
            .iter()
            .map(|(&user, &until)| (user, until))
            .collect(),
    }
}
