//! The changes of one group commit, encoded once, and what becomes visible when it is durable.

use std::ops::Range;

use bytes::Bytes;
use cairn_proto::content::message::{Entry, split_entry};
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::wire::codec::{self, DecodeError};
use hashbrown::HashMap;

use crate::api::change::{Appended, Change};
use crate::api::effect::Effect;

/// The changes of one group commit, encoded. The commit log writes the buffer as it is, and the
/// entries of messages are shared out of it with tails, blocks and the wire.
#[derive(Debug)]
pub struct Batch {
    bytes: Vec<u8>,
    header_bytes: usize,
    appended: Vec<EntryAt>,
    rewritten: Vec<EntryAt>,
    index: EntryIndex,
    effects: Vec<Effect>,
    forced: bool,
    moves_reads: bool,
}

/// Where each entry lies, the latest of each number. Few ask for that and entries come all the
/// time, so it is brought up to date when it is prefetch_request for.
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

/// Where in the batch's buffer a packed entry lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryAt {
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its number.
    pub msgid: MsgId,
    /// The packed entry.
    pub range: Range<usize>,
}

impl Batch {
    /// An empty batch whose buffer begins with room for the commit log's record header.
    #[must_use]
    pub fn new(header_bytes: usize) -> Self {
        Self {
            bytes: vec![0; header_bytes],
            header_bytes,
            appended: Vec::new(),
            rewritten: Vec::new(),
            index: EntryIndex::default(),
            effects: Vec::new(),
            forced: false,
            moves_reads: false,
        }
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.len() == self.header_bytes
    }

    /// Whether somebody waits for it: cursor moves alone do not force a commit.
    #[must_use]
    pub const fn is_forced(&self) -> bool {
        self.forced
    }

    /// The bytes of the encoded changes.
    #[must_use]
    pub fn payload_bytes(&self) -> usize {
        self.bytes.len() - self.header_bytes
    }

    /// The whole buffer, header included, for the commit log to fill in and write.
    pub fn buffer_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Where the new entries lie in the buffer.
    #[must_use]
    pub fn appended(&self) -> &[EntryAt] {
        &self.appended
    }

    /// Where the rewritten entries lie in the buffer, in order: of two of the same number the later
    /// one stands.
    #[must_use]
    pub fn rewritten(&self) -> &[EntryAt] {
        &self.rewritten
    }

    /// An entry, packed, as the batch leaves it: rewritten, or new.
    #[must_use]
    pub fn entry(&mut self, conversation: ConversationId, msgid: MsgId) -> Option<&[u8]> {
        self.index.bring_up_to(&self.appended, &self.rewritten);
        self.indexed(conversation, msgid)
    }

    fn indexed(&self, conversation: ConversationId, msgid: MsgId) -> Option<&[u8]> {
        self.bytes
            .get(self.index.ranges.get(&(conversation, msgid))?.clone())
    }

    /// What sessions must learn of.
    #[must_use]
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// Takes what sessions may learn of before the batch is durable: everything, if it holds
    /// nothing but moves of cursors.
    pub fn take_effects_of_moves(&mut self) -> Vec<Effect> {
        if self.forced {
            Vec::new()
        } else {
            std::mem::take(&mut self.effects)
        }
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

    /// Takes the parts: the buffer, where the new and the rewritten entries lie in it, and the
    /// effects.
    #[must_use]
    pub fn into_parts(self) -> (Vec<u8>, Vec<EntryAt>, Vec<EntryAt>, Vec<Effect>) {
        (self.bytes, self.appended, self.rewritten, self.effects)
    }

    pub(crate) fn push(&mut self, change: &Change) {
        debug_assert!(
            !matches!(change, Change::Appended(_) | Change::Rewritten { .. }),
            "an entry goes with its bytes"
        );
        codec::encode_into(change, &mut self.bytes);
        self.moves_reads |= matches!(change, Change::Read { .. });
        self.forced |= !matches!(
            change,
            Change::Read { .. } | Change::Delivered { .. } | Change::StreamOpened { .. }
        );
    }

    /// Adds an entry whose content is encoded already.
    pub(crate) fn push_appended(&mut self, appended: Appended, content: &[u8]) {
        codec::encode_into(&Change::Appended(appended), &mut self.bytes);
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

    /// Adds an entry that takes the place of an earlier one.
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

    /// Somebody is told in an overview how far he has read, and asks from then on what changed
    /// since. So what was moved waits for no company.
    pub(crate) const fn force_if_reads_moved(&mut self) {
        self.forced |= self.moves_reads;
    }

    pub(crate) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }
}

/// Reads the changes of a batch back, in order; one of an entry comes with the packed entry, any
/// other with no bytes.
///
/// # Errors
/// When the bytes are no changes; also when `each` fails.
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
        each(change, entry)?;
    }
    Ok(())
}

fn entry_len(payload: &Bytes) -> Result<usize, DecodeError> {
    split_entry(&mut payload.clone())?
        .map(|entry| entry.len())
        .ok_or(DecodeError::Malformed)
}
