//! The send stream: what a login tells of it, and its replacement once the server has forgotten it.

use cairn_proto::ids::SendStreamId;
use cairn_proto::limits::NAMED_STREAMS_PER_DEVICE;
use cairn_proto::wire::overview::Moment;

/// The send stream of a client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SendStream {
    pub(crate) id: SendStreamId,
    /// Whether a send may have been written on it, in this session or an earlier one.
    pub(crate) has_sent: bool,
    /// A moment before the first of these sends.
    pub(crate) began: Option<Moment>,
    /// Whether the client may replace it by another one. The numbers on a stream that the program
    /// chose belong to the program.
    is_replaceable: bool,
    is_forgotten: bool,
}

impl SendStream {
    /// Returns a stream of a random number, which is not that of a named one.
    pub(crate) fn of_random(number: u64) -> Self {
        let number = match number < NAMED_STREAMS_PER_DEVICE {
            true => u64::MAX - number,
            false => number,
        };
        Self {
            id: SendStreamId::new(number),
            has_sent: false,
            began: None,
            is_replaceable: true,
            is_forgotten: false,
        }
    }

    /// Returns the stream of an earlier process.
    pub(crate) const fn resumed(id: SendStreamId) -> Self {
        Self {
            id,
            has_sent: true,
            began: None,
            is_replaceable: false,
            is_forgotten: false,
        }
    }

    /// Records that sends are written, in a session that began at this moment.
    pub(crate) const fn sent(&mut self, session_began: Moment) {
        if !self.has_sent {
            self.has_sent = true;
            self.began = Some(session_began);
        }
    }

    /// Handles the server's refusal of a send because it has forgotten the stream. Returns whether
    /// sends that were never tried before can go on another stream.
    pub(crate) const fn forgotten(&mut self) -> bool {
        self.is_forgotten = self.is_replaceable;
        self.is_replaceable
    }

    /// Returns whether the stream must be replaced.
    pub(crate) const fn is_forgotten(&self) -> bool {
        self.is_forgotten
    }
}
