use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::commit_log::segments::segment::file_name;
use crate::commit_log::segments::tests::{
    Batches, DIRECTORY, mark_of, open, place, write_segments, written,
};

use super::*;
use crate::disk::real::RealDisk;

type Files = BTreeMap<String, Vec<u8>>;

/// Two segments, of two batches and one.
fn sound() -> (Files, Mark) {
    let batches = [(b"one", false), (b"two", true), (b"six", false)];
    let files = written(&batches.map(|(changes, rotate)| (changes.to_vec(), rotate)));
    let mark = mark_of(&files);
    (files, mark)
}

/// The result of a repair: what was kept, what was readable after it, and what the log then holds.
struct Repaired {
    last: u64,
    lost: Vec<u64>,
    batches: Batches,
}

/// Repairs a log; returns `None` if it is sound.
fn repair(dir: &Path, files: &Files, mark: Option<Mark>, checkpoint: u64) -> Option<Repaired> {
    let _ = fs::remove_dir_all(dir.join("log"));
    write_segments(dir, files);
    match mark {
        Some(mark) => watermark::reset(&RealDisk, &dir.join("watermark"), mark).unwrap(),
        None => fs::write(dir.join("watermark"), "no watermark").unwrap(),
    }
    let (env, place) = (Env::real(), place(dir));
    let through = Position::at(checkpoint);
    let damage = check(&env, &place, through).err()?;
    assert!(damage.is_damage(), "{damage}");
    let mut lost = Vec::new();
    let salvage = Salvage::read(&env, &place, through, &mut |number, _| {
        lost.push(number.get());
    })
    .unwrap();
    let last = salvage.last().get();
    salvage.cut(&env, &place).unwrap();
    check(&env, &place, through).unwrap();
    let (log, batches) = open(dir, checkpoint).unwrap();
    assert_eq!(log.last().get(), last);
    Some(Repaired {
        last,
        lost,
        batches,
    })
}

fn numbers(batches: &Batches) -> Vec<u64> {
    batches.iter().map(|(number, _)| *number).collect()
}

#[test]
fn sound_log_is_not_cut() {
    let dir = tempfile::tempdir().unwrap();
    let (files, mark) = sound();
    assert!(repair(dir.path(), &files, Some(mark), 0).is_none());
    assert!(repair(dir.path(), &files, Some(mark), 2).is_none());
}

#[test]
fn everything_before_a_flip_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (files, mark) = sound();
    let first = file_name(BatchNo::new(1));
    let (whole, second_at) = (&files[&first], 52 + 20 + 3);
    for (at, last, lost) in [
        (0, 0, vec![3]),
        (60, 0, vec![2, 3]),
        (second_at, 1, vec![3]),
        (second_at + 22, 1, vec![3]),
    ] {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        let mut files = files.clone();
        files.insert(first.clone(), flipped);
        let repaired = repair(dir.path(), &files, Some(mark), 0).unwrap();
        assert_eq!((repaired.last, repaired.lost), (last, lost), "byte {at}");
        assert_eq!(numbers(&repaired.batches), Vec::from_iter(1..=last));
    }
}

#[test]
fn every_cut_is_repaired() {
    let dir = tempfile::tempdir().unwrap();
    let (files, mark) = sound();
    for (name, whole) in &files {
        for cut in (0..whole.len()).step_by(9) {
            let mut files = files.clone();
            files.insert(name.clone(), whole[..cut].to_vec());
            if let Some(repaired) = repair(dir.path(), &files, Some(mark), 0) {
                let kept = Vec::from_iter(1..=repaired.last);
                assert_eq!(numbers(&repaired.batches), kept, "{name} at {cut}");
            }
        }
    }
}

#[test]
fn missing_segment_ends_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let (files, mark) = sound();
    let mut without_last = files.clone();
    without_last.pop_last();
    let repaired = repair(dir.path(), &without_last, Some(mark), 0).unwrap();
    assert_eq!((repaired.last, repaired.lost), (2, vec![]));
    assert!(
        repair(dir.path(), &Files::new(), Some(mark), 0)
            .unwrap()
            .batches
            .is_empty()
    );
    // What the trees hold is not lost.
    let repaired = repair(dir.path(), &Files::new(), Some(mark), 3).unwrap();
    assert_eq!((repaired.last, repaired.batches), (3, vec![]));
}

#[test]
fn damaged_watermark_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let (files, mark) = sound();
    let repaired = repair(dir.path(), &files, None, 0).unwrap();
    assert_eq!(numbers(&repaired.batches), [1, 2, 3]);
    // One that is ahead of the log says what is missing.
    let ahead = Mark {
        last: BatchNo::new(9),
        ..mark
    };
    assert_eq!(repair(dir.path(), &files, Some(ahead), 0).unwrap().last, 3);
}

#[test]
fn older_record_of_the_same_number_is_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (files, mark) = sound();
    let other = Mark {
        directory: DIRECTORY,
        checksum: mark.checksum ^ 1,
        ..mark
    };
    let repaired = repair(dir.path(), &files, Some(other), 0).unwrap();
    assert_eq!((repaired.last, repaired.lost), (2, vec![3]));
}
