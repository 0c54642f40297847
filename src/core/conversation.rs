//! One conversation in memory: its record, the members that were needed so far, and what of it is not stored yet.

use cairn_proto::ids::{DeviceId, ImportSource, MsgId, Timestamp, UserId};
use hashbrown::HashMap;

use super::record::{ConversationRecord, MemberRecord};
use super::uncounted::Uncounted;

/// A conversation.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// What is stored of it.
    pub record: ConversationRecord,
    /// Its entries that are no messages.
    pub uncounted: Uncounted,
    /// The import cursors.
    pub imports: HashMap<ImportSource, u64>,
    pub(super) members: HashMap<UserId, Member>,
    /// Whether `members` is all of them, so that a user who is not in there is no member.
    pub(super) members_complete: bool,
    pub(super) unsaved: Unsaved,
}

/// A member in memory.
#[derive(Clone, Debug)]
pub struct Member {
    /// What is stored of the membership.
    pub record: MemberRecord,
    pub(super) delivered: Vec<Delivered>,
    pub(super) unsaved: bool,
}

/// The delivered cursor of one device.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delivered {
    pub(super) device: DeviceId,
    pub(super) msgid: MsgId,
    pub(super) unsaved: bool,
}

/// Which parts of a conversation the trees do not have as they are in memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Unsaved {
    /// Whether the conversation is on the list of those with anything to save.
    pub(super) listed: bool,
    pub(super) members: Vec<UserId>,
    pub(super) delivered: Vec<(UserId, DeviceId)>,
    pub(super) chunks: Vec<u64>,
    pub(super) imports: Vec<ImportSource>,
}

impl Conversation {
    /// A conversation of which no member is in memory.
    #[must_use]
    pub fn new(record: ConversationRecord) -> Self {
        Self {
            record,
            uncounted: Uncounted::default(),
            imports: HashMap::new(),
            members: HashMap::new(),
            members_complete: false,
            unsaved: Unsaved::default(),
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
        self.members_complete || self.members.contains_key(&user)
    }

    /// Whether every member is in memory.
    #[must_use]
    pub const fn knows_all(&self) -> bool {
        self.members_complete
    }

    /// Every member in memory, in the order of their ids.
    #[must_use]
    pub fn members_sorted(&self) -> Vec<(UserId, &Member)> {
        let mut members: Vec<_> = self.members.iter().map(|(&user, member)| (user, member)).collect();
        members.sort_unstable_by_key(|&(user, _)| user);
        members
    }

    /// What `member` has above him: `(base, uncounted, unread)`, by the formula of the read cursor.
    /// `unread = messages of others above max(read, floor, joined - 1)`; own messages never lie above it, since sending reads.
    #[must_use]
    pub fn unread(&self, member: &MemberRecord) -> (MsgId, u64, u64) {
        let base = member.read.max(self.record.floor).max(member.joined.prev());
        let uncounted = self.uncounted.count(base, self.record.head);
        (base, uncounted, self.record.head.above(base).saturating_sub(uncounted))
    }

    /// The time of an entry that is made now: the clock may go back, the times in a log do not, but for imported ones.
    pub(super) fn not_before_last(&self, now: Timestamp) -> Timestamp {
        now.max(self.record.last_sent_at)
    }

    /// About how much memory it takes, in bytes.
    pub(super) fn memory_bytes(&self) -> usize {
        256 + self.members.len() * 112 + self.imports.len() * 32
    }
}

impl Member {
    pub(super) fn new(record: MemberRecord) -> Self {
        Self { record, delivered: Vec::new(), unsaved: false }
    }

    /// The delivered cursor of a device; 0 when it has acked nothing.
    #[must_use]
    pub fn delivered(&self, device: DeviceId) -> MsgId {
        self.delivered.iter().find(|cursor| cursor.device == device).map_or(MsgId::ZERO, |cursor| cursor.msgid)
    }
}
