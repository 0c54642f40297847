//! The changes of one group commit, encoded once, and what becomes visible when it is durable.

use std::ops::Range;

use bytes::Bytes;
use cairn_proto::codec::{self, DecodeError};
use cairn_proto::ids::{ConversationId, DeviceId, MsgId, UserId};
use cairn_proto::message::split_entry;

use super::change::{Appended, Change};

/// The changes of one group commit, encoded. The commit log writes the buffer as it is, and the entries of messages are shared
/// out of it with tails, blocks and the wire.
#[derive(Debug)]
pub struct Batch {
    bytes: Vec<u8>,
    header_bytes: usize,
    appended: Vec<AppendedAt>,
    effects: Vec<Effect>,
    forced: bool,
}

/// Where in the batch's buffer a packed entry lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppendedAt {
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its number.
    pub msgid: MsgId,
    /// The packed entry.
    pub range: Range<usize>,
}

/// What sessions must learn of when the batch is durable, beside new entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The user is a member from now on.
    Joined {
        /// The conversation.
        conversation: ConversationId,
        /// The new member.
        user: UserId,
    },
    /// The user is no member any more.
    Left {
        /// The conversation.
        conversation: ConversationId,
        /// The former member.
        user: UserId,
        /// The entry that ended the membership.
        last: MsgId,
    },
    /// The device is no more: its sessions end.
    Revoked {
        /// Whose it was.
        user: UserId,
        /// The device.
        device: DeviceId,
    },
    /// The user's side of a relation changed.
    Related {
        /// Whose side.
        user: UserId,
        /// The other one.
        other: UserId,
    },
}

impl Batch {
    /// An empty batch whose buffer begins with room for the commit log's record header.
    #[must_use]
    pub fn new(header_bytes: usize) -> Self {
        Self { bytes: vec![0; header_bytes], header_bytes, appended: Vec::new(), effects: Vec::new(), forced: false }
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
    pub fn appended(&self) -> &[AppendedAt] {
        &self.appended
    }

    /// What sessions must learn of.
    #[must_use]
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// Takes the parts: the buffer, where the entries lie in it, and the effects.
    #[must_use]
    pub fn into_parts(self) -> (Vec<u8>, Vec<AppendedAt>, Vec<Effect>) {
        (self.bytes, self.appended, self.effects)
    }

    pub(super) fn push(&mut self, change: &Change) {
        debug_assert!(!matches!(change, Change::Appended(_)), "an appended entry goes with its bytes");
        codec::encode_into(change, &mut self.bytes);
        self.forced |= !matches!(change, Change::Read { .. } | Change::Delivered { .. } | Change::StreamOpened { .. });
    }

    /// Adds an entry whose body is encoded already.
    pub(super) fn push_appended(&mut self, appended: Appended, body: &[u8]) {
        codec::encode_into(&Change::Appended(appended), &mut self.bytes);
        let start = self.bytes.len();
        codec::prefixed(&mut self.bytes, |out| {
            codec::encode_into(&(appended.sender, appended.sent_at), out);
            out.extend_from_slice(body);
        });
        let Appended { conversation, msgid, .. } = appended;
        self.appended.push(AppendedAt { conversation, msgid, range: start..self.bytes.len() });
        self.forced = true;
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }
}

/// Reads the changes of a batch back, in order; an [`Appended`] comes with its packed entry, any other with no bytes.
///
/// # Errors
/// When the bytes are no changes; also when `each` fails.
pub fn replay<E: From<DecodeError>>(mut payload: Bytes, mut each: impl FnMut(Change, Bytes) -> Result<(), E>) -> Result<(), E> {
    while !payload.is_empty() {
        let (change, read) = codec::decode_some::<Change>(&payload)?;
        let _ = payload.split_to(read);
        let entry = match change {
            Change::Appended(_) => {
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
    split_entry(&mut payload.clone())?.map(|entry| entry.len()).ok_or(DecodeError::Malformed)
}
