//! Letting go of what is gone on purpose: blocks at or below the floor of their conversation, and the beginning of the one that
//! reaches over it.

use bytes::Bytes;
use cairn_proto::ids::MsgId;

use super::{CheckpointError, CheckpointWriter};
use crate::limits;
use crate::store::blocks::BlocksError;
use crate::store::rows::RowChange;
use crate::store::timeline::Timeline;
use crate::store::trees::Tree;

impl CheckpointWriter {
    /// Removes what the blocks hold at or below the floor. What is left of a block that reaches over it is written first, so that no
    /// moment lacks an entry that is to stay; a crash in between leaves both, and the next checkpoint comes back to them, since the log
    /// raises the floor again.
    pub(super) fn drop_expired(&mut self, timeline: &Timeline, floor: MsgId, stored: MsgId) -> Result<(), CheckpointError> {
        let conversation = timeline.conversation();
        let mut expired = self.blocks.sizes_through(conversation, floor, limits::TREE_BATCH_ROWS_MAX)?;
        if expired.is_empty() {
            return Ok(());
        }
        if floor < stored {
            let block = self.block_with(conversation, floor.next())?;
            if block.place.first <= floor {
                let entries = block.split().map_err(BlocksError::from)?;
                let gone = usize::try_from(floor.next().above(block.place.first)).unwrap_or(usize::MAX);
                let left: &[Bytes] = entries.get(gone..).unwrap_or_default();
                self.replace(&block, floor.next(), left)?;
            }
        }
        while !expired.is_empty() {
            self.room.left += expired.iter().map(|&(_, bytes)| bytes as u64).sum::<u64>();
            self.remove(expired.drain(..).map(|(key, _)| RowChange::delete(key)))?;
            expired = self.blocks.sizes_through(conversation, floor, limits::TREE_BATCH_ROWS_MAX)?;
        }
        Ok(())
    }

    fn remove(&mut self, changes: impl Iterator<Item = RowChange>) -> Result<(), CheckpointError> {
        let mut pending = super::Pending::default();
        for change in changes {
            self.push(Tree::Messages, &mut pending, change)?;
        }
        self.write_pending(Tree::Messages, &mut pending)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{CheckpointJob, CheckpointWriter};
    use super::*;
    use crate::store::commit_log::BatchNo;
    use crate::store::poison::Poison;
    use crate::store::testing::{CONVERSATION, copy_dir, entries, id, open, publish, timeline};
    use crate::store::vacant::vacant_bytes;
    use crate::store::verify::verify_blocks;

    const HEAD: u64 = 500;

    fn writer(dir: &std::path::Path) -> CheckpointWriter {
        let poison = Poison::new();
        CheckpointWriter::new(open(dir, &poison), &poison).unwrap()
    }

    fn write(writer: &mut CheckpointWriter, through: u64, timeline: &Arc<Timeline>) {
        let timelines = vec![(Arc::clone(timeline), timeline.head())];
        writer.write(CheckpointJob { through: BatchNo::new(through), rows: Vec::new(), timelines }).unwrap();
    }

    /// The blocks hold what lies above the floor, byte for byte, and nothing else.
    fn check(writer: &CheckpointWriter, floor: u64, head: u64) {
        assert!(writer.blocks.sizes_through(CONVERSATION, id(floor), 1).unwrap().is_empty(), "something is left at or below {floor}");
        assert_eq!(verify_blocks(&writer.blocks, CONVERSATION, id(floor), id(head)).unwrap().messages, head - floor);
        let (mut next, mut stored) = (id(floor), Vec::new());
        while let Some(block) = writer.blocks.above(CONVERSATION, next).unwrap() {
            next = block.place.first;
            stored.extend_from_slice(&block.entries);
        }
        assert_eq!(stored, entries(floor + 1..=head));
    }

    #[test]
    fn what_lies_at_or_below_the_floor_is_gone_after_the_next_checkpoint() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = writer(dir.path());
        let timeline = timeline(0, HEAD);
        write(&mut writer, 1, &timeline);
        for (through, floor) in (2..).zip([1, 63, 64, 65, 200, HEAD - 1, HEAD]) {
            timeline.raise_floor(id(floor));
            write(&mut writer, through, &timeline);
            check(&writer, floor, HEAD);
        }
        publish(&timeline, HEAD + 70);
        write(&mut writer, 9, &timeline);
        check(&writer, HEAD, HEAD + 70);
    }

    #[test]
    fn the_room_that_is_left_is_counted_until_something_new_takes_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = writer(dir.path());
        let timeline = timeline(0, HEAD);
        write(&mut writer, 1, &timeline);
        assert_eq!(vacant_bytes(&writer.trees).unwrap(), 0);
        let bytes = |writer: &CheckpointWriter| -> u64 {
            writer.blocks.sizes_through(CONVERSATION, id(u64::MAX), 100).unwrap().iter().map(|&(_, bytes)| bytes as u64).sum()
        };
        let before = bytes(&writer);
        timeline.raise_floor(id(HEAD));
        write(&mut writer, 2, &timeline);
        assert_eq!(vacant_bytes(&writer.trees).unwrap(), before);
        for (through, head) in (3..).zip([HEAD + 1, HEAD + 20, HEAD + 90, 2 * HEAD - 10]) {
            publish(&timeline, head);
            write(&mut writer, through, &timeline);
        }
        let (vacant, taken) = (vacant_bytes(&writer.trees).unwrap(), bytes(&writer));
        assert!(vacant.abs_diff(before.saturating_sub(taken)) < before / 10, "{vacant} of {before} are vacant, and {taken} are taken");
        publish(&timeline, 3 * HEAD);
        write(&mut writer, 9, &timeline);
        assert_eq!(vacant_bytes(&writer.trees).unwrap(), 0);
    }

    #[test]
    fn what_goes_before_it_was_stored_is_never_stored() {
        for floor in [90, 100, 130, 200] {
            let dir = tempfile::tempdir().unwrap();
            let mut writer = writer(dir.path());
            let timeline = timeline(0, 100);
            write(&mut writer, 1, &timeline);
            publish(&timeline, 200);
            timeline.raise_floor(id(floor));
            write(&mut writer, 2, &timeline);
            check(&writer, floor, 200);
        }
    }

    /// A crash leaves a block that reaches over the floor beside what is left of it, and some of the blocks below.
    #[test]
    fn a_crash_between_any_two_steps_leaves_what_the_next_checkpoint_puts_right() {
        for (floor, later) in [(30, 30), (100, 100), (100, 300), (HEAD, HEAD)] {
            let dir = tempfile::tempdir().unwrap();
            let mut writer = writer(dir.path());
            let timeline = timeline(0, HEAD);
            write(&mut writer, 1, &timeline);
            let mut crashes = vec![crashed(&writer, dir.path())];
            if floor < HEAD {
                let block = writer.block_with(CONVERSATION, id(floor + 1)).unwrap();
                let left = block.split().unwrap().split_off((floor + 1 - block.place.first.get()) as usize);
                writer.replace(&block, id(floor + 1), &left).unwrap();
                crashes.push(crashed(&writer, dir.path()));
            }
            for (key, _) in writer.blocks.sizes_through(CONVERSATION, id(floor), 100).unwrap() {
                writer.remove([RowChange::delete(key)].into_iter()).unwrap();
                crashes.push(crashed(&writer, dir.path()));
            }
            for crash in crashes {
                let mut writer = self::writer(crash.path());
                let replayed = Arc::new(Timeline::new(CONVERSATION, id(later), id(HEAD)));
                write(&mut writer, 2, &replayed);
                check(&writer, later, HEAD);
            }
        }
    }

    fn crashed(writer: &CheckpointWriter, from: &std::path::Path) -> tempfile::TempDir {
        writer.trees.sync().unwrap();
        let dir = tempfile::tempdir().unwrap();
        copy_dir(from, dir.path());
        dir
    }
}
