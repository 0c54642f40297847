//! Checking the blocks of one conversation, for the doctor.

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::content::message::unpack_entry;
use cairn_proto::ids::{ConversationId, MsgId};

use crate::blocks::block::Block;
use crate::blocks::{Blocks, BlocksError};

/// What was checked, all of it sound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verified {
    pub blocks: u64,
    /// Entries above the floor.
    pub messages: u64,
    /// Those that are not messages, and so do not count as unread.
    pub uncounted: u64,
    pub stored_bytes: u64,
    /// The messages that refer to an attachment, in order.
    pub attached: Vec<(MsgId, AttachmentHash)>,
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Blocks(#[from] BlocksError),
    #[error("conversation {conversation}: message {msgid} is in no block")]
    Missing {
        conversation: ConversationId,
        /// The first missing message.
        msgid: MsgId,
    },
    /// Blocks overlap, or reach above the head.
    #[error(
        "conversation {conversation}: the block at message {first} holds messages that do not \
         belong there; {expected} comes next"
    )]
    Overlap {
        conversation: ConversationId,
        /// The first message of the block.
        first: MsgId,
        /// The next expected message; one above the head at the end.
        expected: MsgId,
    },
    /// A block holds an expired entry.
    #[error(
        "conversation {conversation}: the block at message {first} holds expired messages, up \
         to message {floor}"
    )]
    Expired {
        conversation: ConversationId,
        /// The first message of the block.
        first: MsgId,
        floor: MsgId,
    },
    #[error("conversation {conversation}: message {msgid} does not decode")]
    Entry {
        conversation: ConversationId,
        msgid: MsgId,
    },
}

/// Checks that the blocks hold every entry above `floor` up to `stored` exactly once, undamaged,
/// and nothing else. The log must hold nothing above the checkpoint.
///
/// # Errors
///
/// The first problem found.
pub(crate) fn verify_blocks(
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

/// Checks that every entry decodes, and counts those from `from` on.
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
