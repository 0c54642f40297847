//! Checking what is stored, for the doctor.

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::content::message::unpack_entry;
use cairn_proto::ids::{ConversationId, MsgId};

use crate::blocks::block::Block;
use crate::blocks::{Blocks, BlocksError};

/// What was found to be sound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Blocks.
    pub blocks: u64,
    /// Messages in them, above the floor.
    pub messages: u64,
    /// Those among them that are no messages, and so do not count as unread.
    pub uncounted: u64,
    /// The bytes of the blocks' values.
    pub stored_bytes: u64,
    /// The messages that name an attachment, in order, and what they name.
    pub attached: Vec<(MsgId, AttachmentHash)>,
}

/// The first thing that is not sound.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A block or the trees.
    #[error(transparent)]
    Blocks(#[from] BlocksError),
    /// The blocks leave out messages.
    #[error("conversation {conversation}: message {msgid} is in no block")]
    Missing {
        /// The conversation.
        conversation: ConversationId,
        /// The first message that is missing.
        msgid: MsgId,
    },
    /// Blocks hold the same message, or messages above the head.
    #[error(
        "conversation {conversation}: the block at message {first} holds messages that do not belong there; {expected} comes next"
    )]
    Overlap {
        /// The conversation.
        conversation: ConversationId,
        /// The first message of the block.
        first: MsgId,
        /// The message that comes next, one above the head at the end.
        expected: MsgId,
    },
    /// A block holds what is gone on purpose.
    #[error(
        "conversation {conversation}: the block at message {first} holds what is gone, up to message {floor}"
    )]
    Expired {
        /// The conversation.
        conversation: ConversationId,
        /// The first message of the block.
        first: MsgId,
        /// The floor.
        floor: MsgId,
    },
    /// An entry is whole but no message.
    #[error("conversation {conversation}: message {msgid} does not decode")]
    Entry {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
    },
}

/// Checks that the blocks of a conversation hold every message above `floor` up to `stored` once,
/// unharmed, and nothing else. Call it when the log holds nothing above the checkpoint.
///
/// # Errors
/// With the first thing that is not so.
pub fn verify_blocks(
    blocks: &Blocks,
    conversation: ConversationId,
    floor: MsgId,
    stored: MsgId,
) -> Result<Verified, VerifyError> {
    let mut verified = Verified::default();
    let mut expected = floor.next();
    if let Some(block) = blocks.at_or_below(conversation, floor)? {
        return Err(VerifyError::Expired {
            conversation,
            first: block.place.first,
            floor,
        });
    }
    let mut block = blocks.above(conversation, floor)?;
    while let Some(found) = block {
        let first = found.place.first;
        if first > stored || (first < expected && verified.blocks > 0) || found.last() > stored {
            return Err(VerifyError::Overlap {
                conversation,
                first,
                expected,
            });
        }
        if first > expected {
            return Err(VerifyError::Missing {
                conversation,
                msgid: expected,
            });
        }
        verify_entries(&found, expected, &mut verified)?;
        verified.blocks += 1;
        verified.messages += found.last().next().above(expected);
        verified.stored_bytes += found.stored_bytes as u64;
        expected = found.last().next();
        block = blocks.above(conversation, first)?;
    }
    if expected <= stored {
        Err(VerifyError::Missing {
            conversation,
            msgid: expected,
        })
    } else {
        Ok(verified)
    }
}

/// Checks that every entry decodes, and notes those from `from` on.
fn verify_entries(block: &Block, from: MsgId, verified: &mut Verified) -> Result<(), VerifyError> {
    let mut msgid = block.place.first;
    for entry in block.split().map_err(BlocksError::from)? {
        let entry = unpack_entry(&entry).map_err(|_| VerifyError::Entry {
            conversation: block.place.conversation,
            msgid,
        })?;
        if msgid >= from {
            verified.uncounted += u64::from(!entry.body.is_message());
            verified.attached.extend(
                entry
                    .body
                    .attachment()
                    .map(|attachment| (msgid, attachment.hash)),
            );
        }
        msgid = msgid.next();
    }
    Ok(())
}
