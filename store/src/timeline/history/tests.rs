use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::checkpoint::{CheckpointJob, CheckpointWriter};
use crate::commit_log::Position;
use crate::env::Clock;
use crate::files::poison::Poison;
use crate::testing::{CONVERSATION, entries, entry, id, open, publish, timeline};
use crate::trees::rows::RowChange;
use crate::trees::{RowKey, Tree};

struct Fixture {
    _dir: tempfile::TempDir,
    trees: Trees,
    history: History,
    writer: CheckpointWriter,
    timeline: Arc<Timeline>,
}

impl Fixture {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let poison = Poison::new();
        let trees = open(dir.path(), &poison);
        let writer = CheckpointWriter::new(trees.clone(), &poison, &Clock::system()).unwrap();
        Self {
            history: History::new(trees.clone()),
            writer,
            trees,
            timeline: timeline(0, 0),
            _dir: dir,
        }
    }

    fn store(&mut self, through: u64) {
        let timelines = vec![(Arc::clone(&self.timeline), id(through))];
        self.writer
            .write(CheckpointJob {
                through: Position::at(through),
                rows: vec![],
                timelines,
            })
            .unwrap();
    }

    fn read(&self, range: PullRange, limits: RunLimits) -> Run {
        self.history.read(&self.timeline, range, limits).unwrap()
    }
}

/// Asserts that a run is consecutive, within the limits, and as long as they permit.
fn check(run: &Run, wanted: std::ops::RangeInclusive<u64>, from_end: bool) {
    if wanted.is_empty() {
        assert_eq!((run.count, run.entries.len()), (0, 0));
        return;
    }
    let (first, last) = (run.first.get(), run.last().get());
    assert!(first >= *wanted.start() && last <= *wanted.end() && run.count > 0);
    assert_eq!(run.entries, entries(first..=last));
    assert!(run.count == 1 || run.entries.len() <= cairn_proto::limits::RUN_BYTES_MAX);
    let (begins, ends) = (first == *wanted.start(), last == *wanted.end());
    assert!(if from_end { ends } else { begins });
    if !(begins && ends) {
        let with_next = if from_end {
            entries(first - 1..=last)
        } else {
            entries(first..=last + 1)
        };
        assert!(
            with_next.len() > cairn_proto::limits::RUN_BYTES_MAX,
            "{first}..={last} of {wanted:?}"
        );
    }
}

#[test]
fn any_range_is_read_from_any_blocks() {
    let mut fixture = Fixture::new();
    let mut stored = 0;
    for head in [0, 1, 63, 64, 65, 200, 210, 700] {
        publish(&fixture.timeline, head);
        for limit in [1, 50, 10_000] {
            let limits = RunLimits::of_messages(limit);
            let most = u64::from(limit.min(cairn_proto::limits::RUN_MESSAGES_MAX));
            for at in [
                0,
                1,
                2,
                40,
                stored,
                stored + 1,
                64,
                65,
                head / 2,
                head,
                head + 1,
                head + 9,
                u64::MAX,
            ] {
                let from = at.max(1);
                let end = head.min(from.saturating_add(most - 1));
                check(
                    &fixture.read(PullRange::From(id(at)), limits),
                    from..=end,
                    false,
                );
                let end = at.saturating_sub(1).min(head);
                check(
                    &fixture.read(PullRange::Before(id(at)), limits),
                    (end + 1).saturating_sub(most).max(1)..=end,
                    true,
                );
            }
        }
        stored = head - head % 3;
        fixture.store(stored);
    }
}

#[test]
fn nothing_below_floor_is_read() {
    let mut fixture = Fixture::new();
    publish(&fixture.timeline, 150);
    fixture.store(140);
    for floor in [30, 64, 100, 139, 145, 150] {
        fixture.timeline.raise_floor(id(floor));
        check(
            &fixture.read(PullRange::From(id(0)), RunLimits::MAX),
            floor + 1..=150,
            false,
        );
        check(
            &fixture.read(PullRange::Before(id(151)), RunLimits::MAX),
            floor + 1..=150,
            true,
        );
        check(
            &fixture.read(PullRange::Before(id(floor)), RunLimits::MAX),
            floor..=floor - 1,
            true,
        );
    }
}

#[test]
fn missing_or_damaged_block_is_reported() {
    let mut fixture = Fixture::new();
    publish(&fixture.timeline, 200);
    fixture.store(200);
    let blocks = Blocks::new(fixture.trees.clone());
    let second = blocks
        .above(CONVERSATION, id(1))
        .unwrap()
        .unwrap()
        .place
        .first;
    let key = RowKey::block(CONVERSATION, second);
    let value = fixture.trees.get(&key).unwrap().unwrap().to_vec();
    fixture
        .trees
        .write(Tree::Messages, [RowChange::delete(key)])
        .unwrap();
    for range in [
        PullRange::From(second),
        PullRange::From(id(1)),
        PullRange::Before(second.next()),
        PullRange::Before(id(201)),
    ] {
        let error = fixture
            .history
            .read(&fixture.timeline, range, RunLimits::MAX)
            .unwrap_err();
        assert!(
            matches!(
                error,
                HistoryError::Damaged {
                    conversation: CONVERSATION,
                    ..
                }
            ),
            "{error}"
        );
    }
    let mut flipped = value;
    *flipped.last_mut().unwrap() ^= 1;
    fixture
        .trees
        .write(
            Tree::Messages,
            [RowChange {
                key,
                value: Some(flipped),
            }],
        )
        .unwrap();
    let error = fixture
        .history
        .read(&fixture.timeline, PullRange::From(id(1)), RunLimits::MAX)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains(&format!("conversation 5 at message {second}")),
        "{error}"
    );
    assert_eq!(
        fixture
            .read(PullRange::From(id(1)), RunLimits::of_messages(3))
            .last(),
        id(3)
    );
    assert_eq!(
        fixture
            .read(PullRange::Before(id(201)), RunLimits::of_messages(3))
            .last(),
        id(200)
    );
}

#[test]
fn readers_see_no_gap_during_checkpoints() {
    const HEAD: u64 = 3000;
    let mut fixture = Fixture::new();
    publish(&fixture.timeline, 1);
    let (history, timeline) = (fixture.history.clone(), Arc::clone(&fixture.timeline));
    let reader = std::thread::spawn(move || {
        let (mut next, mut rounds) = (1, 0_u64);
        while timeline.head() < id(HEAD) || next <= HEAD {
            let head = timeline.head().get();
            let run = history
                .read(&timeline, PullRange::From(id(next)), RunLimits::MAX)
                .unwrap();
            assert_eq!(run.entries, entries(next..=next + u64::from(run.count) - 1));
            assert!(run.count > 0 || next > head);
            next += u64::from(run.count);
            let before = history
                .read(
                    &timeline,
                    PullRange::Before(id(next)),
                    RunLimits::of_messages(80),
                )
                .unwrap();
            assert_eq!(
                (before.last(), u64::from(before.count)),
                (id(next - 1), 80.min(next - 1))
            );
            rounds += 1;
        }
        rounds
    });
    while fixture.timeline.head() < id(HEAD) {
        let head = (fixture.timeline.head().get() + 37).min(HEAD);
        publish(&fixture.timeline, head);
        fixture.store(head - head % 5);
    }
    assert!(reader.join().unwrap() > 0);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 12,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_sequence_of_checkpoints_reads_the_same(
        steps in proptest::collection::vec((1..150_u64, 0..150_u64), 1..6),
        at in 0..900_u64,
    ) {
        let mut fixture = Fixture::new();
        for (more, back) in steps {
            let head = fixture.timeline.head().get() + more;
            publish(&fixture.timeline, head);
            fixture.store(head.saturating_sub(back));
            let end = head.min(at.max(1) + 99);
            let forward = fixture.read(PullRange::From(id(at)), RunLimits::of_messages(100));
            check(&forward, at.max(1)..=end, false);
            let end = at.saturating_sub(1).min(head);
            let back = fixture.read(PullRange::Before(id(at)), RunLimits::of_messages(100));
            check(&back, (end + 1).saturating_sub(100).max(1)..=end, true);
        }
    }
}

/// The entries below `before` and above `floor`, chunk by chunk.
fn backward(fixture: &Fixture, before: u64, floor: u64) -> Vec<(u64, Vec<u8>)> {
    let mut seen = Vec::new();
    let mut before = id(before);
    while let Some(chunk) = fixture
        .history
        .chunk_before(&fixture.timeline, before, id(floor))
        .unwrap()
    {
        let entries: Vec<_> = chunk.newest_first().collect();
        assert_eq!(entries.last().map(|(_, entry)| *entry), chunk.oldest());
        seen.extend(
            entries
                .into_iter()
                .filter(|(msgid, _)| *msgid > id(floor))
                .map(|(msgid, entry)| (msgid.get(), entry.to_vec())),
        );
        before = chunk.first();
    }
    seen
}

#[test]
fn chunks_hold_every_entry_once_as_it_is_now() {
    let mut fixture = Fixture::new();
    let mut rewritten = std::collections::BTreeMap::new();
    for head in [0, 1, 63, 64, 65, 200, 210, 700] {
        publish(&fixture.timeline, head);
        for msgid in [head / 3, head] {
            if msgid > 0 {
                fixture.timeline.rewrite(id(msgid), entry(msgid + 10_000));
                rewritten.insert(msgid, entry(msgid + 10_000).to_vec());
            }
        }
        for (before, floor) in [
            (head + 1, 0),
            (head + 9, 3),
            (head / 2, 0),
            (head, head / 4),
        ] {
            let expected: Vec<_> = (floor + 1..before.min(head + 1))
                .rev()
                .map(|n| {
                    let now = rewritten.get(&n).cloned();
                    (n, now.unwrap_or_else(|| entry(n).to_vec()))
                })
                .collect();
            assert!(
                backward(&fixture, before, floor) == expected,
                "{before}, {floor}"
            );
        }
        fixture.store(head - head % 3);
    }
    fixture.timeline.raise_floor(id(500));
    assert_eq!(backward(&fixture, 701, 500).len(), 200);
    assert_eq!(backward(&fixture, 501, 0).len(), 0, "expired");
}
