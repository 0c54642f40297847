use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;

use proptest::prelude::*;

use super::segment::{SEGMENT_HEADER_BYTES, file_name};
use super::*;
use crate::disk::real::RealDisk;
use crate::disk::{Disk as _, OpenMode};

type Batches = Vec<(u64, Vec<u8>)>;

fn open(dir: &Path, checkpoint: u64) -> Result<(CommitLog, Batches), OpenError<Infallible>> {
    let mut batches = Vec::new();
    let log = CommitLog::open(
        &Env::real(),
        dir,
        BatchNo::new(checkpoint),
        &Poison::new(),
        |number, changes| {
            batches.push((number.get(), changes.to_vec()));
            Ok(())
        },
    )?;
    Ok((log, batches))
}

fn append(log: &mut CommitLog, changes: &[u8]) -> u64 {
    let mut batch = BatchBuf::new();
    batch.payload_mut().extend_from_slice(changes);
    log.append(&mut batch).unwrap().get()
}

/// The files of the log, without the spares.
fn segments(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let named = files.map(|file| {
        (
            file.file_name().into_string().unwrap(),
            fs::read(file.path()).unwrap(),
        )
    });
    named
        .filter(|(name, _)| !name.starts_with("spare-"))
        .collect()
}

fn write_segments(dir: &Path, segments: &BTreeMap<String, Vec<u8>>) {
    for (name, bytes) in segments {
        fs::write(dir.join(name), bytes).unwrap();
    }
}

fn damage(result: Result<(CommitLog, Batches), OpenError<Infallible>>) -> String {
    match result {
        Ok((_, batches)) => panic!("opened with {} batches", batches.len()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn batches_above_checkpoint_replay_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, batches) = open(dir.path(), 0).unwrap();
    assert!(batches.is_empty());
    assert_eq!(
        (
            append(&mut log, b"one"),
            append(&mut log, b""),
            append(&mut log, b"three")
        ),
        (1, 2, 3)
    );
    drop(log);
    let (mut log, batches) = open(dir.path(), 1).unwrap();
    assert_eq!(batches, [(2, b"".to_vec()), (3, b"three".to_vec())]);
    assert_eq!(append(&mut log, b"four"), 4);
    drop(log);
    assert_eq!(open(dir.path(), 0).unwrap().1.len(), 4);
}

#[test]
fn full_segment_is_followed_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 0).unwrap();
    let changes = vec![7; limits::SEGMENT_BYTES_SMALL as usize / 3];
    for _ in 0..5 {
        append(&mut log, &changes);
    }
    assert!(segments(dir.path()).contains_key(&file_name(BatchNo::new(3))));
    drop(log);
    assert_eq!(open(dir.path(), 0).unwrap().1.len(), 5);
}

#[test]
fn batch_may_exceed_segment_but_not_limit() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 0).unwrap();
    append(&mut log, &vec![1; limits::SEGMENT_BYTES_SMALL as usize + 1]);
    let mut batch = BatchBuf::new();
    batch.payload_mut().resize(RECORD_MAX + 1, 0);
    assert!(matches!(
        log.append(&mut batch),
        Err(LogError::TooLarge { bytes }) if bytes == limits::BATCH_BYTES_MAX + 1
    ));
    assert_eq!(append(&mut log, b"next"), 2);
    drop(log);
    assert_eq!(open(dir.path(), 0).unwrap().1.len(), 2);
}

const RECORD_MAX: usize = limits::BATCH_BYTES_MAX + record::RECORD_HEADER_BYTES;

#[test]
fn recycled_segments_hide_old_batches() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 0).unwrap();
    let mut checkpoint = 0;
    for round in 0..6_u8 {
        // Each round writes less than the one before, so that older batches remain after the newer
        // ones.
        for n in 0..(10 - round) {
            append(&mut log, &[round, n, 0xEE]);
        }
        checkpoint = log.rotate().unwrap().get();
        log.drop_through(BatchNo::new(checkpoint));
        assert_eq!(log.live_bytes(), 0);
    }
    append(&mut log, b"last");
    assert_eq!(
        log.bytes_since(BatchNo::new(checkpoint)),
        4 + record::RECORD_HEADER_BYTES as u64
    );
    drop(log);
    assert!(fs::read_dir(dir.path()).unwrap().count() <= 2 + limits::SPARE_SEGMENTS_MAX);
    let (_, batches) = open(dir.path(), checkpoint).unwrap();
    assert_eq!(batches, [(checkpoint + 1, b"last".to_vec())]);
}

#[test]
fn truncated_segment_is_not_reused() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("spare-0000000000000007"), "half").unwrap();
    append(&mut open(dir.path(), 0).unwrap().0, b"one");
    let (mut log, _) = open(dir.path(), 0).unwrap();
    log.drop_through(BatchNo::new(1));
    drop(log);
    let sizes: Vec<u64> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .collect();
    assert_eq!(sizes, [limits::SEGMENT_BYTES_SMALL]);
}

#[test]
fn forged_batch_in_a_message_is_ignored() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 0).unwrap();
    let mut forged = BatchBuf::new();
    forged.payload_mut().extend_from_slice(b"make me the owner");
    let forged = forged.seal(BatchNo::new(3), 0).unwrap().to_vec();
    append(&mut log, b"one");
    append(&mut log, &[b"torn".to_vec(), forged].concat());
    drop(log);
    let mut files = segments(dir.path());
    let bytes = files.values_mut().next().unwrap();
    bytes[SEGMENT_HEADER_BYTES + 16 + 3] ^= 1;
    write_segments(dir.path(), &files);
    assert_eq!(open(dir.path(), 0).unwrap().1, [(1, b"one".to_vec())]);
}

#[test]
fn clean_close_is_small_and_numbers_continue() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 0).unwrap();
    append(&mut log, b"one");
    append(&mut log, b"two");
    let through = log.rotate().unwrap();
    log.drop_through(through);
    log.close_clean().unwrap();
    let sizes: Vec<u64> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .collect();
    assert_eq!(sizes, [SEGMENT_HEADER_BYTES as u64]);
    let (mut log, batches) = open(dir.path(), 2).unwrap();
    assert!(batches.is_empty());
    assert_eq!(append(&mut log, b"three"), 3);
}

#[test]
fn clean_close_without_checkpoint_keeps_batches() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 0).unwrap();
    append(&mut log, b"one");
    log.rotate().unwrap();
    append(&mut log, b"two");
    log.close_clean().unwrap();
    assert_eq!(open(dir.path(), 0).unwrap().1.len(), 2);
}

#[test]
fn missing_segment_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 0).unwrap();
    for _ in 0..3 {
        append(&mut log, b"x");
        log.rotate().unwrap();
    }
    drop(log);
    let whole = segments(dir.path());
    for (lost, expected) in [(1, "batch 1"), (2, "batch 2"), (3, "batch 3")] {
        write_segments(dir.path(), &whole);
        fs::remove_file(dir.path().join(file_name(BatchNo::new(lost)))).unwrap();
        assert!(
            damage(open(dir.path(), 0)).contains(expected),
            "without {lost}"
        );
    }
    // Below the checkpoint it is not required.
    write_segments(dir.path(), &whole);
    fs::remove_file(dir.path().join(file_name(BatchNo::new(1)))).unwrap();
    assert_eq!(open(dir.path(), 1).unwrap().1.len(), 2);
    for (name, _) in segments(dir.path()) {
        fs::remove_file(dir.path().join(name)).unwrap();
    }
    assert!(damage(open(dir.path(), 3)).contains("batch 4"));
}

#[test]
fn log_below_checkpoint_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 0).unwrap();
    append(&mut log, b"one");
    drop(log);
    assert!(damage(open(dir.path(), 5)).contains("batch 2"));
}

#[test]
fn foreign_file_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("notes.txt"), "x").unwrap();
    assert!(damage(open(dir.path(), 0)).contains("notes.txt"));
}

#[test]
fn renamed_segment_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 0).unwrap();
    append(&mut log, b"one");
    log.rotate().unwrap();
    drop(log);
    fs::copy(
        dir.path().join(file_name(BatchNo::new(1))),
        dir.path().join(file_name(BatchNo::new(2))),
    )
    .unwrap();
    assert!(damage(open(dir.path(), 0)).contains("its header does not match its name"));
}

#[test]
fn failed_write_poisons_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 0).unwrap();
    append(&mut log, b"one");
    log.active.file = RealDisk.open(&log.active.path, OpenMode::Read).unwrap();
    let mut batch = BatchBuf::new();
    assert!(matches!(log.append(&mut batch), Err(LogError::Io { .. })));
    assert!(matches!(log.append(&mut batch), Err(LogError::Poisoned(_))));
    assert!(matches!(log.rotate(), Err(LogError::Poisoned(_))));
    assert_eq!(log.last(), BatchNo::new(1));
    drop(log);
    assert_eq!(open(dir.path(), 0).unwrap().1.len(), 1);
}

#[test]
fn refused_batch_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 0).unwrap();
    append(&mut log, b"one");
    drop(log);
    let opened = CommitLog::open(
        &Env::real(),
        dir.path(),
        BatchNo::ZERO,
        &Poison::new(),
        |_, _| Err("no such user"),
    );
    assert_eq!(
        opened.unwrap_err().to_string(),
        "cannot replay batch 1 of the commit log: no such user"
    );
}

/// Writes the batches, rotating after the marked ones. Returns the files with nothing allocated
/// after the end.
fn written(batches: &[(Vec<u8>, bool)]) -> BTreeMap<String, Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 0).unwrap();
    for (changes, rotate) in batches {
        append(&mut log, changes);
        if *rotate {
            log.rotate().unwrap();
        }
    }
    drop(log);
    let mut files = segments(dir.path());
    for bytes in files.values_mut() {
        bytes.truncate(
            record_ends(bytes)
                .last()
                .copied()
                .unwrap_or(SEGMENT_HEADER_BYTES),
        );
    }
    files
}

/// The offsets at which the records of a segment end.
fn record_ends(segment: &[u8]) -> Vec<usize> {
    let salt = segment::SegmentHeader::decode(segment).unwrap().salt;
    let next = |end: &usize| record::read_at(segment, *end, salt).map(|found| found.end);
    std::iter::successors(Some(SEGMENT_HEADER_BYTES), next)
        .skip(1)
        .collect()
}

fn reopened(files: &BTreeMap<String, Vec<u8>>) -> Result<Batches, OpenError<Infallible>> {
    let dir = tempfile::tempdir().unwrap();
    write_segments(dir.path(), files);
    read_only(dir.path())
}

/// What recovery reads from the folder. Opening the log would create a segment each time, which is
/// slow.
fn read_only(dir: &Path) -> Result<Batches, OpenError<Infallible>> {
    let mut batches = Vec::new();
    Listing::read(&RealDisk, dir)?.replay(&RealDisk, BatchNo::ZERO, |number, changes| {
        batches.push((number.get(), changes.to_vec()));
        Ok(())
    })?;
    Ok(batches)
}

fn numbered<'a>(batches: impl IntoIterator<Item = &'a (Vec<u8>, bool)>) -> Batches {
    (1..)
        .zip(batches)
        .map(|(number, (changes, _))| (number, changes.clone()))
        .collect()
}

fn some_batches() -> impl Strategy<Value = Vec<(Vec<u8>, bool)>> {
    let changes = proptest::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 0..24);
    proptest::collection::vec((changes, proptest::bool::weighted(0.3)), 1..7)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 8,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn truncation_leaves_a_prefix(batches in some_batches(), stale in any::<u8>()) {
        let files = written(&batches);
        let all = numbered(&batches);
        prop_assert_eq!(&reopened(&files).unwrap(), &all);
        let (name, whole) = files.last_key_value().unwrap();
        let ends = record_ends(whole);
        let kept_before = all.len() - ends.len();
        for cut in SEGMENT_HEADER_BYTES..=whole.len() {
            let kept = kept_before + ends.iter().filter(|end| **end <= cut).count();
            for rest in [vec![], vec![0; 50], vec![stale; 50]] {
                let mut files = files.clone();
                files.insert(name.clone(), [&whole[..cut], &rest].concat());
                let read = reopened(&files).unwrap();
                // A cut record may be completed by what follows it, but by nothing that was not
                // written.
                prop_assert!(
                    read == all[..kept]
                        || (read == all[..kept + 1] && rest.first() == whole.get(cut))
                );
            }
        }
    }

    #[test]
    fn flipped_byte_loses_last_batch_or_is_reported(batches in some_batches(), bit in 0..8_u32) {
        let files = written(&batches);
        let all = numbered(&batches);
        for (name, whole) in &files {
            for at in 0..whole.len() {
                let mut flipped = files.clone();
                flipped.get_mut(name).unwrap()[at] ^= 1 << bit;
                // Damage of the last batch looks like a torn write; nothing else may go unnoticed.
                if let Ok(read) = reopened(&flipped) {
                    let mut names = files.keys();
                    let last = names.rfind(|name| files[*name].len() > SEGMENT_HEADER_BYTES);
                    let is_last = Some(name) == last;
                    let is_newest = files.keys().next_back() == Some(name);
                    prop_assert!(is_last && is_newest, "{} at {}", name, at);
                    prop_assert_eq!(&read[..], &all[..all.len() - 1]);
                }
            }
        }
    }

    #[test]
    fn lost_segment_is_reported(batches in some_batches()) {
        let files = written(&batches);
        let all = numbered(&batches);
        for name in files.keys() {
            let mut fewer = files.clone();
            let lost = fewer.remove(name).unwrap();
            match reopened(&fewer) {
                Err(error) => prop_assert!(error.to_string().contains("batch"), "{}", error),
                // The log ends with its last segment. Only the checkpoint could prove otherwise.
                Ok(read) => {
                    let is_last = files.keys().next_back() == Some(name);
                    let has_lost = lost.len() == SEGMENT_HEADER_BYTES || read.len() < all.len();
                    prop_assert!(is_last && has_lost);
                    prop_assert_eq!(&read[..], &all[..read.len()]);
                }
            }
        }
    }

    #[test]
    fn log_continues_after_torn_write(
        batches in some_batches(),
        cut in any::<prop::sample::Index>(),
    ) {
        let files = written(&batches);
        let (name, whole) = files.last_key_value().unwrap();
        let cut = SEGMENT_HEADER_BYTES + cut.index(whole.len() - SEGMENT_HEADER_BYTES + 1);
        let dir = tempfile::tempdir().unwrap();
        write_segments(dir.path(), &files);
        fs::write(dir.path().join(name), &whole[..cut]).unwrap();
        let (mut log, mut kept) = open(dir.path(), 0).unwrap();
        kept.push((append(&mut log, b"new"), b"new".to_vec()));
        drop(log);
        prop_assert_eq!(read_only(dir.path()).unwrap(), kept);
    }
}
