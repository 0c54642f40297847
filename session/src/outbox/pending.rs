//! Own messages on their way into the log.

use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::ids::{ClientSeq, ConversationId, MsgId, Timestamp};
use cairn_client::proto::wire::error::ErrorCode;
use serde::{Deserialize, Serialize};

use super::draft::DraftFile;

/// An own message that is not in its log yet, numbered by the model.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct LocalId(u64);

impl LocalId {
    /// Wraps a raw number.
    #[must_use]
    pub const fn new(raw: u64) -> Self {
        Self(raw)
    }

    /// Returns the raw number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// The content of an own message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outgoing {
    /// A message whose content is complete.
    Message {
        /// Its body.
        body: Body,
        /// Its reply and mentions.
        extras: Extras,
    },
    /// A file that must be uploaded first.
    File {
        /// The file.
        file: DraftFile,
        /// Its caption; may be empty.
        caption: String,
        /// The message that it answers.
        reply_to: Option<MsgId>,
    },
    /// A copy of another message.
    Forward {
        /// Where the other message is.
        from: ConversationId,
        /// The other message.
        msgid: MsgId,
    },
}

/// An own message as a window shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its number.
    pub id: LocalId,
    /// Where it is sent.
    pub conversation: ConversationId,
    /// When it was written, by the clock of this device.
    pub written_at: Timestamp,
    /// Its content.
    pub what: Outgoing,
    /// How far it got.
    pub state: SendState,
}

/// How far an own message got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendState {
    /// It is on this device, and waits for the connection or for its turn.
    Queued,
    /// Its file is being uploaded.
    Uploading {
        /// Bytes uploaded.
        done: u64,
        /// Bytes in all.
        of: u64,
    },
    /// It was handed to the server, which has not confirmed it.
    Sent,
    /// It is durable on the server.
    Stored(MsgId),
    /// It has reached devices of others.
    Delivered {
        /// Members who received it.
        by: u32,
        /// Members who were there when it was sent.
        of: u32,
    },
    /// It was read by others.
    Read {
        /// Members who read it.
        by: u32,
        /// Members who were there when it was sent.
        of: u32,
    },
    /// It was not sent. The user may try again, or withdraw it.
    Failed(Failure),
    /// It may or may not have been sent. The user decides whether to send it again, perhaps for the
    /// second time, or to withdraw it.
    Unknown(Doubt),
}

/// Why something was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// The server refused it.
    Refused(ErrorCode),
    /// The text is longer than a message can be.
    TooLong,
    /// There is nothing to see in it.
    Empty,
    /// [`crate::limits::OUTBOX_MAX`] messages wait already.
    OutboxFull,
    /// The file cannot be sent.
    File(FileFault),
    /// The client ended before it was sent.
    Ended,
}

/// Why a file cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileFault {
    /// It does not exist.
    Missing,
    /// It changed while it was uploaded.
    Changed,
    /// It cannot be read.
    Unreadable,
    /// It exceeds the server's limit.
    TooLarge,
}

/// Why it is unknown whether a message was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Doubt {
    /// Too much was sent since, or something under a later number, for the server to recognize a
    /// retry.
    TooOld,
    /// The server received another message under its number: two copies of the profile are in use.
    Conflict,
    /// It was handed over on another send stream.
    Stream,
    /// It was found in a damaged store, and may have been sent or withdrawn since it was written.
    Damaged,
    /// The store was copied, and the other copy may have sent it.
    Copied,
}

/// An own message as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedPending {
    /// Its number.
    pub id: LocalId,
    /// Where it is sent.
    pub conversation: ConversationId,
    /// When it was written.
    pub written_at: Timestamp,
    /// Its content.
    pub what: Outgoing,
    /// Its number on the send stream; `None` once it failed or is in doubt.
    pub seq: Option<ClientSeq>,
    /// How far it got.
    pub state: SavedState,
}

/// How far an own message got, as the store keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SavedState {
    /// It was not handed over.
    Waiting,
    /// It may have been handed over, under its number.
    Handed,
    /// It was not sent.
    Failed(Failure),
    /// It may or may not have been sent.
    Unknown(Doubt),
}
