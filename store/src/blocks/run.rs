//! Building a run from entries of the tail and of blocks, within the limits of the wire.

use std::collections::VecDeque;

use bytes::Bytes;
use cairn_proto::content::message::Run;
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::limits;

/// The limits of a run. One message always fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunLimits {
    messages: u32,
    bytes: usize,
}

impl RunLimits {
    /// The limits of the wire.
    pub const MAX: Self = Self {
        messages: limits::RUN_MESSAGES_MAX,
        bytes: limits::RUN_BYTES_MAX,
    };

    /// Limits the number of messages; 0 counts as 1.
    #[must_use]
    pub fn of_messages(messages: u32) -> Self {
        Self {
            messages: messages.clamp(1, limits::RUN_MESSAGES_MAX),
            ..Self::MAX
        }
    }

    /// Limits the bytes as well.
    #[cfg(test)]
    pub(crate) fn and_bytes(self, bytes: usize) -> Self {
        Self {
            bytes: bytes.min(limits::RUN_BYTES_MAX),
            ..self
        }
    }
}

/// A run that grows at one end.
#[derive(Debug)]
pub(crate) struct RunBuilder {
    conversation: ConversationId,
    first: MsgId,
    limits: RunLimits,
    entries: VecDeque<Bytes>,
    bytes: usize,
    is_full: bool,
}

impl RunBuilder {
    /// Creates an empty run before this message.
    pub(crate) fn new(conversation: ConversationId, first: MsgId, limits: RunLimits) -> Self {
        Self {
            conversation,
            first,
            limits,
            entries: VecDeque::new(),
            bytes: 0,
            is_full: false,
        }
    }

    pub(crate) fn first(&self) -> MsgId {
        self.first
    }

    /// The next message to append.
    pub(crate) fn next(&self) -> MsgId {
        self.first.plus(self.entries.len() as u64)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Appends entries until the run is full.
    pub(crate) fn append(&mut self, entries: impl IntoIterator<Item = Bytes>) {
        for entry in entries {
            if !self.take(entry.len()) {
                return;
            }
            self.entries.push_back(entry);
        }
    }

    /// Prepends entries, the last one first, until the run is full.
    pub(crate) fn prepend(&mut self, newest_first: impl IntoIterator<Item = Bytes>) {
        for entry in newest_first {
            if !self.take(entry.len()) {
                return;
            }
            self.entries.push_front(entry);
            self.first = self.first.prev();
        }
    }

    fn take(&mut self, bytes: usize) -> bool {
        let count = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let fits =
            count == 0 || (count < self.limits.messages && self.bytes + bytes <= self.limits.bytes);
        if fits {
            self.bytes += bytes;
        }
        self.is_full = !fits || count + 1 == self.limits.messages;
        fits
    }

    pub(crate) fn finish(self) -> Run {
        let count = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let mut entries = self.entries;
        let packed = if entries.len() == 1 {
            entries.pop_front().unwrap_or_default()
        } else {
            let mut packed = Vec::with_capacity(self.bytes);
            entries
                .iter()
                .for_each(|entry| packed.extend_from_slice(entry));
            packed.into()
        };
        Run {
            conversation: self.conversation,
            first: self.first,
            count,
            entries: packed,
        }
    }
}
