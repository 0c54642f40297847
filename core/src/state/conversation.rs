//! One conversation in memory: its record, the members that were needed so far, and what of it is
//! not stored yet.

use std::collections::BTreeSet;

use cairn_proto::ids::{DeviceId, ImportSource, MsgId, Timestamp, UserId};
use cairn_proto::limits::RECEIPTS_COUNTED_MAX;
use cairn_proto::model::group::{MemberSettings, Role};
use cairn_proto::model::retention::Retention;
use cairn_proto::wire::error::ErrorCode;
use hashbrown::{HashMap, HashSet};

use crate::limits::CLOCK_STEP_MS_MAX;
use crate::record::MsgIdSet;
use crate::record::{
    ConversationRecord, GroupRecord, MemberChunk, MemberDetails, MemberRecord, StoredMember,
};

/// A conversation.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// What is stored of it.
    pub record: ConversationRecord,
    /// What is agreed on in it, when it is a group.
    pub group: GroupRecord,
    /// Its entries that are no messages.
    pub uncounted: MsgIdSet,
    /// The messages that mention a user who was a member then; those that mention everybody stand
    /// under [`UserId::SERVER`].
    pub(crate) mentions: HashMap<UserId, MsgIdSet>,
    /// The pinned messages, in the order of their numbers.
    pub pins: Vec<MsgId>,
    /// How long messages stay; `None` where that is left to the server.
    pub retention: Option<Retention>,
    /// The import cursors.
    pub imports: HashMap<ImportSource, u64>,
    pub(crate) members: HashMap<UserId, Member>,
    /// Whether `members` is all of them, so that a user who is not in there is no member.
    pub(crate) members_complete: bool,
    /// The chunks whose members are all in `members`, unless that holds for every chunk.
    pub(crate) chunks: HashSet<MemberChunk>,
    pub(crate) dirty: Dirty,
}

/// A member in memory.
#[derive(Clone, Debug)]
pub struct Member {
    /// What is stored of the membership.
    pub record: MemberRecord,
    /// The delivered cursors of the devices that have acked anything.
    pub(crate) delivered: Vec<(DeviceId, MsgId)>,
}

/// Which parts of a conversation the trees do not have as they are in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dirty {
    /// Whether the conversation is on the list of those with anything to save.
    pub(crate) listed: bool,
    pub(crate) group: bool,
    pub(crate) members: BTreeSet<MemberChunk>,
    pub(crate) chunks: Vec<u64>,
    pub(crate) imports: Vec<ImportSource>,
    /// Chunks of the sets of mentions.
    pub(crate) mentions: BTreeSet<(UserId, u64)>,
    pub(crate) pins: bool,
    pub(crate) retention: bool,
}

impl Conversation {
    /// A conversation of which no member is in memory.
    #[must_use]
    pub fn new(record: ConversationRecord) -> Self {
        Self {
            record,
            group: GroupRecord::default(),
            uncounted: MsgIdSet::default(),
            mentions: HashMap::new(),
            pins: Vec::new(),
            retention: None,
            imports: HashMap::new(),
            members: HashMap::new(),
            members_complete: false,
            chunks: HashSet::new(),
            dirty: Dirty::default(),
        }
    }

    /// A member, if he is in memory.
    #[must_use]
    pub fn member(&self, user: UserId) -> Option<&Member> {
        self.members.get(&user)
    }

    /// Whether it is known if `user` is a member.
    #[must_use]
    pub fn knows(&self, user: UserId) -> bool {
        self.knows_chunk(MemberChunk::of(user))
    }

    /// Whether every member of a chunk is in memory.
    pub(crate) fn knows_chunk(&self, chunk: MemberChunk) -> bool {
        self.members_complete || self.chunks.contains(&chunk)
    }

    /// Whether every member is in memory.
    #[must_use]
    pub(crate) const fn knows_all(&self) -> bool {
        self.members_complete
    }

    /// Every member in memory, in the order of their ids.
    #[must_use]
    pub fn members_sorted(&self) -> Vec<(UserId, &Member)> {
        let mut members: Vec<_> = self
            .members
            .iter()
            .map(|(&user, member)| (user, member))
            .collect();
        members.sort_unstable_by_key(|&(user, _)| user);
        members
    }

    /// What `member` has above him: `(base, uncounted, unread)`, by the formula of the read cursor.
    /// `unread = messages of others above max(read, floor, joined - 1)`. Own messages lie above it
    /// only where he marked as unread what he had read, since sending reads.
    #[must_use]
    pub fn unread(&self, member: &MemberRecord) -> (MsgId, u64, u64) {
        let base = member.read.max(self.record.floor).max(member.joined.prev());
        let uncounted = self.uncounted.count(base, self.record.head);
        (
            base,
            uncounted,
            self.record
                .head
                .above(base)
                .saturating_sub(uncounted + self.own_above(member, base)),
        )
    }

    /// Whether an entry is not gone on purpose.
    ///
    /// # Errors
    /// [`ErrorCode::Expired`] when it is.
    pub(crate) fn check_unexpired(&self, msgid: MsgId) -> Result<(), ErrorCode> {
        if msgid > MsgId::ZERO && msgid <= self.record.floor {
            Err(ErrorCode::Expired)
        } else {
            Ok(())
        }
    }

    /// How many of the messages of others above `base` mention a member, by name or with everybody.
    #[must_use]
    pub fn mentions(&self, user: UserId, member: &MemberRecord, base: MsgId) -> u64 {
        let sets = [user, UserId::SERVER]
            .into_iter()
            .filter_map(|of| self.mentions.get(&of));
        let all: u64 = sets
            .map(|set| set.count_without(base, self.record.head, &self.uncounted))
            .sum();
        all.saturating_sub(self.own_mentions_above(member, user, base))
    }

    /// Everything up to here is gone, or is not for `member`.
    #[must_use]
    pub fn floor(&self, member: &MemberRecord) -> MsgId {
        self.record.floor.max(member.details.floor)
    }

    /// Whether `member` may read an entry with this number.
    pub(crate) fn shows(&self, member: &MemberRecord, msgid: MsgId) -> bool {
        msgid > self.floor(member) && msgid <= self.record.head
    }

    /// Whether it is so small that all of its members are looked at together.
    pub(crate) const fn is_counted(&self) -> bool {
        self.record.counts.members as usize <= RECEIPTS_COUNTED_MAX
    }

    /// What a member settled for himself. What is hidden is shown again once there is a message
    /// that was not there then, and stays so when that message is recalled.
    #[must_use]
    pub fn settings_of(&self, details: &MemberDetails) -> MemberSettings {
        let hidden = details
            .hidden_at
            .is_some_and(|at| self.record.last_message <= at);
        MemberSettings {
            muted: details.muted,
            favourite: details.favourite,
            hidden,
        }
    }

    /// The members among these users, with their roles.
    pub(crate) fn roles_of(&self, users: impl Iterator<Item = UserId>) -> Vec<(UserId, Role)> {
        users
            .filter_map(|user| Some((user, self.member(user)?.record.role)))
            .collect()
    }

    /// The time of an entry that is made now: the clock may go back a little, the times in a log do
    /// not, but for imported ones. A clock that was far ahead for a while is forgotten, though:
    /// order comes from numbers, and nobody is to wait until that time has come.
    pub(crate) fn not_before_last(&self, now: Timestamp) -> Timestamp {
        let last = self.record.last_sent_at;
        if last.get().saturating_sub(now.get()) > CLOCK_STEP_MS_MAX {
            now
        } else {
            now.max(last)
        }
    }

    /// Notes that an entry is no message, or none any more.
    pub(crate) fn note_uncounted(&mut self, msgid: MsgId) {
        if self.uncounted.insert(msgid) {
            let chunk = MsgIdSet::chunk_of(msgid);
            if self.dirty.chunks.last() != Some(&chunk) {
                self.dirty.chunks.push(chunk);
            }
        }
    }

    /// Forgets which entries do not count and which mention whom, where they are gone on purpose.
    /// The rows go with the blocks.
    pub(crate) fn forget_index(&mut self, floor: MsgId) {
        self.uncounted.drop_through(floor);
        self.mentions.retain(|_, set| {
            set.drop_through(floor);
            !set.is_empty()
        });
    }

    /// The members of a chunk, in the order of their ids, as they are to be stored.
    pub(crate) fn stored_members(&self, chunk: MemberChunk) -> Vec<StoredMember> {
        let stored = |user| {
            let Member { record, delivered } = self.members.get(&user)?.clone();
            Some(StoredMember {
                user,
                record,
                delivered,
            })
        };
        chunk.users().filter_map(stored).collect()
    }

    /// Notes that the trees do not have a member as it is in memory, or have one who is gone.
    pub(crate) fn note_member(&mut self, user: UserId) {
        self.dirty.members.insert(MemberChunk::of(user));
    }

    /// About how much memory it takes, in bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        let of_members =
            self.members.len() * 152 + self.chunks.len() * 8 + self.mentions.len() * 160;
        320 + of_members
            + self.imports.len() * 32
            + self.group.banned.len() * 4
            + self.group.muted.len() * 16
    }
}

impl Member {
    pub(crate) fn new(record: MemberRecord) -> Self {
        Self {
            record,
            delivered: Vec::new(),
        }
    }

    /// The delivered cursor of a device; 0 when it has acked nothing.
    #[must_use]
    pub fn delivered(&self, device: DeviceId) -> MsgId {
        self.delivered
            .iter()
            .find(|&&(of, _)| of == device)
            .map_or(MsgId::ZERO, |&(_, msgid)| msgid)
    }
}
