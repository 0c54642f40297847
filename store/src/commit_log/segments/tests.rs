use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;

use proptest::prelude::*;

use super::segment::{FileKind, SEGMENT_HEADER_BYTES, SegmentHeader, SegmentPlace, file_name};
use super::*;
use crate::disk::OpenMode;
use crate::disk::real::RealDisk;
use crate::testing::{Call, Failure, Fault, SimDisk};

pub(super) type Batches = Vec<(u64, Vec<u8>)>;

pub(super) const DIRECTORY: DirectoryId = DirectoryId::from_bytes([5; 16]);

pub(super) fn place(dir: &Path) -> LogPlace {
    LogPlace::in_dir(dir, DIRECTORY, Format::Current)
}

pub(super) fn open(
    dir: &Path,
    checkpoint: u64,
) -> Result<(SegmentLog, Batches), OpenError<Infallible>> {
    open_in(&Env::real(), dir, BatchNo::new(checkpoint))
}

fn open_in(
    env: &Env,
    dir: &Path,
    checkpoint: BatchNo,
) -> Result<(SegmentLog, Batches), OpenError<Infallible>> {
    let mut batches = Vec::new();
    let (place, poison) = (place(dir), Poison::new());
    let log = SegmentLog::open(env, &place, checkpoint, &poison, |number, changes| {
        batches.push((number.get(), changes.to_vec()));
        Ok(())
    })?;
    Ok((log, batches))
}

fn append(log: &mut SegmentLog, changes: &[u8]) -> u64 {
    let mut batch = BatchBuf::new();
    batch.payload_mut().extend_from_slice(changes);
    log.append(&mut batch).unwrap().get()
}

/// The segment files, without the spares.
fn segments(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(dir.join("log"))
        .unwrap()
        .map(|entry| entry.unwrap());
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

pub(super) fn write_segments(dir: &Path, segments: &BTreeMap<String, Vec<u8>>) {
    fs::create_dir_all(dir.join("log")).unwrap();
    for (name, bytes) in segments {
        fs::write(dir.join("log").join(name), bytes).unwrap();
    }
}

/// A watermark from before the first batch, as a power cut may leave it.
fn write_old_watermark(dir: &Path) {
    watermark::reset(&RealDisk, &dir.join("watermark"), Mark::new(DIRECTORY)).unwrap();
}

fn damage(result: Result<(SegmentLog, Batches), OpenError<Infallible>>) -> String {
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
    assert!(
        fs::read_dir(dir.path().join("log")).unwrap().count() <= 2 + limits::SPARE_SEGMENTS_MAX
    );
    let (_, batches) = open(dir.path(), checkpoint).unwrap();
    assert_eq!(batches, [(checkpoint + 1, b"last".to_vec())]);
}

#[test]
fn reader_never_returns_a_reused_segment() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 0).unwrap();
    let mut reader = log.reader();
    for n in 1..=3 {
        append(&mut log, &[n; 100]);
    }
    let read = |reader: &mut SegmentReader, n| reader.read(BatchNo::new(n)).unwrap();
    assert_eq!(read(&mut reader, 1).as_deref(), Some(&[1; 100][..]));
    assert_eq!(read(&mut reader, 3).as_deref(), Some(&[3; 100][..]));
    assert_eq!(
        read(&mut reader, 2).as_deref(),
        Some(&[2; 100][..]),
        "backwards"
    );
    let through = log.rotate().unwrap();
    log.drop_through(through);
    for n in 4..=6 {
        append(&mut log, &[n; 100]);
        log.rotate().unwrap();
    }
    assert_eq!(read(&mut reader, 3), None);
    assert_eq!(read(&mut log.reader(), 1), None);
    assert_eq!(read(&mut reader, 6).as_deref(), Some(&[6; 100][..]));
}

#[test]
fn truncated_segment_is_not_reused() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("log")).unwrap();
    fs::write(
        dir.path().join("log").join("spare-0000000000000007"),
        "half",
    )
    .unwrap();
    append(&mut open(dir.path(), 0).unwrap().0, b"one");
    let (mut log, _) = open(dir.path(), 0).unwrap();
    log.drop_through(BatchNo::new(1));
    drop(log);
    let sizes: Vec<u64> = fs::read_dir(dir.path().join("log"))
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
    let forged = forged.seal(BatchNo::new(3), 0, 0).unwrap().0.to_vec();
    append(&mut log, b"one");
    append(&mut log, &[b"torn".to_vec(), forged].concat());
    drop(log);
    let mut files = segments(dir.path());
    let bytes = files.values_mut().next().unwrap();
    bytes[SEGMENT_HEADER_BYTES + record::RECORD_HEADER_BYTES + 3] ^= 1;
    write_segments(dir.path(), &files);
    write_old_watermark(dir.path());
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
    let sizes: Vec<u64> = fs::read_dir(dir.path().join("log"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .collect();
    assert_eq!(
        sizes,
        [(SEGMENT_HEADER_BYTES + record::RECORD_HEADER_BYTES) as u64]
    );
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
    write_old_watermark(dir.path());
    let whole = segments(dir.path());
    let expected = ["begins with 2", "batch 2", "batch 3"];
    for (lost, expected) in (1..).zip(expected) {
        write_segments(dir.path(), &whole);
        fs::remove_file(dir.path().join("log").join(file_name(BatchNo::new(lost)))).unwrap();
        assert!(
            damage(open(dir.path(), 0)).contains(expected),
            "without {lost}"
        );
    }
    // Below the checkpoint it is not required.
    write_segments(dir.path(), &whole);
    fs::remove_file(dir.path().join("log").join(file_name(BatchNo::new(1)))).unwrap();
    assert_eq!(open(dir.path(), 1).unwrap().1.len(), 2);
    for (name, _) in segments(dir.path()) {
        fs::remove_file(dir.path().join("log").join(name)).unwrap();
    }
    assert!(damage(open(dir.path(), 3)).contains("lacks its last file"));
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
    fs::create_dir(dir.path().join("log")).unwrap();
    fs::write(dir.path().join("log").join("notes.txt"), "x").unwrap();
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
        dir.path().join("log").join(file_name(BatchNo::new(1))),
        dir.path().join("log").join(file_name(BatchNo::new(2))),
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
    let opened = SegmentLog::open(
        &Env::real(),
        &place(dir.path()),
        BatchNo::ZERO,
        &Poison::new(),
        |_, _| Err("no such user"),
    );
    assert_eq!(
        opened.unwrap_err().to_string(),
        "cannot replay batch 1 of the commit log: no such user"
    );
}

/// Bytes after the last record of a segment.
const PADDING_BYTES: usize = 50;

/// Writes batches, with a new segment after the marked ones. The files have little space allocated
/// after their end.
pub(super) fn written(batches: &[(Vec<u8>, bool)]) -> BTreeMap<String, Vec<u8>> {
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
        bytes.truncate(used_bytes(bytes) + PADDING_BYTES);
        let header = SegmentHeader::decode(bytes).unwrap();
        let place = SegmentPlace {
            bytes: bytes.len() as u64,
            ..header.place.unwrap()
        };
        let header = SegmentHeader {
            place: Some(place),
            ..header
        };
        bytes[..SEGMENT_HEADER_BYTES].copy_from_slice(&header.encode());
    }
    files
}

/// The records of a segment.
fn records(segment: &[u8]) -> Vec<record::Found> {
    let reader = SegmentHeader::decode(segment).unwrap().records();
    let next = |found: &record::Found| reader.read_at(segment, found.end);
    std::iter::successors(reader.read_at(segment, SEGMENT_HEADER_BYTES), next).collect()
}

fn used_bytes(segment: &[u8]) -> usize {
    records(segment)
        .last()
        .map_or(SEGMENT_HEADER_BYTES, |last| last.end)
}

/// The watermark after the last batch.
pub(super) fn mark_of(files: &BTreeMap<String, Vec<u8>>) -> Mark {
    let (_, active) = files.last_key_value().unwrap();
    let last = files
        .values()
        .filter_map(|bytes| records(bytes).last().copied())
        .next_back()
        .unwrap();
    Mark {
        segment: SegmentHeader::decode(active).unwrap().first,
        segment_bytes: active.len() as u64,
        last: last.number,
        checksum: last.checksum,
        ..Mark::new(DIRECTORY)
    }
}

/// Recovers from these files. Opening the log would create a segment each time, which is slow.
fn read_files(
    files: &BTreeMap<String, Vec<u8>>,
    mark: Option<Mark>,
) -> Result<Batches, OpenError<Infallible>> {
    let dir = tempfile::tempdir().unwrap();
    write_segments(dir.path(), files);
    let known = Known {
        disk: &RealDisk,
        directory: DIRECTORY,
        checkpoint: BatchNo::ZERO,
        mark,
    };
    let mut batches = Vec::new();
    Listing::read(&RealDisk, &dir.path().join("log"))?.replay(known, |number, changes| {
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

#[test]
fn log_of_another_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    append(&mut open(dir.path(), 0).unwrap().0, b"one");
    let other = LogPlace::in_dir(
        dir.path(),
        DirectoryId::from_bytes([6; 16]),
        Format::Current,
    );
    let opened = SegmentLog::open(
        &Env::real(),
        &other,
        BatchNo::ZERO,
        &Poison::new(),
        |_, _| Ok::<_, Infallible>(()),
    );
    let error = opened.unwrap_err().to_string();
    assert!(error.contains("belongs to data directory 0505"), "{error}");
}

#[test]
fn missing_watermark_is_an_error_except_in_format_2() {
    let dir = tempfile::tempdir().unwrap();
    append(&mut open(dir.path(), 0).unwrap().0, b"one");
    fs::remove_file(dir.path().join("watermark")).unwrap();
    assert!(damage(open(dir.path(), 0)).contains("watermark is missing"));
    let place = LogPlace::in_dir(dir.path(), DIRECTORY, Format::Format2);
    let opened = SegmentLog::open(
        &Env::real(),
        &place,
        BatchNo::ZERO,
        &Poison::new(),
        |_, _| Ok::<_, Infallible>(()),
    );
    drop(opened.unwrap());
    assert_eq!(open(dir.path(), 0).unwrap().1.len(), 1);
}

/// The older log of a backup, below trees that do not reveal the difference.
#[test]
fn older_log_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 0).unwrap();
    append(&mut log, b"one");
    log.close_clean().unwrap();
    let older = segments(dir.path());
    let (mut log, _) = open(dir.path(), 0).unwrap();
    append(&mut log, b"two");
    log.close_clean().unwrap();
    fs::remove_dir_all(dir.path().join("log")).unwrap();
    write_segments(dir.path(), &older);
    let error = damage(open(dir.path(), 0));
    assert!(error.contains("lacks its last file"), "{error}");
}

#[test]
fn closed_segment_may_not_be_cut_or_zeroed() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path(), 0).unwrap();
    append(&mut log, b"one");
    append(&mut log, b"two");
    log.close_clean().unwrap();
    write_old_watermark(dir.path());
    let (name, whole) = segments(dir.path()).pop_first().unwrap();
    for from in SEGMENT_HEADER_BYTES..whole.len() {
        let cut = whole[..from].to_vec();
        let zeroed = [&cut[..], &vec![0; whole.len() - from]].concat();
        for damaged in [cut, zeroed] {
            let files = BTreeMap::from([(name.clone(), damaged)]);
            assert!(read_files(&files, None).is_err(), "from {from}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 8,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn torn_end_leaves_a_prefix(batches in some_batches(), stale in any::<u8>()) {
        let files = written(&batches);
        let all = numbered(&batches);
        let mark = mark_of(&files);
        prop_assert_eq!(&read_files(&files, Some(mark)).unwrap(), &all);
        let (name, whole) = files.last_key_value().unwrap();
        let ends: Vec<usize> = records(whole).iter().map(|found| found.end).collect();
        let kept_before = all.len() - ends.len();
        for cut in SEGMENT_HEADER_BYTES..=used_bytes(whole) {
            let kept = kept_before + ends.iter().filter(|end| **end <= cut).count();
            for filler in [0, stale] {
                let mut files = files.clone();
                let rest = vec![filler; whole.len() - cut];
                files.insert(name.clone(), [&whole[..cut], &rest].concat());
                let read = read_files(&files, None).unwrap();
                // Remains of older records may complete a cut record, but only with the bytes that
                // were written.
                prop_assert!(
                    read == all[..kept]
                        || (read == all[..kept + 1] && rest.first() == whole.get(cut))
                );
                prop_assert_eq!(read_files(&files, Some(mark)).is_ok(), read == all);
            }
        }
    }

    #[test]
    fn cut_file_is_reported(batches in some_batches()) {
        let files = written(&batches);
        for (name, whole) in &files {
            for cut in 0..whole.len() {
                let mut files = files.clone();
                files.insert(name.clone(), whole[..cut].to_vec());
                let is_used = cut < used_bytes(whole) || files.keys().next_back() == Some(name);
                prop_assert!(read_files(&files, None).is_err() || !is_used, "{} at {}", name, cut);
            }
        }
    }

    #[test]
    fn flipped_byte_is_reported(batches in some_batches(), bit in 0..8_u32) {
        let files = written(&batches);
        let mark = Some(mark_of(&files));
        for (name, whole) in &files {
            for at in 0..used_bytes(whole) {
                let mut flipped = files.clone();
                flipped.get_mut(name).unwrap()[at] ^= 1 << bit;
                prop_assert!(read_files(&flipped, mark).is_err(), "{} at {}", name, at);
            }
        }
    }

    #[test]
    fn lost_segment_is_reported(batches in some_batches()) {
        let files = written(&batches);
        let mark = Some(mark_of(&files));
        for name in files.keys() {
            let mut fewer = files.clone();
            fewer.remove(name);
            let error = read_files(&fewer, mark).unwrap_err().to_string();
            prop_assert!(error.contains("batch") , "{}", error);
        }
    }

    #[test]
    fn log_continues_after_torn_write(
        batches in some_batches(),
        cut in any::<prop::sample::Index>(),
    ) {
        let files = written(&batches);
        let (name, whole) = files.last_key_value().unwrap();
        let cut = SEGMENT_HEADER_BYTES + cut.index(whole.len() - SEGMENT_HEADER_BYTES);
        let dir = tempfile::tempdir().unwrap();
        let mut torn = whole.clone();
        torn[cut..].fill(0);
        let mut files = files.clone();
        files.insert(name.clone(), torn);
        write_segments(dir.path(), &files);
        write_old_watermark(dir.path());
        let (mut log, mut kept) = open(dir.path(), 0).unwrap();
        kept.push((append(&mut log, b"new"), b"new".to_vec()));
        log.close_clean().unwrap();
        prop_assert_eq!(open(dir.path(), 0).unwrap().1, kept);
    }
}

/// A sync that fails leaves a batch in the page cache alone. A start that reads it there makes it
/// durable, so that a later power cut leaves no hole.
#[test]
fn batch_of_a_failed_sync_is_durable_once_it_was_replayed() {
    let mut replayed_it = 0;
    for seed in 0..40 {
        let disk = SimDisk::new(seed);
        let env = Env::simulated(&disk, seed);
        let open = || open_in(&env, Path::new("/"), BatchNo::ZERO).unwrap();
        let (mut log, _) = open();
        append(&mut log, b"durable");
        // Several sectors, so that a part of them is lost.
        let mut lost = BatchBuf::new();
        lost.payload_mut().resize(3_000, 7);
        disk.fail(Fault {
            call: Call::Sync,
            nth: 1,
            failure: Failure::Io,
            is_sticky: false,
        });
        log.append(&mut lost).unwrap_err();
        drop(log);
        let (mut log, mut batches) = open();
        replayed_it += usize::from(batches.len() == 2);
        let next = append(&mut log, b"next");
        batches.push((next, b"next".to_vec()));
        drop(log);
        disk.crash();
        assert_eq!(open().1, batches, "seed {seed}");
    }
    assert_eq!(replayed_it, 40);
}

/// After a failed sync of the folder, the disk may still know a spare by the name of the segment
/// that it was, and no later sync changes that. It is not used again: a power cut would leave that
/// name with the header of another segment.
#[test]
fn spare_whose_name_may_be_lost_is_not_reused() {
    for seed in 0..40 {
        let disk = SimDisk::new(seed);
        let env = Env::simulated(&disk, seed);
        let open = |checkpoint| open_in(&env, Path::new("/"), checkpoint).unwrap();
        let (mut log, _) = open(BatchNo::ZERO);
        append(&mut log, b"one");
        let checkpoint = log.rotate().unwrap();
        while log.prepare_segment() {}
        log.drop_through(checkpoint);
        disk.fail(Fault {
            call: Call::SyncDir,
            nth: 1,
            failure: Failure::NoSpace,
            is_sticky: false,
        });
        assert!(log.prepare_segment());
        drop(log);
        let (mut log, _) = open(checkpoint);
        append(&mut log, b"two");
        drop(log);
        disk.crash();
        for name in disk.list(Path::new("/log")).unwrap() {
            let bytes = disk.read(&Path::new("/log").join(&name)).unwrap();
            if let Some(FileKind::Segment(first)) = segment::parse_name(&name) {
                let header = SegmentHeader::decode(&bytes).unwrap();
                assert_eq!(header.first, first, "seed {seed}");
            }
        }
        assert_eq!(open(checkpoint).1, [(2, b"two".to_vec())], "seed {seed}");
    }
}
