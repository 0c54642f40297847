//! Invariants of every commit log, checked on the bytes of its batches alone.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use cairn_core::api::batch;
use cairn_core::api::change::{Appended, Change, Origin};
use cairn_core::limits::CLOCK_STEP_MS_MAX;
use cairn_core::record::MemberCounts;
use cairn_proto::content::body::{Body, SystemEntry};
use cairn_proto::content::message::{Entry, unpack_entry};
use cairn_proto::ids::{ConversationId, DeviceId, MsgId, SendStreamId, Timestamp, UserId};
use cairn_proto::model::people::Relation;
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};

#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: BTreeMap<ConversationId, Vec<Entry>>,
    last_live: BTreeMap<ConversationId, Timestamp>,
    sent: BTreeMap<(DeviceId, SendStreamId, ConversationId), u64>,
    /// By member, the entry that added them.
    members: BTreeMap<(ConversationId, UserId), MsgId>,
    floors: BTreeMap<ConversationId, MsgId>,
    read: BTreeMap<(ConversationId, UserId), MsgId>,
    delivered: BTreeMap<(ConversationId, UserId, DeviceId), MsgId>,
    /// Members in the state whose entry has not followed yet.
    unannounced: BTreeSet<(ConversationId, UserId)>,
    relations: BTreeMap<(UserId, UserId), Relation>,
}

impl Ledger {
    /// Checks a batch, and adds it to the ledger.
    pub(super) fn watch(&mut self, payload: &Bytes) -> Result<(), TestCaseError> {
        batch::replay::<TestCaseError>(payload.clone(), |change, entry| match change {
            Change::Appended(appended) => self.appended(&appended, unpack_entry(&entry)?),
            Change::Rewritten {
                conversation,
                msgid,
                is_message,
            } => self.rewritten(conversation, msgid, is_message, unpack_entry(&entry)?),
            other => self.moved(&other),
        })?;
        prop_assert!(
            self.unannounced.is_empty(),
            "members without an entry: {:?}",
            self.unannounced
        );
        for (&(user, other), relation) in &self.relations {
            let theirs = self
                .relations
                .get(&(other, user))
                .copied()
                .unwrap_or_default();
            prop_assert!(
                relation.fits(theirs),
                "{} is {:?} to {}, who is {:?}",
                other,
                relation,
                user,
                theirs
            );
        }
        Ok(())
    }

    pub(super) fn entries(&self, id: ConversationId) -> &[Entry] {
        self.entries.get(&id).map_or(&[], Vec::as_slice)
    }

    fn head(&self, id: ConversationId) -> MsgId {
        MsgId::new(self.entries(id).len() as u64)
    }

    fn appended(&mut self, appended: &Appended, entry: Entry) -> Result<(), TestCaseError> {
        let &Appended {
            conversation,
            msgid,
            sender,
            sent_at,
            origin,
        } = appended;
        prop_assert_eq!(
            msgid,
            self.head(conversation).next(),
            "a gap or a repeat in {}",
            conversation
        );
        prop_assert_eq!((entry.sender, entry.sent_at), (sender, sent_at));
        prop_assert_eq!(entry.body.is_message(), origin != Origin::System);
        if origin != Origin::Imported {
            prop_assert!(
                self.members.contains_key(&(conversation, sender)),
                "{} is no member of {}",
                sender,
                conversation
            );
            let last = self.last_live.insert(conversation, sent_at);
            let is_wrong_before =
                last.is_some_and(|last| last.get() > sent_at.get() + CLOCK_STEP_MS_MAX);
            prop_assert!(
                last <= Some(sent_at) || is_wrong_before,
                "the time of {} in {} goes back",
                msgid,
                conversation
            );
        }
        if let Origin::Sent {
            device,
            stream,
            seq,
            ..
        } = origin
        {
            let last = self.sent.insert((device, stream, conversation), seq);
            prop_assert!(
                seq > last.unwrap_or(0),
                "seq {} of {:?} in {} was there before",
                seq,
                stream,
                conversation
            );
            let read = self
                .read
                .entry((conversation, sender))
                .or_insert(MsgId::ZERO);
            *read = msgid.max(*read);
        }
        match &entry.body {
            Body::System(SystemEntry::Created { .. }) => self
                .unannounced
                .retain(|&key| key != (conversation, sender)),
            Body::System(SystemEntry::Added { users }) => {
                self.unannounced
                    .retain(|(id, user)| *id != conversation || !users.contains(user));
            }
            // The first message of a direct chat adds both members.
            _ if conversation.direct_users().is_some() => {
                self.unannounced.retain(|&(id, _)| id != conversation)
            }
            _ => {}
        }
        self.entries.entry(conversation).or_default().push(entry);
        Ok(())
    }

    fn rewritten(
        &mut self,
        id: ConversationId,
        msgid: MsgId,
        is_message: bool,
        entry: Entry,
    ) -> Result<(), TestCaseError> {
        let head = self.head(id);
        prop_assert!(
            Some(&msgid) > self.floors.get(&id),
            "{} of {} is gone and rewritten",
            msgid,
            id
        );
        prop_assert!(
            MsgId::ZERO < msgid && msgid < head,
            "{} of {} is rewritten below the head {}",
            msgid,
            id,
            head
        );
        let place = &mut self.entries.get_mut(&id).unwrap()[msgid.get() as usize - 1];
        prop_assert_eq!((entry.sender, entry.sent_at), (place.sender, place.sent_at));
        prop_assert_eq!(entry.body.is_message(), is_message);
        prop_assert!(
            place.body.is_message() || !is_message,
            "{} of {} becomes a message",
            msgid,
            id
        );
        *place = entry;
        Ok(())
    }

    #[expect(clippy::too_many_lines, reason = "the steps of one scenario")]
    fn moved(&mut self, change: &Change) -> Result<(), TestCaseError> {
        match *change {
            Change::Read {
                conversation,
                user,
                msgid,
            } => {
                prop_assert!(
                    self.members.contains_key(&(conversation, user))
                        && msgid <= self.head(conversation)
                );
                let last = self.read.insert((conversation, user), msgid);
                prop_assert!(last < Some(msgid), "the read cursor of {} goes back", user);
            }
            Change::MarkedUnread {
                conversation,
                user,
                read,
                ref marker,
            } => {
                let last = self
                    .read
                    .insert((conversation, user), read)
                    .unwrap_or_default();
                prop_assert!(
                    read < last && last <= marker.shown_read(),
                    "user {} marks unread messages as unread",
                    user
                );
            }
            Change::Delivered {
                conversation,
                user,
                device,
                msgid,
            } => {
                prop_assert!(
                    self.members.contains_key(&(conversation, user))
                        && msgid <= self.head(conversation)
                );
                let last = self.delivered.insert((conversation, user, device), msgid);
                prop_assert!(
                    last < Some(msgid),
                    "the delivered cursor of {} goes back",
                    device
                );
            }
            Change::Member {
                conversation,
                user,
                joined,
                counts,
                ..
            } => {
                match self.members.insert((conversation, user), joined) {
                    Some(before) => prop_assert_eq!(
                        joined,
                        before,
                        "another role of {} is no new membership",
                        user
                    ),
                    None => {
                        prop_assert_eq!(joined, self.head(conversation).next());
                        self.unannounced.insert((conversation, user));
                    }
                }
                self.check_counts(conversation, counts)?;
            }
            Change::MemberRemoved {
                conversation,
                user,
                counts,
            } => {
                prop_assert!(
                    self.members.remove(&(conversation, user)).is_some(),
                    "{} is no member",
                    user
                );
                let last = self.entries(conversation).last().map(|entry| &entry.body);
                let is_named = match last {
                    Some(Body::System(
                        SystemEntry::Removed { users } | SystemEntry::Banned { users },
                    )) => users.contains(&user),
                    _ => false,
                };
                prop_assert!(
                    is_named,
                    "no entry says that {} left {}",
                    user,
                    conversation
                );
                self.read.remove(&(conversation, user));
                self.delivered
                    .retain(|key, _| (key.0, key.1) != (conversation, user));
                self.check_counts(conversation, counts)?;
            }
            Change::FloorRaised {
                conversation,
                floor,
            } => {
                prop_assert!(
                    floor <= self.head(conversation),
                    "the floor of {} lies above its head",
                    conversation
                );
                let last = self.floors.insert(conversation, floor);
                prop_assert!(
                    last < Some(floor),
                    "the floor of {} goes back",
                    conversation
                );
            }
            Change::Mentioned {
                conversation,
                msgid,
                ref users,
            } => {
                prop_assert!(msgid <= self.head(conversation));
                let is_member = |&user: &UserId| {
                    user == UserId::SERVER || self.members.contains_key(&(conversation, user))
                };
                prop_assert!(
                    !users.is_empty() && users.iter().all(is_member),
                    "{:?} cannot be mentioned in {}",
                    users,
                    conversation
                );
            }
            Change::MemberDetails {
                conversation,
                user,
                details: terms,
            } => {
                let joined = self.members.get(&(conversation, user)).copied();
                prop_assert!(
                    joined.is_some_and(|joined| terms.floor < joined),
                    "{} sees less than since the join",
                    user
                );
                prop_assert!(terms.hidden_at <= Some(self.head(conversation)));
            }
            Change::Relation {
                user,
                other,
                relation,
            } => {
                prop_assert!(user != other);
                let last = self.relations.insert((user, other), relation);
                prop_assert!(
                    last.unwrap_or_default() != relation,
                    "{} was {:?} to {} before",
                    other,
                    relation,
                    user
                );
            }
            Change::DeviceRemoved(_, device) => self.sent.retain(|key, _| key.0 != device),
            _ => {}
        }
        Ok(())
    }

    fn check_counts(&self, id: ConversationId, counts: MemberCounts) -> Result<(), TestCaseError> {
        let members = self.members.keys().filter(|key| key.0 == id).count();
        prop_assert_eq!(counts.members as usize, members, "members of {}", id);
        Ok(())
    }
}
