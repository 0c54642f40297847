//! What holds for every log.

use std::convert::Infallible;
use std::path::Path;

use super::feed::Next;
use super::*;
use crate::testing::{LostReply, SimDisk};
use cairn_core::api::kinds::Kinds;

const DIRECTORY: DirectoryId = DirectoryId::from_bytes([5; 16]);

/// The environments of the logs.
fn envs() -> [(&'static str, Env); 2] {
    let env = |seed| Env::simulated(&SimDisk::new(seed), seed);
    [
        ("segments", env(1)),
        ("memory", env(2).with_log(&MemoryLog::new())),
    ]
}

type Batches = Vec<(Position, Vec<u8>)>;

fn open(env: &Env, from: Position) -> Result<(Log, Batches), OpenError<Infallible>> {
    let mut batches = Vec::new();
    let source = LogSource::of(env, Path::new("/data"), DIRECTORY, Format::Current);
    let log = source.replay(from, &Poison::new(), |position, payload| {
        batches.push((position, payload.to_vec()));
        Ok(())
    })?;
    Ok((log, batches))
}

fn append(log: &mut Log, payload: &[u8]) -> Position {
    let mut batch = BatchBuf::new();
    batch.payload_mut().extend_from_slice(payload);
    log.append(&mut batch).unwrap()
}

#[test]
fn replay_returns_what_was_appended() {
    for (name, env) in envs() {
        let (mut log, batches) = open(&env, Position::START).unwrap();
        assert_eq!((batches.len(), log.last()), (0, Position::START), "{name}");
        let payloads: Vec<Vec<u8>> = (0..20).map(|n| vec![n; usize::from(n) * 100]).collect();
        let mut appended = Batches::new();
        for payload in payloads {
            let position = append(&mut log, &payload);
            assert_eq!(log.last(), position);
            appended.push((position, payload));
        }
        assert!(appended.is_sorted_by(|(a, _), (b, _)| a < b), "{name}");
        drop(log);
        for from in 0..appended.len() {
            let (log, batches) = open(&env, appended[from].0).unwrap();
            assert_eq!(batches, appended[from + 1..], "{name} after {from}");
            assert_eq!(log.last(), appended[19].0);
        }
        let (mut log, batches) = open(&env, Position::START).unwrap();
        assert_eq!(batches, appended, "{name}");
        assert!(append(&mut log, b"next") > appended[19].0);
        log.close().unwrap();
        assert_eq!(open(&env, Position::START).unwrap().1.len(), 21, "{name}");
    }
}

#[test]
fn trimmed_batches_are_gone_and_missed() {
    for (name, env) in envs() {
        let (mut log, _) = open(&env, Position::START).unwrap();
        append(&mut log, b"one");
        let through = log.seal().unwrap();
        let kept = append(&mut log, b"two");
        assert!(log.bytes_since(through) >= 3);
        log.trim(through);
        assert!(log.bytes_since(Position::START) < 100, "{name}");
        log.close().unwrap();
        let (_, batches) = open(&env, through).unwrap();
        assert_eq!(batches, [(kept, b"two".to_vec())], "{name}");
        let error = open(&env, Position::START).unwrap_err();
        assert!(
            matches!(error, OpenError::Log(LogError::Apart { .. })),
            "{name}: {error}"
        );
    }
}

#[test]
fn refused_batch_is_named() {
    for (name, env) in envs() {
        let (mut log, _) = open(&env, Position::START).unwrap();
        let one = append(&mut log, b"one");
        let two = append(&mut log, b"two");
        drop(log);
        let source = LogSource::of(&env, Path::new("/data"), DIRECTORY, Format::Current);
        let refuse = |position, _| if position == one { Ok(()) } else { Err("no") };
        match source.replay(Position::START, &Poison::new(), refuse) {
            Err(OpenError::Replay { batch, source }) => assert_eq!((batch, source), (two, "no")),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn failed_append_poisons_the_store() {
    let memory = MemoryLog::new();
    let env = Env::simulated(&SimDisk::new(1), 1).with_log(&memory);
    let poison = Poison::new();
    let source = LogSource::of(&env, Path::new("/data"), DIRECTORY, Format::Current);
    let replay = |_, _| Ok::<(), Infallible>(());
    let mut log = source.replay(Position::START, &poison, replay).unwrap();
    append(&mut log, b"one");
    memory.fail(1, LostReply::Stored);
    assert!(log.append(&mut BatchBuf::new()).is_err());
    assert!(poison.check().is_err());
    assert!(matches!(
        log.append(&mut BatchBuf::new()),
        Err(LogError::Poisoned(_))
    ));
    // The batch without a reply is there.
    assert_eq!((memory.batches(), memory.failures()), (2, 1));
}

/// A follower on another thread reads each batch as it was written, or notices that it is gone.
#[test]
fn batches_are_followed_while_segments_are_reused() {
    const BATCHES: u64 = 3_000;
    let payload = |n: u64| vec![n as u8; 1 + n as usize * 37 % 400];
    for (name, env) in envs() {
        let (mut log, _) = open(&env, Position::START).unwrap();
        let feed = log.feed().clone();
        let follower = std::thread::spawn(move || {
            let mut cursor = feed.cursor(Position::START, Kinds::APPENDED);
            let mut feed = feed;
            let (mut seen, mut missed) = (0, 0);
            while cursor.position < Position::at(BATCHES) {
                match feed.next(&mut cursor).unwrap() {
                    Next::Batch(found) => {
                        let position = cursor.position;
                        assert_eq!(found, payload(position.batch().get()), "{name} {position}");
                        seen += 1;
                    }
                    Next::Missing => missed += 1,
                    Next::CaughtUp => std::thread::yield_now(),
                }
            }
            (seen, missed)
        });
        for n in 1..=BATCHES {
            append(&mut log, &payload(n));
            log.feed().show(Kinds::APPENDED);
            if n % 40 == 0 {
                let through = log.seal().unwrap();
                log.trim(through);
                while log.prepare_segment() {}
            }
        }
        let (seen, missed) = follower.join().unwrap();
        assert!(seen + missed > 0, "{name}");
    }
}
