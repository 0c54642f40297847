//! What is written on the streams beside the session stream. Variants only grow at the end.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::content::attachment::AttachmentHash;
use crate::content::message::Run;
use crate::ids::{ConversationId, MsgId};
use crate::model::conversation::Conversation;
use crate::model::people::{Contact, Profile};
use crate::model::presence::UserPresence;
use crate::model::receipts::{MemberCursors, Reads};
use crate::model::user::ServerRole;
use crate::wire::codec;
use crate::wire::frame;

/// The first frame of every client stream after the session stream: what the stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StreamOpening {
    /// The server writes [`TimelineFrame`]s on it. One for each session, and only when
    /// [`crate::wire::hello::Hello::push`] was set.
    Timeline,
    /// The client writes an attachment on it: see [`crate::content::attachment::TransferFrame`].
    Upload {
        /// The BLAKE3 of all its bytes.
        hash: AttachmentHash,
        /// How many there are.
        bytes: u64,
    },
    /// The server writes an attachment on it: see [`crate::content::attachment::TransferFrame`].
    Download {
        /// The conversation of a message that names it.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
        /// The attachment that the message names.
        hash: AttachmentHash,
        /// The first byte that is wanted.
        from: u64,
    },
}

/// What the server writes on the timeline stream.
///
/// Push is a hint, pull is the truth: a client checks that `run.first` follows what it holds and
/// pulls when it does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimelineFrame {
    /// New messages of one conversation. Of a conversation, runs come in order; the first begins
    /// behind the device's delivered cursor.
    Run(Run),
    /// The device is further behind than [`crate::limits::PUSH_BACKLOG_MESSAGES_MAX`]: it pulls
    /// what it wants up to `head`, and runs go on behind it.
    Behind {
        /// The conversation.
        conversation: ConversationId,
        /// The last message that is not pushed.
        head: MsgId,
    },
    /// The user is a member of this conversation from now on, or his role or his own settings in it
    /// changed.
    Conversation(Conversation),
    /// The user is no member any more. Nothing above `last` will come.
    Removed {
        /// The conversation.
        conversation: ConversationId,
        /// The entry that ended the membership.
        last: MsgId,
    },
    /// A device of the user, perhaps this one, moved the read cursor. What the user says moves it
    /// as well; the run tells.
    Read {
        /// The conversation.
        conversation: ConversationId,
        /// The last message read.
        read: MsgId,
        /// How far the log went then: what the user said up to here has moved the cursor already,
        /// and perhaps it went back since.
        head: MsgId,
    },
    /// A relation of the user is another now, by what either of the two did, on whatever device.
    Contact(Contact),
    /// Somebody whom the session watches came, went, or is somewhere else.
    Presence(UserPresence),
    /// Members of the conversation that the session looks at are further than they were: at most
    /// once a second.
    Receipts {
        /// The conversation.
        conversation: ConversationId,
        /// How far they are now; at most [`crate::limits::RECEIPT_CURSORS_MAX`].
        #[serde(deserialize_with = "codec::list")]
        cursors: Vec<MemberCursors>,
        /// Others moved as well, too many to name them.
        more: bool,
    },
    /// Messages are gone on purpose: everything up to `floor`. A client that keeps messages lets go
    /// of them as well.
    Floor {
        /// The conversation.
        conversation: ConversationId,
        /// The last message that is gone.
        floor: MsgId,
    },
    /// Something of the user's own is another now, by what was done on whatever device, this one as
    /// well.
    AccountUpdate(AccountUpdate),
}

/// What is a user's own, and the same on all his devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountUpdate {
    /// How he presents himself.
    Profile(Profile),
    /// Whether others see what he reads, and he what they read.
    Reads(Reads),
    /// What he may do on the server as a whole.
    Role(ServerRole),
}

impl TimelineFrame {
    /// The frame of a run in two parts, so that the entries go out as they lie in memory, shared by
    /// everybody they go to.
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
    fn a_run_in_parts_is_the_same_frame() {
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
