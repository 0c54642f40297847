//! Compares the trees with the model, row by row.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use cairn_core::record::{
    ConversationRecord, CursorChunk, DeviceRecord, EpochRecord, GroupRecord, MemberChunk,
    MembershipRecord, MsgIdSet, RecentPart, RecentSend, RelationChunk, StoredMember, UsedStream,
    UserRecord,
};
use cairn_proto::ids::{ConversationId, DeviceId, MsgId, Revision, SendStreamId, UserId};
use cairn_proto::limits::SENDS_IN_FLIGHT_MAX;
use cairn_proto::model::group::{Access, Role};
use proptest::prop_assert_eq;
use proptest::test_runner::TestCaseError;

use super::{group_record, member_records, record, relations};
use crate::model::naive::Naive;
use crate::model::trees::Trees;

/// Checks that the trees hold exactly the rows of the model.
pub(in crate::model) fn check_trees(trees: &Trees, naive: &Naive) -> Result<(), TestCaseError> {
    let expected = trees_of(naive);
    check_tree("users", &trees.users, &expected.users)?;
    check_tree("devices", &trees.devices, &expected.devices)?;
    check_tree("links", &trees.links, &expected.links)?;
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
    check_tree("audit", &trees.audit, &expected.audit)?;
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
                status: user.status,
                origin: user.origin,
                alias_of: user.alias_of,
                keywords: user.keywords.clone(),
                former_names: user.former_names.clone(),
                changed: Revision::new(naive.changes.users[&id]),
            },
        );
        for (&device, found) in &user.devices {
            let record = DeviceRecord {
                name: found.name.clone(),
                token: found.token,
                created_at: found.created_at,
                streams: found
                    .streams
                    .iter()
                    .map(|&(stream, used_at)| UsedStream {
                        stream,
                        used_at: Revision::new(used_at),
                    })
                    .collect(),
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
    trees.links = naive.links.clone();
    trees.audit = naive
        .audit
        .iter()
        .map(|record| (record.number, record.clone()))
        .collect();
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
