//! Batches: the changes of one group commit, encoded once.
//!
//! Only the owner of a batch makes it durable. Until then its entries and updates must stay
//! invisible, or a crash could revoke what a client has seen. The updates of cursor moves are the
//! one exception.

use std::ops::Range;

use bytes::Bytes;
use cairn_proto::content::message::{Entry, split_entry};
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::wire::codec::{self, DecodeError};
use hashbrown::HashMap;

use crate::api::change::{Appended, Change};
use crate::api::kinds::Kinds;
use crate::api::update::Update;

/// The encoded changes of one group commit. The commit log writes the buffer as it is; tails,
/// blocks and the wire share its entries.
#[derive(Debug)]
pub struct Batch {
    bytes: Vec<u8>,
    header_bytes: usize,
    appended: Vec<EntryAt>,
    rewritten: Vec<EntryAt>,
    /// Conversations that begin, with or without an entry.
    created: Vec<ConversationId>,
    index: EntryIndex,
    updates: Vec<Update>,
    kinds: Kinds,
    forced: bool,
    moves_reads: bool,
}

/// The latest position of each entry. Built lazily, because entries arrive often and lookups are
/// rare.
#[derive(Debug, Default)]
struct EntryIndex {
    ranges: HashMap<(ConversationId, MsgId), Range<usize>>,
    appended: usize,
    rewritten: usize,
}

impl EntryIndex {
    fn bring_up_to(&mut self, appended: &[EntryAt], rewritten: &[EntryAt]) {
        let news = appended
            .iter()
            .skip(self.appended)
            .chain(rewritten.iter().skip(self.rewritten));
        self.ranges
            .extend(news.map(|at| ((at.conversation, at.msgid), at.range.clone())));
        (self.appended, self.rewritten) = (appended.len(), rewritten.len());
    }
}

/// The position of a packed entry in the batch's buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryAt {
    pub conversation: ConversationId,
    pub msgid: MsgId,
    pub range: Range<usize>,
}

impl Batch {
    /// Creates an empty batch. The buffer starts with `header_bytes` for the commit log's record
    /// header.
    #[must_use]
    pub fn new(header_bytes: usize) -> Self {
        Self {
            bytes: vec![0; header_bytes],
            header_bytes,
            appended: Vec::new(),
            rewritten: Vec::new(),
            created: Vec::new(),
            index: EntryIndex::default(),
            updates: Vec::new(),
            kinds: Kinds::NONE,
            forced: false,
            moves_reads: false,
        }
    }

    /// Creates an empty batch after this one, with room for as much.
    #[must_use]
    pub fn next(&self) -> Self {
        let mut next = Self::new(self.header_bytes);
        next.bytes.reserve_exact(self.payload_bytes());
        next.appended.reserve_exact(self.appended.len());
        next
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.len() == self.header_bytes
    }

    /// Returns whether the batch needs a commit of its own. Cursor moves do not: they ride along
    /// with the next forced batch, or wait for the lazy flush. Losing them in a crash costs a
    /// redelivery, never a message.
    #[must_use]
    pub const fn is_forced(&self) -> bool {
        self.forced
    }

    /// Length of the encoded changes, without the header.
    #[must_use]
    pub fn payload_bytes(&self) -> usize {
        self.bytes.len() - self.header_bytes
    }

    /// The buffer with its header, for the commit log to fill in and write.
    pub fn buffer_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    #[must_use]
    pub fn appended(&self) -> &[EntryAt] {
        &self.appended
    }

    /// Positions of the rewritten entries, in order: for the same entry, the later one wins.
    #[must_use]
    pub fn rewritten(&self) -> &[EntryAt] {
        &self.rewritten
    }

    /// The packed entry as the batch leaves it.
    #[must_use]
    pub fn entry(&mut self, conversation: ConversationId, msgid: MsgId) -> Option<&[u8]> {
        self.index.bring_up_to(&self.appended, &self.rewritten);
        self.indexed(conversation, msgid)
    }

    fn indexed(&self, conversation: ConversationId, msgid: MsgId) -> Option<&[u8]> {
        self.bytes
            .get(self.index.ranges.get(&(conversation, msgid))?.clone())
    }

    /// Returns whether there are updates to take.
    #[must_use]
    pub const fn has_updates(&self) -> bool {
        !self.updates.is_empty()
    }

    /// Takes the updates since the last call, in order. They may be published once the batch is
    /// durable, or at once while it is not [forced](Batch::is_forced).
    pub fn drain_updates(&mut self) -> std::vec::Drain<'_, Update> {
        self.updates.drain(..)
    }

    /// Takes the conversations that begin with the batch.
    #[must_use]
    pub fn take_created(&mut self) -> Vec<ConversationId> {
        std::mem::take(&mut self.created)
    }

    /// The packed entries of the batch from `first` to `last` of a conversation.
    pub(crate) fn entries(
        &mut self,
        conversation: ConversationId,
        first: MsgId,
        last: MsgId,
    ) -> Vec<(ConversationId, MsgId, &[u8])> {
        self.index.bring_up_to(&self.appended, &self.rewritten);
        (first.get()..=last.get())
            .map(MsgId::new)
            .filter_map(|msgid| Some((conversation, msgid, self.indexed(conversation, msgid)?)))
            .collect()
    }

    /// The kinds of the changes.
    #[must_use]
    pub const fn kinds(&self) -> Kinds {
        self.kinds
    }

    /// Splits the batch into its buffer, and the positions of new and of rewritten entries.
    #[must_use]
    pub fn into_parts(self) -> (Vec<u8>, Vec<EntryAt>, Vec<EntryAt>) {
        (self.bytes, self.appended, self.rewritten)
    }

    pub(crate) fn push(&mut self, change: &Change) {
        debug_assert!(
            !matches!(change, Change::Appended(_) | Change::Rewritten { .. }),
            "entries are pushed with their bytes"
        );
        codec::encode_into(change, &mut self.bytes);
        self.kinds = self.kinds.with(change.kind());
        self.moves_reads |= matches!(change, Change::Read { .. });
        if let Change::Conversation(id, _) = change {
            self.created.push(*id);
        }
        // Only what may be lost in a crash rides along. Anything else would be acknowledged while
        // no commit is due.
        self.forced |= !matches!(change, Change::Read { .. } | Change::Delivered { .. });
    }

    /// Appends an entry whose content is already encoded.
    pub(crate) fn push_appended(&mut self, appended: Appended, content: &[u8]) {
        codec::encode_into(&Change::Appended(appended), &mut self.bytes);
        self.kinds = self.kinds.with(Kinds::APPENDED);
        let start = self.bytes.len();
        codec::prefixed(&mut self.bytes, |out| {
            codec::encode_into(&(appended.sender, appended.sent_at), out);
            out.extend_from_slice(content);
        });
        let Appended {
            conversation,
            msgid,
            ..
        } = appended;
        let range = start..self.bytes.len();
        self.appended.push(EntryAt {
            conversation,
            msgid,
            range,
        });
        self.forced = true;
    }

    pub(crate) fn push_rewritten(
        &mut self,
        conversation: ConversationId,
        msgid: MsgId,
        entry: &Entry,
    ) {
        codec::encode_into(
            &Change::Rewritten {
                conversation,
                msgid,
                is_message: entry.body.is_message(),
            },
            &mut self.bytes,
        );
        self.kinds = self.kinds.with(Kinds::REWRITTEN);
        let start = self.bytes.len();
        entry.pack(&mut self.bytes);
        let range = start..self.bytes.len();
        self.rewritten.push(EntryAt {
            conversation,
            msgid,
            range,
        });
        self.forced = true;
    }

    /// Forces a commit if a read cursor moved. An overview shows the cursor, and the device asks
    /// only for later changes from then on: were the move lost in a crash, the device would never
    /// see the correction.
    pub(crate) const fn force_if_reads_moved(&mut self) {
        self.forced |= self.moves_reads;
    }

    pub(crate) fn publish(&mut self, update: Update) {
        self.updates.push(update);
    }
}

/// Decodes the changes of a batch in order. An appended or rewritten entry comes with its packed
/// bytes, any other change with none.
///
/// # Errors
/// If the bytes are malformed, or if `each` fails.
pub fn replay<E: From<DecodeError>>(
    mut payload: Bytes,
    mut each: impl FnMut(Change, Bytes) -> Result<(), E>,
) -> Result<(), E> {
    while !payload.is_empty() {
        let (change, read) = codec::decode_some::<Change>(&payload)?;
        let _ = payload.split_to(read);
        let entry = match change {
            Change::Appended(_) | Change::Rewritten { .. } => {
                let len = entry_len(&payload)?;
                payload.split_to(len)
            }
            _ => Bytes::new(),
        };
        each(change.current(), entry)?;
    }
    Ok(())
}

fn entry_len(payload: &Bytes) -> Result<usize, DecodeError> {
    split_entry(&mut payload.clone())?
        .map(|entry| entry.len())
        .ok_or(DecodeError::Malformed)
}
