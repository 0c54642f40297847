//! A conversation in memory: its record, the loaded members, and what is not stored yet.

use std::collections::BTreeSet;

use cairn_proto::ids::{DeviceId, ImportSource, MsgId, Timestamp, UserId};
use cairn_proto::limits::RECEIPTS_COUNTED_MAX;
use cairn_proto::model::group::{MemberSettings, Role};
use cairn_proto::model::retention::Retention;
use cairn_proto::wire::error::ErrorCode;
use hashbrown::{HashMap, HashSet};

use crate::limits::CLOCK_STEP_MS_MAX;
use crate::record::{
    ConversationRecord, GroupRecord, MemberChunk, MemberDetails, MemberRecord, MsgIdSet,
    StoredMember,
};
use crate::state::table::{Slot, Table};

#[derive(Clone, Debug)]
pub struct Conversation {
    pub record: ConversationRecord,
    /// Default unless it is a group.
    pub group: GroupRecord,
    /// Entries that are not messages.
    pub uncounted: MsgIdSet,
    /// Messages by mentioned member; those that mention everyone are under [`UserId::SERVER`], and
    /// under the members whom they do not notify.
    pub(crate) mentions: HashMap<UserId, MsgIdSet>,
    /// Ordered by message id.
    pub pins: Vec<MsgId>,
    /// `None` for the server's default.
    pub retention: Option<Retention>,
    pub imports: HashMap<ImportSource, u64>,
    pub(crate) members: Table<UserId, Member>,
    /// Whether `members` holds all members, so that any other user is none.
    pub(crate) members_complete: bool,
    /// Chunks whose members are all loaded. Unused once `members_complete` is set.
    pub(crate) chunks: HashSet<MemberChunk>,
    pub(crate) dirty: Dirty,
}

/// Where a membership was found.
#[derive(Clone, Copy, Debug, Default)]
pub struct MembershipSlots {
    pub(crate) conversation: Option<Slot>,
    pub(crate) member: Option<Slot>,
}

#[derive(Clone, Debug)]
pub struct Member {
    pub record: MemberRecord,
    /// Only devices that acked something.
    pub(crate) delivered: Vec<(DeviceId, MsgId)>,
}

/// What differs from the trees.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dirty {
    /// Whether the conversation is in the state's list of dirty ones.
    pub(crate) listed: bool,
    pub(crate) group: bool,
    pub(crate) members: BTreeSet<MemberChunk>,
    pub(crate) chunks: Vec<u64>,
    pub(crate) imports: Vec<ImportSource>,
    /// Chunks of mentions.
    pub(crate) mentions: BTreeSet<(UserId, u64)>,
    pub(crate) pins: bool,
    pub(crate) retention: bool,
}

impl Conversation {
    /// Creates a conversation without loaded members.
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
            members: Table::default(),
            members_complete: false,
            chunks: HashSet::new(),
            dirty: Dirty::default(),
        }
    }

    /// A member, if in memory.
    #[must_use]
    pub fn member(&self, user: UserId) -> Option<&Member> {
        self.members.get(&user)
    }

    /// Returns whether it is known if `user` is a member.
    #[must_use]
    pub fn knows(&self, user: UserId) -> bool {
        self.knows_chunk(MemberChunk::of(user))
    }

    /// Returns whether all members of a chunk are in memory.
    pub(crate) fn knows_chunk(&self, chunk: MemberChunk) -> bool {
        self.members_complete || self.chunks.contains(&chunk)
    }

    /// Returns whether all members are in memory.
    #[must_use]
    pub(crate) const fn knows_all(&self) -> bool {
        self.members_complete
    }

    /// The loaded members, ordered by id.
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

    /// The unread count as `(base, uncounted, unread)`: messages of others above `base = max(read,
    /// floor, joined - 1)`. Own messages are above it only after marking as unread, since sending
    /// moves the read cursor.
    #[must_use]
    pub fn unread(&self, member: &MemberRecord) -> (MsgId, u64, u64) {
        let base = member.own_read().max(self.record.floor);
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

    /// # Errors
    /// [`ErrorCode::Expired`] if the entry has expired.
    pub(crate) fn check_unexpired(&self, msgid: MsgId) -> Result<(), ErrorCode> {
        if msgid > MsgId::ZERO && msgid <= self.record.floor {
            Err(ErrorCode::Expired)
        } else {
            Ok(())
        }
    }

    /// How many unread messages above `base` mention a member, by name or with everyone.
    #[must_use]
    pub fn mentions(&self, user: UserId, member: &MemberRecord, base: MsgId) -> u64 {
        let [own, all] = [user, UserId::SERVER].map(|of| self.mentions.get(&of));
        let (head, uncounted) = (self.record.head, &self.uncounted);
        let sets = own.into_iter().chain(all);
        let either: u64 = sets
            .map(|set| set.count_without(base, head, uncounted))
            .sum();
        let both = own.zip(all).map_or(0, |(own, all)| {
            own.count_both_without(all, base, head, uncounted)
        });
        either
            .saturating_sub(2 * both)
            .saturating_sub(self.own_mentions_above(member, user, base))
    }

    /// Entries up to here have expired or predate `member`'s access.
    #[must_use]
    pub fn floor(&self, member: &MemberRecord) -> MsgId {
        self.record.floor.max(member.details.floor)
    }

    /// Returns whether `member` may read this entry.
    pub(crate) fn shows(&self, member: &MemberRecord, msgid: MsgId) -> bool {
        msgid > self.floor(member) && msgid <= self.record.head
    }

    /// Returns whether the conversation is small enough to count all members at once.
    pub(crate) const fn is_counted(&self) -> bool {
        self.record.counts.members as usize <= RECEIPTS_COUNTED_MAX
    }

    /// A member's personal settings. A hidden conversation is shown again after the next message,
    /// and stays so if that one is recalled.
    #[must_use]
    pub fn settings_of(&self, details: &MemberDetails) -> MemberSettings {
        let hidden = details
            .hidden_at
            .is_some_and(|at| self.record.last_message <= at);
        MemberSettings {
            notifications: details.notifications,
            favourite: details.favourite,
            hidden,
        }
    }

    pub(crate) fn roles_of(&self, users: impl Iterator<Item = UserId>) -> Vec<(UserId, Role)> {
        users
            .filter_map(|user| Some((user, self.member(user)?.record.role)))
            .collect()
    }

    /// The time of a new entry: never before the previous one, even if the clock stepped back. A
    /// step beyond [`CLOCK_STEP_MS_MAX`] means that the clock was wrong before, so the new time is
    /// used as it is: entries are ordered by number, and times must not stay wrong until the clock
    /// catches up.
    pub(crate) fn not_before_last(&self, now: Timestamp) -> Timestamp {
        let last = self.record.last_sent_at;
        if last.get().saturating_sub(now.get()) > CLOCK_STEP_MS_MAX {
            now
        } else {
            now.max(last)
        }
    }

    /// Marks an entry as not a message.
    pub(crate) fn note_uncounted(&mut self, msgid: MsgId) {
        if self.uncounted.insert(msgid) {
            let chunk = MsgIdSet::chunk_of(msgid);
            if self.dirty.chunks.last() != Some(&chunk) {
                self.dirty.chunks.push(chunk);
            }
        }
    }

    /// Drops the sets of uncounted entries and mentions below the floor. Checkpoints delete the
    /// rows together with the blocks.
    pub(crate) fn forget_index(&mut self, floor: MsgId) {
        self.uncounted.drop_through(floor);
        self.mentions.retain(|_, set| {
            set.drop_through(floor);
            !set.is_empty()
        });
    }

    /// The stored form of a chunk, ordered by id.
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

    /// Marks a member's row as dirty.
    pub(crate) fn note_member(&mut self, user: UserId) {
        self.dirty.members.insert(MemberChunk::of(user));
    }

    /// Approximate size in memory.
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

    /// A device's delivered cursor; 0 if it acked nothing.
    #[must_use]
    pub fn delivered(&self, device: DeviceId) -> MsgId {
        self.delivered
            .iter()
            .find(|&&(of, _)| of == device)
            .map_or(MsgId::ZERO, |&(_, msgid)| msgid)
    }
}
