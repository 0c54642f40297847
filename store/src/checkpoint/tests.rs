use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::wire::request::session::PullRange;

use super::*;
use crate::blocks::packing::{PackedBlock, Packer};
use crate::blocks::run::RunLimits;
use crate::check::verify::{VerifyError, verify_blocks};
use crate::commit_log::{BatchBuf, LogSource, Position};
use crate::env::{Clock, Env};
use crate::files::directory_id::DirectoryId;
use crate::files::format::Format;
use crate::files::poison::Poison;
use crate::testing::{CONVERSATION, copy_dir, entries, id, open, publish, timeline};
use crate::timeline::Timeline;
use crate::timeline::history::History;
use crate::trees::db::Trees;
use crate::trees::rows::RowChange;
use crate::trees::{RowKey, Tree};

struct Fixture {
    dir: tempfile::TempDir,
    trees: Trees,
    writer: CheckpointWriter,
    poison: Poison,
}

impl Fixture {
    fn at(dir: tempfile::TempDir) -> Self {
        let poison = Poison::new();
        let trees = open(dir.path(), &poison);
        let writer = CheckpointWriter::new(trees.clone(), &poison, &Clock::system()).unwrap();
        Self {
            dir,
            trees,
            writer,
            poison,
        }
    }

    fn new() -> Self {
        Self::at(tempfile::tempdir().unwrap())
    }

    /// The state after a crash at this point.
    fn crashed(&self) -> Self {
        self.trees.sync().unwrap();
        let dir = tempfile::tempdir().unwrap();
        copy_dir(self.dir.path(), dir.path());
        Self::at(dir)
    }

    fn write(&mut self, through: u64, timeline: &Arc<Timeline>) -> CheckpointReport {
        let rows = vec![RowChange::put(user(), &through)];
        self.writer.write(job(through, rows, timeline)).unwrap()
    }

    fn blocks(&self) -> Vec<(u64, u64)> {
        let mut found = Vec::new();
        let mut next = MsgId::ZERO;
        while let Some(block) = self.writer.blocks.above(CONVERSATION, next).unwrap() {
            next = block.place.first;
            found.push((block.place.first.get(), block.last().get()));
        }
        found
    }

    fn check(&self, head: u64) {
        let verified =
            verify_blocks(&self.writer.blocks, CONVERSATION, MsgId::ZERO, id(head)).unwrap();
        assert_eq!(verified.messages, head);
        let history = History::new(self.trees.clone());
        let stored = timeline(head, head);
        let mut next = 1;
        while next <= head {
            let run = history
                .read(&stored, PullRange::From(id(next)), RunLimits::MAX)
                .unwrap();
            let last = run.last().get();
            assert_eq!(run.entries, entries(next..=last));
            next = last + 1;
        }
    }
}

fn user() -> RowKey {
    RowKey::user(UserId::new(1))
}

fn job(through: u64, rows: Vec<RowChange>, timeline: &Arc<Timeline>) -> CheckpointJob {
    CheckpointJob {
        through: Position::at(through),
        rows,
        timelines: vec![(Arc::clone(timeline), timeline.head())],
    }
}

#[test]
fn last_block_grows_until_full() {
    let mut fixture = Fixture::new();
    let timeline = timeline(0, 10);
    fixture.write(1, &timeline);
    assert_eq!(fixture.blocks(), [(1, 10)]);
    for (through, head) in [(2, 11), (3, 130), (4, 131), (5, 1000)] {
        publish(&timeline, head);
        let report = fixture.write(through, &timeline);
        assert_eq!(
            (report.through, report.metrics.rows),
            (Position::at(through), 1)
        );
        assert_eq!((timeline.stored(), timeline.is_stored()), (id(head), true));
        fixture.check(head);
    }
    assert_eq!(fixture.trees.checkpoint().unwrap(), Position::at(5));
    assert_eq!(fixture.trees.read(&user()).unwrap(), Some(5_u64));
    assert!(
        fixture
            .blocks()
            .iter()
            .all(|(first, last)| last - first < 64)
    );
}

#[test]
fn checkpoint_without_messages_moves_rows() {
    let mut fixture = Fixture::new();
    let timeline = timeline(0, 5);
    fixture.write(1, &timeline);
    let before = fixture.blocks();
    assert_eq!(fixture.write(2, &timeline).metrics.blocks, 0);
    assert_eq!(fixture.blocks(), before);
    let gone = CheckpointJob {
        through: Position::at(3),
        rows: vec![RowChange::delete(user())],
        timelines: vec![],
    };
    fixture.writer.write(gone).unwrap();
    assert_eq!(
        (
            fixture.trees.read::<u64>(&user()).unwrap(),
            fixture.trees.checkpoint().unwrap()
        ),
        (None, Position::at(3))
    );
}

/// Interrupts a checkpoint after each of its steps, recovers as a start would, and continues with a
/// different number of messages, so that blocks end elsewhere.
#[test]
fn crash_between_steps_loses_and_repeats_nothing() {
    for (stored, head) in [(0, 40), (10, 70), (100, 101), (150, 500)] {
        let mut fixture = Fixture::new();
        let timeline = timeline(0, stored);
        fixture.write(1, &timeline);
        publish(&timeline, head);
        let mut crashes = vec![fixture.crashed()];
        // The block batches, one by one.
        let changes = fixture
            .writer
            .block_changes(&timeline, MsgId::ZERO, id(head))
            .unwrap();
        for change in changes {
            fixture.trees.write(Tree::Messages, [change]).unwrap();
            if crashes.len() < 4 {
                crashes.push(fixture.crashed());
            }
        }
        let rows = vec![RowChange::put(user(), &2_u64)];
        let mut checkpoint = fixture.writer.begin(job(2, rows, &timeline));
        while fixture.writer.write_next_blocks(&mut checkpoint).unwrap() {
            crashes.push(fixture.crashed());
        }
        while fixture.writer.write_next_rows(&mut checkpoint).unwrap() {
            crashes.push(fixture.crashed());
        }
        crashes.push(fixture.crashed());
        for (mut crashed, more) in crashes.into_iter().zip([0, 1, 30, 200].into_iter().cycle()) {
            assert_eq!(crashed.trees.checkpoint().unwrap(), Position::at(1));
            recover_and_check(&mut crashed, stored, head, head + more);
        }
        fixture.writer.record(Position::at(2)).unwrap();
        let recorded = fixture.crashed();
        assert_eq!(recorded.trees.checkpoint().unwrap(), Position::at(2));
        recorded.check(head);
    }
}

/// Replays the messages up to `head`, then appends more and completes checkpoints.
fn recover_and_check(crashed: &mut Fixture, stored: u64, head: u64, later: u64) {
    let replayed = timeline(stored, head);
    let history = History::new(crashed.trees.clone());
    let run = history
        .read(&replayed, PullRange::Before(id(head + 1)), RunLimits::MAX)
        .unwrap();
    assert_eq!(run.entries, entries(run.first.get()..=head));
    publish(&replayed, later);
    crashed.write(2, &replayed);
    crashed.check(later);
    assert_eq!(crashed.trees.read(&user()).unwrap(), Some(2_u64));
}

#[test]
fn blocks_of_other_conversations_are_untouched() {
    let mut fixture = Fixture::new();
    let neighbours = [4, 6].map(|n| {
        let timeline = Arc::new(Timeline::new(
            ConversationId::new(n),
            MsgId::ZERO,
            MsgId::ZERO,
        ));
        publish(&timeline, 100);
        timeline
    });
    for timeline in &neighbours {
        fixture.write(1, timeline);
    }
    fixture.write(2, &timeline(0, 100));
    // After a crash, everything is written again, and anything above it is removed.
    fixture.write(3, &timeline(0, 3));
    fixture.check(3);
    for timeline in &neighbours {
        verify_blocks(
            &fixture.writer.blocks,
            timeline.conversation(),
            MsgId::ZERO,
            id(100),
        )
        .unwrap();
    }
}

#[test]
fn missing_block_poisons_the_store() {
    let mut fixture = Fixture::new();
    fixture.write(1, &timeline(0, 50));
    let failed = fixture.writer.write(job(2, vec![], &timeline(60, 70)));
    assert!(matches!(
        failed,
        Err(CheckpointError::Damaged { conversation: CONVERSATION, msgid }) if msgid == id(60)
    ));
    assert!(fixture.poison.check().is_err());
    assert!(
        fixture
            .writer
            .write(job(3, vec![], &timeline(50, 51)))
            .is_err()
    );
    assert_eq!(fixture.trees.checkpoint().unwrap(), Position::at(1));
}

#[test]
fn doctor_finds_missing_and_surplus_blocks() {
    let mut fixture = Fixture::new();
    fixture.write(1, &timeline(0, 300));
    let verify = |fixture: &Fixture, floor, stored| {
        verify_blocks(&fixture.writer.blocks, CONVERSATION, id(floor), id(stored))
    };
    assert_eq!(verify(&fixture, 0, 300).unwrap().messages, 300);
    assert!(matches!(
        verify(&fixture, 70, 300),
        Err(VerifyError::Expired { first, .. }) if first <= id(70)
    ));
    assert!(matches!(
        verify(&fixture, 0, 301),
        Err(VerifyError::Missing { msgid, .. }) if msgid == id(301)
    ));
    assert!(matches!(
        verify(&fixture, 0, 299),
        Err(VerifyError::Overlap { .. })
    ));
    let (second, last) = fixture.blocks()[1];
    fixture
        .trees
        .write(
            Tree::Messages,
            [RowChange::delete(RowKey::block(CONVERSATION, id(second)))],
        )
        .unwrap();
    assert!(matches!(
        verify(&fixture, 0, 300),
        Err(VerifyError::Missing { msgid, .. }) if msgid == id(second)
    ));
    assert!(matches!(
        verify(&fixture, last, 300),
        Err(VerifyError::Expired { first, .. }) if first == id(1)
    ));
}

#[test]
fn thread_finishes_its_jobs() {
    let fixture = Fixture::new();
    let mut thread =
        Checkpointer::start(&Env::real(), fixture.trees.clone(), &fixture.poison).unwrap();
    let timeline = timeline(0, 100);
    thread.submit(job(7, vec![], &timeline)).unwrap();
    let report = thread.wait().unwrap();
    assert_eq!(
        (report.through, report.metrics.done, report.metrics.entries),
        (Position::at(7), 1, 100)
    );
    thread.finish().unwrap();
    fixture.check(100);
}

/// What the log drops, the trees must hold.
#[test]
fn log_detects_reverted_trees() {
    let replay = |log: &Path, checkpoint| {
        let (env, directory) = (Env::real(), DirectoryId::from_bytes([5; 16]));
        let source = LogSource::of(&env, log, directory, Format::Current);
        source.replay(checkpoint, &Poison::new(), |_, _| {
            Ok::<_, std::convert::Infallible>(())
        })
    };
    let mut fixture = Fixture::new();
    let logs = fixture.dir.path().to_owned();
    let old = {
        let mut log = replay(&logs, Position::START).unwrap();
        let mut commit = |fixture: &mut Fixture, head| {
            log.append(&mut BatchBuf::new()).unwrap();
            let through = log.seal().unwrap();
            fixture.write(through.revision().get(), &timeline(head - 1, head));
            log.trim(through);
        };
        commit(&mut fixture, 1);
        let old = fixture.crashed();
        commit(&mut fixture, 2);
        log.close().unwrap();
        old
    };
    assert!(replay(&logs, fixture.trees.checkpoint().unwrap()).is_ok());
    let error = replay(&logs, old.trees.checkpoint().unwrap()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the trees end with batch 1, but the commit log begins with 3"),
        "{error}"
    );
}

/// A packed entry of this many incompressible bytes.
fn large(seed: u64, bytes: usize) -> Bytes {
    let mut state = seed;
    let next = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let noise: Vec<u8> = (0..bytes).map(next).collect();
    [&(bytes as u32).to_le_bytes()[..], &noise].concat().into()
}

/// Each message as a reader sees it.
fn read_all(fixture: &Fixture, timeline: &Timeline) -> Vec<Bytes> {
    let history = History::new(fixture.trees.clone());
    let one = |n| {
        history
            .read(timeline, PullRange::From(id(n)), RunLimits::of_messages(1))
            .unwrap()
            .entries
    };
    let each: Vec<Bytes> = (1..=timeline.head().get()).map(one).collect();
    let before = history
        .read(
            timeline,
            PullRange::Before(timeline.head().next()),
            RunLimits::of_messages(500),
        )
        .unwrap();
    assert!(
        each.concat().ends_with(&before.entries),
        "reading backwards differs"
    );
    each
}

#[test]
fn rewritten_entry_reaches_its_block() {
    let mut fixture = Fixture::new();
    let timeline = timeline(0, 300);
    fixture.write(1, &timeline);
    publish(&timeline, 310);
    let mut expected = read_all(&fixture, &timeline);
    // An entry in a full block, in the last block, and in the tail.
    for n in [5, 290, 305] {
        timeline.rewrite(id(n), large(n, 40));
        expected[n as usize - 1] = large(n, 40);
    }
    assert_eq!(read_all(&fixture, &timeline), expected);
    assert!(!timeline.is_stored());
    fixture.write(2, &timeline);
    assert!(timeline.is_stored() && timeline.rewritten().is_empty());
    assert_eq!(read_all(&fixture, &timeline), expected);
    assert_eq!(
        read_all(&fixture, &Timeline::new(CONVERSATION, MsgId::ZERO, id(310))),
        expected
    );
}

#[test]
fn outgrown_block_is_split() {
    let mut fixture = Fixture::new();
    let timeline = timeline(0, 200);
    fixture.write(1, &timeline);
    let before = fixture.blocks();
    let mut expected = read_all(&fixture, &timeline);
    for n in 10..=20 {
        timeline.rewrite(id(n), large(n, 16 * 1024));
        expected[n as usize - 1] = large(n, 16 * 1024);
    }
    fixture.write(2, &timeline);
    let after = fixture.blocks();
    assert!(
        after.len() >= before.len() + 10,
        "{before:?} became {after:?}"
    );
    assert!(
        after.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0),
        "{after:?}"
    );
    assert_eq!(
        read_all(&fixture, &Timeline::new(CONVERSATION, MsgId::ZERO, id(200))),
        expected
    );
}

#[test]
fn interrupted_split_is_repaired() {
    let mut fixture = Fixture::new();
    let first = timeline(0, 200);
    fixture.write(1, &first);
    let (begin, end) = fixture.blocks()[0];
    let plain = read_all(&fixture, &first);
    let whole = fixture
        .writer
        .blocks
        .at_or_below(CONVERSATION, id(begin))
        .unwrap()
        .unwrap();
    // Later parts of the first block are already written, and the block itself is still complete.
    let late: Vec<Bytes> = whole.split().unwrap().split_off(20);
    let parts = Packer::new()
        .unwrap()
        .pack(CONVERSATION, id(begin + 20), &late, 1)
        .unwrap();
    for PackedBlock { place, value, .. } in parts {
        fixture
            .writer
            .write_alone(RowChange {
                key: place.key(),
                value: Some(value),
            })
            .unwrap();
    }
    for n in [3, 30] {
        let crashed = &mut fixture.crashed();
        let again = Arc::new(Timeline::new(CONVERSATION, MsgId::ZERO, id(200)));
        again.rewrite(id(n), large(n, 40));
        crashed.write(2, &again);
        assert_eq!(crashed.blocks()[0], (begin, end), "the parts are removed");
        let mut expected = plain.clone();
        expected[n as usize - 1] = large(n, 40);
        assert_eq!(read_all(crashed, &again), expected);
    }
}
