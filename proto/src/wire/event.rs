//! Frames on the streams other than the session stream. Enums grow at the end only.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::content::attachment::AttachmentHash;
use crate::content::message::Run;
use crate::ids::{ConversationId, MsgId};
use crate::model::conversation::Conversation;
use crate::model::desk::{DeskUpdate, VisitorInquiry};
use crate::model::people::{Contact, Profile};
use crate::model::presence::UserPresence;
use crate::model::receipts::{MemberCursors, Reads};
use crate::model::user::{ServerRole, UserInfo};
use crate::text::Keyword;
use crate::wire::codec;
use crate::wire::frame;

/// The first frame of every stream that a client opens after the session stream. It declares the
/// stream's purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StreamOpening {
    /// The server pushes [`TimelineFrame`]s. At most one per session, and only with
    /// [`crate::wire::hello::Hello::push`].
    Timeline,
    /// The client uploads an attachment; see [`crate::content::attachment::TransferFrame`].
    Upload {
        /// The BLAKE3 hash of the attachment.
        hash: AttachmentHash,
        /// The length of the attachment.
        bytes: u64,
    },
    /// The server sends an attachment; see [`crate::content::attachment::TransferFrame`].
    Download {
        /// The conversation of a message that refers to the attachment.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
        /// The attachment.
        hash: AttachmentHash,
        /// The byte offset to start at.
        from: u64,
    },
}

/// A frame on the timeline stream.
///
/// Pushes are hints, the log is the truth: a client checks that `run.first` continues what it has,
/// and pulls if it does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimelineFrame {
    /// New messages of one conversation. A conversation's runs arrive in order; the first one
    /// follows the device's delivered cursor.
    Run(Run),
    /// The device is more than [`crate::limits::PUSH_BACKLOG_MESSAGES_MAX`] behind. It pulls what
    /// it needs up to `head`, after which runs continue.
    Behind {
        /// The conversation.
        conversation: ConversationId,
        /// The last message that is not pushed.
        head: MsgId,
    },
    /// Something other than a new message.
    Update(Update),
}

/// A change that a client shows, other than a new message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Update {
    /// The user became a member, or the user's role or own settings changed.
    Conversation(Conversation),
    /// The user is no longer a member. Nothing above `last` follows.
    Removed {
        /// The conversation.
        conversation: ConversationId,
        /// The entry that ended the membership.
        last: MsgId,
    },
    /// A device of the user, possibly this one, moved the read cursor. The user's own messages move
    /// it too; those arrive as a run instead.
    Read {
        /// The conversation.
        conversation: ConversationId,
        /// The new read cursor.
        read: MsgId,
        /// The head at that time. Messages of the user up to here have already moved the cursor,
        /// which may have moved back since.
        head: MsgId,
    },
    /// A relation changed, by either user, on any device.
    Contact(Contact),
    /// The presence of a watched user changed.
    Presence(UserPresence),
    /// Cursors of other members advanced in the focused conversation. Sent at most once a second.
    Receipts {
        /// The conversation.
        conversation: ConversationId,
        /// The new positions; at most [`crate::limits::RECEIPT_CURSORS_MAX`].
        #[serde(deserialize_with = "codec::list")]
        cursors: Vec<MemberCursors>,
        /// Whether the cursors of further members advanced that are not listed.
        more: bool,
    },
    /// Messages up to `floor` have expired. A client that stores messages deletes them too.
    Floor {
        /// The conversation.
        conversation: ConversationId,
        /// The last expired message.
        floor: MsgId,
    },
    /// A property of the user's account changed, on any device including this one.
    Account(AccountUpdate),
    /// The name or state of a user changed, possibly of this one.
    User(UserInfo),
    /// Something changed for an agent of the support desk.
    Desk(DeskUpdate),
    /// The visitor's own inquiry changed.
    Inquiry(VisitorInquiry),
    /// The place of the visitor's waiting inquiry changed. Sent at most every two seconds.
    Waiting {
        /// How many are before them, and themselves.
        place: u32,
        /// How long others waited lately, in seconds.
        about_seconds: Option<u32>,
    },
}

/// A changed property of a user's account, shared by all of the user's devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountUpdate {
    /// The user's profile.
    Profile(Profile),
    /// Whether the user shares read receipts.
    Reads(Reads),
    /// The user's role on the server.
    Role(ServerRole),
    /// All keywords of the user.
    Keywords(#[serde(deserialize_with = "codec::list")] Vec<Keyword>),
}

impl TimelineFrame {
    /// Encodes a run as a frame in two parts. The second one shares the packed entries with all
    /// recipients instead of copying them.
    #[must_use]
    pub fn run_parts(run: Run) -> [Bytes; 2] {
        let Run {
            conversation,
            first,
            count,
            entries,
        } = run;
        let mut header = vec![0; frame::PREFIX_BYTES];
        codec::encode_into(
            &(
                RUN_VARIANT,
                conversation,
                first,
                count,
                entries.len() as u64,
            ),
            &mut header,
        );
        let len =
            u32::try_from(header.len() - frame::PREFIX_BYTES + entries.len()).unwrap_or(u32::MAX);
        if let Some(prefix) = header.first_chunk_mut() {
            *prefix = len.to_le_bytes();
        }
        [header.into(), entries]
    }
}

/// The position of [`TimelineFrame::Run`] among the variants.
const RUN_VARIANT: u32 = 0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_parts_equal_the_frame() {
        for len in [0, 1, 250, 251, 70_000] {
            let entries = Bytes::from(vec![7; len]);
            let run = Run {
                conversation: ConversationId::new(1 << 40),
                first: MsgId::new(300),
                count: 2,
                entries,
            };
            let parts = TimelineFrame::run_parts(run.clone()).concat();
            assert_eq!(parts, frame::frame(&TimelineFrame::Run(run)));
        }
    }
}
