//! Removing expired blocks: those at or below the floor of their conversation, and the beginning of
//! the one that reaches across it.

use bytes::Bytes;
use cairn_proto::ids::{ConversationId, MsgId};

use super::{CheckpointError, CheckpointWriter};
use crate::blocks::BlocksError;
use crate::limits;
use crate::timeline::Timeline;
use crate::trees::rows::RowChange;
use crate::trees::{RowKey, RowPrefix, Tree, parse};
use cairn_core::record::MsgIdSet;

impl CheckpointWriter {
    /// Removes entries at or below the floor. What remains of a block across the floor is written
    /// first, so that a crash never lacks a live entry. A crash in between leaves both, and the
    /// next checkpoint removes the rest, since the log raises the floor again.
    pub(super) fn drop_expired(
        &mut self,
        timeline: &Timeline,
        floor: MsgId,
        stored: MsgId,
    ) -> Result<(), CheckpointError> {
        let conversation = timeline.conversation();
        let mut expired =
            self.blocks
                .sizes_through(conversation, floor, limits::TREE_BATCH_ROWS_MAX)?;
        let Some((first, _)) = expired.first() else {
            return Ok(());
        };
        // Before the blocks: as long as a block refers to these rows, the next checkpoint finds
        // what a crash left of them.
        let is_across = parse::block(first.bytes())
            .is_some_and(|(_, first)| MsgIdSet::chunk_of(first) < MsgIdSet::first_above(floor));
        if is_across {
            self.drop_index(conversation, floor)?;
        }
        if floor < stored {
            let block = self.block_with(conversation, floor.next())?;
            if block.place.first <= floor {
                let entries = block.split().map_err(BlocksError::from)?;
                let gone =
                    usize::try_from(floor.next().above(block.place.first)).unwrap_or(usize::MAX);
                let left: &[Bytes] = entries.get(gone..).unwrap_or_default();
                self.replace(&block, floor.next(), left)?;
            }
        }
        while !expired.is_empty() {
            self.reclaimable.removed_bytes +=
                expired.iter().map(|&(_, bytes)| bytes as u64).sum::<u64>();
            self.remove(
                Tree::Messages,
                expired.drain(..).map(|(key, _)| RowChange::delete(key)),
            )?;
            expired =
                self.blocks
                    .sizes_through(conversation, floor, limits::TREE_BATCH_ROWS_MAX)?;
        }
        Ok(())
    }

    /// Removes index rows (uncounted entries, mentions) all of whose entries expired: once in
    /// 65,536 entries.
    fn drop_index(
        &mut self,
        conversation: ConversationId,
        floor: MsgId,
    ) -> Result<(), CheckpointError> {
        let first_kept = MsgIdSet::first_above(floor);
        let uncounted = |key: &RowKey| {
            parse::uncounted(key.bytes()).is_some_and(|(_, chunk)| chunk < first_kept)
        };
        let mentions = |key: &RowKey| {
            parse::mentions(key.bytes()).is_some_and(|(_, _, chunk)| chunk < first_kept)
        };
        self.remove_where(&RowPrefix::uncounted_of(conversation), uncounted)?;
        self.remove_where(&RowPrefix::mentions_of(conversation), mentions)
    }

    fn remove_where(
        &mut self,
        prefix: &RowPrefix,
        is_gone: impl Fn(&RowKey) -> bool,
    ) -> Result<(), CheckpointError> {
        let mut after = None;
        loop {
            let keys = self
                .trees
                .keys(prefix, after.as_ref(), limits::TREE_BATCH_ROWS_MAX)?;
            after = keys.last().copied();
            self.remove(
                prefix.tree(),
                keys.iter()
                    .filter(|key| is_gone(key))
                    .copied()
                    .map(RowChange::delete),
            )?;
            if keys.len() < limits::TREE_BATCH_ROWS_MAX {
                return Ok(());
            }
        }
    }

    fn remove(
        &mut self,
        tree: Tree,
        changes: impl Iterator<Item = RowChange>,
    ) -> Result<(), CheckpointError> {
        let mut pending = super::writer::Pending::default();
        for change in changes {
            self.push(tree, &mut pending, change)?;
        }
        self.write_pending(tree, &mut pending)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cairn_proto::ids::UserId;

    use super::super::{CheckpointJob, CheckpointWriter};
    use super::*;
    use crate::check::verify::verify_blocks;
    use crate::checkpoint::free_space::reclaimable_bytes;
    use crate::commit_log::Position;
    use crate::env::Clock;
    use crate::files::poison::Poison;
    use crate::testing::{CONVERSATION, copy_dir, entries, id, open, publish, timeline};

    const HEAD: u64 = 500;

    fn writer(dir: &std::path::Path) -> CheckpointWriter {
        let poison = Poison::new();
        CheckpointWriter::new(open(dir, &poison), &poison, &Clock::system()).unwrap()
    }

    fn write(writer: &mut CheckpointWriter, through: u64, timeline: &Arc<Timeline>) {
        let timelines = vec![(Arc::clone(timeline), timeline.head())];
        writer
            .write(CheckpointJob {
                through: Position::at(through),
                rows: Vec::new(),
                timelines,
            })
            .unwrap();
    }

    /// Asserts that the blocks hold exactly what is above the floor, byte for byte.
    fn check(writer: &CheckpointWriter, floor: u64, head: u64) {
        assert!(
            writer
                .blocks
                .sizes_through(CONVERSATION, id(floor), 1)
                .unwrap()
                .is_empty(),
            "something is left at or below {floor}"
        );
        assert_eq!(
            verify_blocks(&writer.blocks, CONVERSATION, id(floor), id(head))
                .unwrap()
                .messages,
            head - floor
        );
        let (mut next, mut stored) = (id(floor), Vec::new());
        while let Some(block) = writer.blocks.above(CONVERSATION, next).unwrap() {
            next = block.place.first;
            stored.extend_from_slice(&block.entries);
        }
        assert_eq!(stored, entries(floor + 1..=head));
    }

    #[test]
    fn checkpoint_removes_expired_entries() {
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
    fn reclaimable_space_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = writer(dir.path());
        let timeline = timeline(0, HEAD);
        write(&mut writer, 1, &timeline);
        assert_eq!(reclaimable_bytes(&writer.trees).unwrap(), 0);
        let bytes = |writer: &CheckpointWriter| -> u64 {
            writer
                .blocks
                .sizes_through(CONVERSATION, id(u64::MAX), 100)
                .unwrap()
                .iter()
                .map(|&(_, bytes)| bytes as u64)
                .sum()
        };
        let before = bytes(&writer);
        timeline.raise_floor(id(HEAD));
        write(&mut writer, 2, &timeline);
        assert_eq!(reclaimable_bytes(&writer.trees).unwrap(), before);
        for (through, head) in (3..).zip([HEAD + 1, HEAD + 20, HEAD + 90, 2 * HEAD - 10]) {
            publish(&timeline, head);
            write(&mut writer, through, &timeline);
        }
        let (reclaimable, taken) = (reclaimable_bytes(&writer.trees).unwrap(), bytes(&writer));
        assert!(
            reclaimable.abs_diff(before.saturating_sub(taken)) < before / 10,
            "{reclaimable} of {before} are reclaimable, and {taken} are taken"
        );
        publish(&timeline, 3 * HEAD);
        write(&mut writer, 9, &timeline);
        assert_eq!(reclaimable_bytes(&writer.trees).unwrap(), 0);
    }

    #[test]
    fn entries_expired_before_storage_are_never_stored() {
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

    /// A crash leaves a block across the floor in addition to its remaining part, and some of the
    /// blocks below.
    #[test]
    fn crash_while_expiring_is_repaired() {
        for (floor, later) in [(30, 30), (100, 100), (100, 300), (HEAD, HEAD)] {
            let dir = tempfile::tempdir().unwrap();
            let mut writer = writer(dir.path());
            let timeline = timeline(0, HEAD);
            write(&mut writer, 1, &timeline);
            let mut crashes = vec![crashed(&writer, dir.path())];
            if floor < HEAD {
                let block = writer.block_with(CONVERSATION, id(floor + 1)).unwrap();
                let left = block
                    .split()
                    .unwrap()
                    .split_off((floor + 1 - block.place.first.get()) as usize);
                writer.replace(&block, id(floor + 1), &left).unwrap();
                crashes.push(crashed(&writer, dir.path()));
            }
            for (key, _) in writer
                .blocks
                .sizes_through(CONVERSATION, id(floor), 100)
                .unwrap()
            {
                writer
                    .remove(Tree::Messages, [RowChange::delete(key)].into_iter())
                    .unwrap();
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

    #[test]
    fn index_rows_are_removed_with_their_entries() {
        const CHUNK: u64 = 1 << 16;
        let dir = tempfile::tempdir().unwrap();
        let mut writer = writer(dir.path());
        let timeline = timeline(0, 2 * CHUNK + 10);
        let of_others = [
            RowKey::uncounted(ConversationId::new(4), 0),
            RowKey::mentions(ConversationId::new(6), UserId::new(7), 0),
        ];
        let of_chunk = |chunk| {
            let mentions = (0..300)
                .map(UserId::new)
                .map(move |user| RowKey::mentions(CONVERSATION, user, chunk));
            mentions.chain([RowKey::uncounted(CONVERSATION, chunk)])
        };
        let keys = (0..3).flat_map(of_chunk).chain(of_others);
        let rows = keys.map(|key| RowChange::put(key, &vec![1_u8])).collect();
        writer
            .write(CheckpointJob {
                through: Position::at(1),
                rows,
                timelines: vec![(Arc::clone(&timeline), timeline.head())],
            })
            .unwrap();
        let left = |writer: &CheckpointWriter| {
            let is_there = |key: RowKey| writer.trees.get(&key).unwrap().is_some();
            assert!(of_others.into_iter().all(is_there));
            (0..3)
                .map(|chunk| of_chunk(chunk).filter(|&key| is_there(key)).count())
                .collect::<Vec<_>>()
        };
        for (through, (floor, expected)) in (2..).zip([
            (CHUNK - 2, [301, 301, 301]),
            (CHUNK - 1, [0, 301, 301]),
            (2 * CHUNK, [0, 0, 301]),
            (2 * CHUNK + 10, [0, 0, 301]),
        ]) {
            timeline.raise_floor(id(floor));
            write(&mut writer, through, &timeline);
            assert_eq!(left(&writer), expected, "above {floor}");
        }
    }

    fn crashed(writer: &CheckpointWriter, from: &std::path::Path) -> tempfile::TempDir {
        writer.trees.sync().unwrap();
        let dir = tempfile::tempdir().unwrap();
        copy_dir(from, dir.path());
        dir
    }
}
