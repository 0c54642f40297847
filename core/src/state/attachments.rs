//! What is in memory of attachments: what was needed or changed lately, how much each user has
//! stored, and which ones nobody names.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use hashbrown::HashMap;

use crate::record::{AttachmentRecord, Row};

/// What is in memory of attachments.
#[derive(Debug, Default)]
pub struct Attachments {
    /// `None` of those that are known not to exist.
    records: HashMap<AttachmentHash, Option<AttachmentRecord>>,
    /// What messages name; `None` of those that are known to name nothing.
    uses: BTreeMap<(ConversationId, MsgId), Option<AttachmentHash>>,
    /// Up to which message it is known of a conversation what every one names.
    known_through: HashMap<ConversationId, MsgId>,
    /// What the uploads of each user take, as [`super::charged_bytes`] counts them. Always in
    /// memory, as users are.
    bytes: HashMap<UserId, u64>,
    /// Those that no message names. Always in memory: they are few, or about to go.
    unused: BTreeSet<AttachmentHash>,
    dirty: Dirty,
}

/// What the trees do not have as it is in memory.
#[derive(Debug, Default)]
struct Dirty {
    records: BTreeSet<AttachmentHash>,
    uses: BTreeSet<(ConversationId, MsgId)>,
    bytes: BTreeSet<UserId>,
}

impl Attachments {
    /// Whether it is known if there is such an attachment.
    #[must_use]
    pub fn knows(&self, hash: AttachmentHash) -> bool {
        self.records.contains_key(&hash)
    }

    /// An attachment, if it is in memory.
    #[must_use]
    pub fn record(&self, hash: AttachmentHash) -> Option<&AttachmentRecord> {
        self.records.get(&hash)?.as_ref()
    }

    /// Whether it is known what a message names, and what is known of that.
    #[must_use]
    pub(crate) fn knows_ref(&self, conversation: ConversationId, msgid: MsgId) -> bool {
        self.uses
            .get(&(conversation, msgid))
            .is_some_and(|hash| hash.is_none_or(|hash| self.knows(hash)))
    }

    /// What a message names, if it is in memory.
    #[must_use]
    pub fn attachment_of(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
    ) -> Option<AttachmentHash> {
        *self.uses.get(&(conversation, msgid))?
    }

    /// Up to which message it is known what every one of a conversation names.
    #[must_use]
    pub(crate) fn known_through(&self, conversation: ConversationId) -> Option<MsgId> {
        self.known_through.get(&conversation).copied()
    }

    /// The messages of a conversation above `above` and up to `last`, which must not lie below it,
    /// that name something, as far as that is in memory; and what they name.
    pub(crate) fn refs_within(
        &self,
        conversation: ConversationId,
        above: MsgId,
        last: MsgId,
    ) -> impl Iterator<Item = (MsgId, AttachmentHash)> {
        let range = (
            Bound::Excluded((conversation, above)),
            Bound::Included((conversation, last)),
        );
        self.uses
            .range(range)
            .filter_map(|(&(_, msgid), hash)| hash.map(|hash| (msgid, hash)))
    }

    /// What the messages of a conversation up to this one name, as far as that is in memory.
    #[must_use]
    pub fn hashes_through(&self, conversation: ConversationId, last: MsgId) -> Vec<AttachmentHash> {
        self.uses
            .range((conversation, MsgId::ZERO)..=(conversation, last))
            .filter_map(|(_, hash)| *hash)
            .collect()
    }

    /// What the uploads of a user take.
    #[must_use]
    pub fn bytes_of(&self, user: UserId) -> u64 {
        self.bytes.get(&user).copied().unwrap_or_default()
    }

    /// The attachments above this one that no message names, in the order of their hashes.
    pub fn unused_above(
        &self,
        above: Option<AttachmentHash>,
    ) -> impl Iterator<Item = AttachmentHash> {
        let from = above.map_or(Bound::Unbounded, Bound::Excluded);
        self.unused.range((from, Bound::Unbounded)).copied()
    }

    pub(crate) fn set_record(&mut self, hash: AttachmentHash, record: Option<&AttachmentRecord>) {
        self.unused.remove(&hash);
        if record.is_some_and(|record| record.uses == 0) {
            self.unused.insert(hash);
        }
        self.records.insert(hash, record.cloned());
        self.dirty.records.insert(hash);
    }

    pub(crate) fn set_refs(&mut self, hash: AttachmentHash, uses: u64) {
        let Some(Some(record)) = self.records.get_mut(&hash) else {
            return;
        };
        record.uses = uses;
        match uses {
            0 => drop(self.unused.insert(hash)),
            _ => drop(self.unused.remove(&hash)),
        }
        self.dirty.records.insert(hash);
    }

    pub(crate) fn set_ref(
        &mut self,
        conversation: ConversationId,
        msgid: MsgId,
        hash: Option<AttachmentHash>,
    ) {
        self.uses.insert((conversation, msgid), hash);
        self.dirty.uses.insert((conversation, msgid));
    }

    pub(crate) fn set_bytes(&mut self, user: UserId, bytes: u64) {
        self.install_bytes(user, bytes);
        self.dirty.bytes.insert(user);
    }

    /// The rows that changed since the last call, as they are now.
    pub(crate) fn take_dirty(&mut self, rows: &mut Vec<Row>) {
        let Dirty {
            records,
            uses,
            bytes,
        } = std::mem::take(&mut self.dirty);
        rows.extend(
            records
                .into_iter()
                .map(|hash| Row::Attachment(hash, self.record(hash).cloned())),
        );
        rows.extend(uses.into_iter().map(|(conversation, msgid)| {
            Row::Attached(conversation, msgid, self.attachment_of(conversation, msgid))
        }));
        rows.extend(
            bytes
                .into_iter()
                .map(|user| Row::AttachmentBytes(user, self.bytes_of(user))),
        );
    }

    /// Lets go of everything that is stored as it is and can be loaded again.
    pub(crate) fn evict(&mut self) {
        let Self {
            records,
            uses,
            known_through,
            dirty,
            ..
        } = self;
        records.retain(|hash, _| dirty.records.contains(hash));
        uses.retain(|key, _| dirty.uses.contains(key));
        known_through.clear();
    }
}

/// Taking back what was stored. What is in memory already stays as it is, for it may be newer.
impl Attachments {
    /// A stored attachment; `None` when there is none.
    pub fn install_record(&mut self, hash: AttachmentHash, record: Option<AttachmentRecord>) {
        self.records.entry(hash).or_insert(record);
    }

    /// What a message names, as stored; `None` when it names nothing.
    pub fn install_ref(
        &mut self,
        conversation: ConversationId,
        msgid: MsgId,
        hash: Option<AttachmentHash>,
    ) {
        self.uses.entry((conversation, msgid)).or_insert(hash);
    }

    /// Of the messages of a conversation up to this one, all that name something were installed.
    pub fn install_known_through(&mut self, conversation: ConversationId, last: MsgId) {
        self.known_through.insert(conversation, last);
    }

    /// What the uploads of a user take.
    pub fn install_bytes(&mut self, user: UserId, bytes: u64) {
        self.bytes.insert(user, bytes);
    }

    /// An attachment that no message names.
    pub fn install_unused(&mut self, hash: AttachmentHash) {
        self.unused.insert(hash);
    }
}
