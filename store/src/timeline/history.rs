//! Reading any part of a conversation: blocks and tail, joined into one run, without the sequencer.

use cairn_proto::content::message::Run;
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::wire::request::session::PullRange;

use crate::blocks::block::Block;
use crate::blocks::run::{RunBuilder, RunLimits};
use crate::blocks::{Blocks, BlocksError};
use crate::timeline::{TailRead, Timeline};
use crate::trees::db::Trees;

#[derive(Clone, Debug)]
pub struct History {
    blocks: Blocks,
}

#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    #[error(
        "message {msgid} of conversation {conversation} is missing; restore the data directory \
         from a backup"
    )]
    Damaged {
        conversation: ConversationId,
        msgid: MsgId,
    },
    #[error(transparent)]
    Blocks(#[from] BlocksError),
}

impl History {
    #[must_use]
    pub fn new(trees: Trees) -> Self {
        Self {
            blocks: Blocks::new(trees),
        }
    }

    /// Reads consecutive entries; none when the range is outside of the conversation. Blocks on the
    /// disk for what is not in memory.
    ///
    /// # Errors
    ///
    /// When something that exists cannot be read as it was written.
    pub fn read(
        &self,
        timeline: &Timeline,
        range: PullRange,
        limits: RunLimits,
    ) -> Result<Run, HistoryError> {
        match range {
            PullRange::From(from) => {
                self.read_from(timeline, from.max(timeline.floor().next()), limits)
            }
            PullRange::Before(before) => {
                self.read_before(timeline, before.min(timeline.head().next()), limits)
            }
        }
    }

    fn read_from(
        &self,
        timeline: &Timeline,
        from: MsgId,
        limits: RunLimits,
    ) -> Result<Run, HistoryError> {
        if let TailRead::Hit(run) = timeline.read_tail(from, limits) {
            return Ok(run);
        }
        let mut run = RunBuilder::new(timeline.conversation(), from, limits);
        // Entries that a checkpoint moves from the tail to the blocks meanwhile are found there in
        // the next iteration.
        while !run.is_full() && !timeline.append_to(&mut run) {
            let next = run.next();
            let rewritten = timeline.rewritten();
            match self.block_with(timeline.conversation(), next) {
                Ok(block) => {
                    let skip = usize::try_from(next.above(block.place.first)).unwrap_or(usize::MAX);
                    run.append(
                        block
                            .split_with(&rewritten)
                            .map_err(BlocksError::from)?
                            .into_iter()
                            .skip(skip),
                    );
                }
                // They expired: the next entries are above the floor.
                Err(_) if timeline.floor() >= next => {
                    run = RunBuilder::new(timeline.conversation(), timeline.floor().next(), limits);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(run.finish())
    }

    fn read_before(
        &self,
        timeline: &Timeline,
        before: MsgId,
        limits: RunLimits,
    ) -> Result<Run, HistoryError> {
        let mut run = RunBuilder::new(timeline.conversation(), before, limits);
        while !run.is_full() && run.first().prev() > timeline.floor() {
            let floor = timeline.floor();
            if timeline.prepend_to(&mut run, floor) {
                continue;
            }
            let last = run.first().prev();
            let rewritten = timeline.rewritten();
            match self.block_with(timeline.conversation(), last) {
                Ok(block) => {
                    let count =
                        usize::try_from(last.next().above(block.place.first)).unwrap_or(usize::MAX);
                    let above_floor = usize::try_from(last.above(floor)).unwrap_or(usize::MAX);
                    let mut entries = block.split_with(&rewritten).map_err(BlocksError::from)?;
                    entries.truncate(count);
                    run.prepend(entries.into_iter().rev().take(above_floor));
                }
                Err(_) if timeline.floor() >= last => break,
                Err(error) => return Err(error),
            }
        }
        Ok(run.finish())
    }

    pub(super) fn block_with(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
    ) -> Result<Block, HistoryError> {
        match self.blocks.at_or_below(conversation, msgid)? {
            Some(block) if block.last() >= msgid => Ok(block),
            _ => Err(HistoryError::Damaged {
                conversation,
                msgid,
            }),
        }
    }
}

#[cfg(test)]
mod tests;
