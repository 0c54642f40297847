//! Compares the state machine and the trees with the model.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use cairn_core::api::actor::Actor;
use cairn_core::api::command::Command;
use cairn_core::prefetch::Load;
use cairn_core::record::MemberCounts;
use cairn_core::record::MsgIdSet;
use cairn_core::record::UnreadMarker;
use cairn_core::record::{
    ConversationRecord, CursorChunk, DeviceRecord, EpochRecord, GroupRecord, InviteRecord,
    KindRecord, MemberChunk, MemberDetails, MemberRecord, MembershipRecord, RecentPart, RecentSend,
    StoredMember, UserRecord,
};
use cairn_core::record::{RelationChunk, StoredRelation};
use cairn_core::state::settings::TABLE;
use cairn_core::{Batch, State};
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::Draft;
use cairn_proto::ids::{
    ClientSeq, ConversationId, DeviceId, ImportSource, MsgId, Revision, SendStreamId, Timestamp,
    UserId,
};
use cairn_proto::limits::SENDS_IN_FLIGHT_MAX;
use cairn_proto::model::group::{Access, GroupSettings, MemberSettings, Role};
use cairn_proto::model::retention::Retention;
use cairn_proto::text::{EmojiName, GroupName, Text, Topic};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::overview::Moment;
use cairn_proto::wire::request::{Forward, Request};
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};

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

/// Compares the changes since every earlier moment.
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

/// Every existing device, on a send stream that no client uses.
fn actors(naive: &Naive) -> impl Iterator<Item = Actor> {
    let devices = naive
        .users
        .iter()
        .flat_map(|(&user, record)| record.devices.keys().map(move |&device| (user, device)));
    devices.map(|(user, device)| Actor {
        user,
        device,
        stream: SendStreamId::new(u64::MAX),
    })
}

/// Users who are not members see nothing, change nothing, and cannot tell whether the conversation
/// exists.
pub(super) fn check_hidden(
    state: &mut State,
    trees: &Trees,
    naive: &Naive,
    now: Timestamp,
) -> Result<(), TestCaseError> {
    let nowhere = [0, 998, 1 << 32 | 998, u64::MAX].map(ConversationId::new);
    for actor in actors(naive) {
        attachments::check_hidden(state, &trees.attachments, naive, actor, now)?;
        for id in naive.conversations.keys().copied().chain(nowhere) {
            if naive
                .conversations
                .get(&id)
                .is_some_and(|found| found.members.contains_key(&actor.user))
            {
                continue;
            }
            let is_open = naive
                .conversations
                .get(&id)
                .is_some_and(|found| found.settings.access == Access::Open);
            let join = (!is_open).then_some(Request::JoinGroup { conversation: id });
            let asked = foreign_requests(actor, id)
                .into_iter()
                .chain(join)
                .map(|request| Command::Ask(actor, request));
            for command in asked.chain([Command::Grant(actor, id)]) {
                for need in state.missing(&command) {
                    trees.load(state, need);
                }
                let mut batch = Batch::new(0);
                let answer = state.execute(command.clone(), now, &mut batch);
                prop_assert_eq!(answer.err(), Some(ErrorCode::NotFound), "{:?}", command);
                prop_assert!(
                    batch.is_empty() && batch.effects().is_empty(),
                    "{:?}",
                    command
                );
            }
        }
    }
    Ok(())
}

#[expect(clippy::too_many_lines, reason = "the steps of one scenario")]
fn foreign_requests(actor: Actor, conversation: ConversationId) -> Vec<Request> {
    let (source, msgid, users) = (
        ImportSource::new(0),
        MsgId::new(1),
        vec![actor.user, UserId::new(1)],
    );
    let (user, role) = (UserId::new(1), Role::Owner);
    let body = Body::Text(Text::new("let me in").unwrap());
    vec![
        Request::Send(Draft {
            conversation,
            seq: ClientSeq::new(1),
            body,
            extras: Extras::NONE,
        }),
        Request::Ack {
            conversation,
            msgid,
        },
        Request::Ack {
            conversation,
            msgid: MsgId::new(u64::MAX),
        },
        Request::Read {
            conversation,
            msgid,
        },
        Request::MarkUnread {
            conversation,
            from: msgid,
        },
        Request::Receipts {
            conversation,
            msgid,
            after: None,
        },
        Request::AddMembers {
            conversation,
            users: users.clone(),
        },
        Request::RemoveMembers {
            conversation,
            users,
        },
        Request::Members {
            conversation,
            after: None,
        },
        Request::Import {
            conversation,
            source,
            first: 9,
            entries: Vec::new(),
        },
        Request::ImportCursor {
            conversation,
            source,
        },
        Request::Explain {
            conversation,
            user: actor.user,
        },
        Request::Edit {
            conversation,
            msgid,
            text: Text::new("mine").unwrap(),
        },
        Request::Recall {
            conversation,
            msgid,
        },
        Request::Forward(Forward {
            to: ConversationId::new(u64::MAX),
            seq: ClientSeq::new(1),
            from: conversation,
            msgid,
        }),
        Request::Pin {
            conversation,
            msgid,
        },
        Request::Unpin {
            conversation,
            msgid,
        },
        Request::Pins { conversation },
        Request::React {
            conversation,
            msgid,
            emoji: EmojiName::new("wave").unwrap(),
        },
        Request::Unreact {
            conversation,
            msgid,
            emoji: EmojiName::new("wave").unwrap(),
        },
        Request::SetRetention {
            conversation,
            retention: Some(Retention::Days(1)),
        },
        Request::Retention { conversation },
        Request::Group { conversation },
        Request::RenameGroup {
            conversation,
            name: GroupName::new("mine").unwrap(),
        },
        Request::SetTopic {
            conversation,
            topic: Topic::none(),
        },
        Request::SetGroupSettings {
            conversation,
            settings: GroupSettings {
                access: Access::Open,
                ..GroupSettings::default()
            },
        },
        Request::SetRole {
            conversation,
            user,
            role,
        },
        Request::HandOver { conversation, user },
        Request::Ban {
            conversation,
            users: vec![user],
        },
        Request::Unban {
            conversation,
            users: vec![actor.user],
        },
        Request::BannedUsers { conversation },
        Request::MuteMember {
            conversation,
            user,
            until: Timestamp::new(u64::MAX),
        },
        Request::SetMemberSettings {
            conversation,
            settings: MemberSettings {
                favourite: true,
                ..MemberSettings::default()
            },
        },
        Request::Focus {
            conversation: Some(conversation),
        },
    ]
}

/// Without the change stamps, whose effect is compared elsewhere.
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
            muted,
            favourite,
            hidden_at,
            ..
        } = member;
        MemberDetails {
            floor,
            muted_until,
            muted,
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

/// Checks that the trees hold exactly the rows of the model.
pub(super) fn check_trees(trees: &Trees, naive: &Naive) -> Result<(), TestCaseError> {
    let expected = trees_of(naive);
    check_tree("users", &trees.users, &expected.users)?;
    check_tree("devices", &trees.devices, &expected.devices)?;
    check_tree("invites", &trees.invites, &expected.invites)?;
    let stored = trees.conversations.iter().map(|(&id, record)| {
        (
            id,
            ConversationRecord {
                changed: Revision::default(),
                ..record.clone()
            },
        )
    });
    check_tree("conversations", &stored.collect(), &expected.conversations)?;
    check_tree("ended", &trees.ended, &expected.ended)?;
    check_tree("epochs", &trees.epochs, &expected.epochs)?;
    check_tree("members", &trees.living_members(), &expected.members)?;
    check_tree("memberships", &trees.memberships, &expected.memberships)?;
    check_tree("uncounted", &trees.uncounted, &expected.uncounted)?;
    check_tree("mentions", &trees.mentions, &expected.mentions)?;
    let (stored, known) = (&trees.attachments, &expected.attachments);
    check_tree("attachment_records", &stored.records, &known.records)?;
    check_tree("unused", &stored.unused, &known.unused)?;
    check_tree("attached", &stored.uses, &known.uses)?;
    check_tree("attachment_bytes", &stored.bytes, &known.bytes)?;
    check_tree("pins", &trees.pins, &expected.pins)?;
    check_tree("retention", &trees.retention, &expected.retention)?;
    check_tree("imports", &trees.imports, &expected.imports)?;
    check_tree("groups", &trees.groups, &expected.groups)?;
    check_tree("open_groups", &trees.open_groups, &expected.open_groups)?;
    check_tree("cursors", &trees.cursors, &expected.cursors)?;
    check_tree("recent", &sends_of(trees), &sends_of(&expected))?;
    check_tree("relations", &trees.relations, &expected.relations)?;
    check_tree("profiles", &trees.profiles, &expected.profiles)?;
    check_tree("settings", &trees.settings, &expected.settings)
}

fn check_tree<K: Ord + Debug, V: PartialEq + Debug>(
    name: &str,
    stored: &BTreeMap<K, V>,
    expected: &BTreeMap<K, V>,
) -> Result<(), TestCaseError> {
    for key in stored.keys().chain(expected.keys()) {
        prop_assert_eq!(
            stored.get(key),
            expected.get(key),
            "{:?} in the tree {}",
            key,
            name
        );
    }
    Ok(())
}

/// Adds the send cursors, and the recent sends of each stream.
fn put_sends(naive: &Naive, trees: &mut Trees) {
    let mut last_seqs = BTreeMap::<_, BTreeMap<ConversationId, u64>>::new();
    let mut places = BTreeMap::<_, u64>::new();
    for send in &naive.sends {
        let stream = (send.device, send.stream);
        let place = places.entry(stream).or_default();
        *place += 1;
        let last_seq = last_seqs
            .entry(stream)
            .or_default()
            .entry(send.conversation)
            .or_default();
        *last_seq = send.seq.max(*last_seq);
        let part = trees
            .recent
            .entry((send.device, send.stream, RecentPart::of(*place)))
            .or_default();
        part.retain(|older| older.place + SENDS_IN_FLIGHT_MAX as u64 != *place);
        let (conversation, seq, msgid) = (send.conversation, send.seq, send.msgid);
        part.push(RecentSend {
            place: *place,
            conversation,
            seq,
            msgid,
            body: 0,
        });
    }
    for ((device, stream), cursors) in last_seqs {
        for cursor in cursors {
            trees
                .cursors
                .entry((device, stream, CursorChunk::of(cursor.0)))
                .or_default()
                .push(cursor);
        }
    }
}

/// Position, conversation, client seq, msgid.
type PlainSend = (u64, ConversationId, u64, MsgId);

/// The remembered sends, without fingerprints: the model has whole bodies.
fn sends_of(trees: &Trees) -> BTreeMap<(DeviceId, SendStreamId, RecentPart), BTreeSet<PlainSend>> {
    let plain = |send: &RecentSend| (send.place, send.conversation, send.seq, send.msgid);
    trees
        .recent
        .iter()
        .map(|(&key, part)| (key, part.iter().map(plain).collect()))
        .collect()
}

#[expect(clippy::too_many_lines, reason = "the steps of one scenario")]
fn trees_of(naive: &Naive) -> Trees {
    let mut trees = Trees::default();
    for (&id, user) in &naive.users {
        let (name, password) = (user.name.clone(), user.password.clone());
        trees.users.insert(
            id,
            UserRecord {
                name,
                role: user.role,
                password,
                created_at: user.created_at,
                reads: user.reads,
            },
        );
        for (&device, found) in &user.devices {
            let record = DeviceRecord {
                name: found.name.clone(),
                token: found.token,
                created_at: found.created_at,
                streams: found.streams.clone(),
            };
            trees.devices.insert((id, device), record);
        }
        for (other, relation) in relations(naive, id) {
            trees
                .relations
                .entry((id, RelationChunk::of(other)))
                .or_default()
                .push((other, relation));
        }
    }
    trees.profiles = naive.profiles.clone();
    trees.settings = naive.settings.clone();
    for (&token, invite) in &naive.invites {
        let record = InviteRecord {
            uses_left: invite.uses_left,
            expires_at: invite.expires_at,
            role: invite.role,
        };
        trees.invites.insert(token, record);
    }
    for (&id, found) in &naive.conversations {
        trees.conversations.insert(id, record(found));
        let group = group_record(found);
        if found.settings.access == Access::Open {
            trees
                .open_groups
                .extend(found.name.clone().map(|name| (id, name)));
        }
        if group != GroupRecord::default() {
            trees.groups.insert(id, group);
        }
        for (user, record) in member_records(found) {
            trees.memberships.insert(
                (user, id),
                MembershipRecord {
                    owns: record.role == Role::Owner,
                },
            );
            let moved = found.members[&user]
                .delivered
                .iter()
                .filter(|&(_, &msgid)| msgid > MsgId::ZERO);
            let delivered = moved.map(|(&device, &msgid)| (device, msgid)).collect();
            trees
                .members
                .entry((id, MemberChunk::of(user)))
                .or_default()
                .push(StoredMember {
                    user,
                    record,
                    delivered,
                });
        }
        trees.imports.extend(
            found
                .imports
                .iter()
                .map(|(&source, &cursor)| ((id, source), cursor)),
        );
        let mut uncounted = MsgIdSet::default();
        for (msgid, _) in found
            .above(MsgId::ZERO)
            .filter(|(_, entry)| !entry.body.is_message())
        {
            uncounted.insert(msgid);
        }
        let mut mentions = BTreeMap::<UserId, MsgIdSet>::new();
        for (msgid, entry) in found.above(MsgId::ZERO) {
            for &user in &entry.mentioned {
                mentions.entry(user).or_default().insert(msgid);
            }
        }
        trees
            .retention
            .extend(found.retention.map(|retention| (id, retention)));
        trees
            .pins
            .extend((!found.pins.is_empty()).then(|| (id, found.pins.iter().copied().collect())));
        trees.mentions.extend(
            mentions
                .iter()
                .filter_map(|(&user, set)| Some(((id, user, 0), set.chunk_bytes(0)?))),
        );
        trees
            .uncounted
            .extend(uncounted.chunk_bytes(0).map(|bytes| ((id, 0), bytes)));
    }
    trees.ended = naive
        .changes
        .ended
        .iter()
        .map(|(&key, &at)| (key, Revision::new(at)))
        .collect();
    let epochs = naive
        .changes
        .epochs
        .iter()
        .map(|&(epoch, first)| EpochRecord {
            epoch,
            first: Revision::new(first),
        });
    trees
        .epochs
        .extend(Some(((), epochs.collect::<Vec<_>>())).filter(|(_, epochs)| !epochs.is_empty()));
    put_sends(naive, &mut trees);
    trees.attachments = naive.attachment_trees();
    trees
}
