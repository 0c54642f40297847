//! Data directories of all formats. `tests/data` has one of each, with every file compressed on
//! its own: two users, a group and a direct chat, partly in the trees and partly in the log, from a
//! server that was killed. That of format 5 has a support desk.

mod format_4;
mod format_5;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cairn_core::api::command::GetRetained;
use cairn_core::record::{UsedStream, UserOrigin, UserStatus};
use cairn_proto::ids::{ConversationId, MsgId, Revision, Timestamp, UserId};
use cairn_proto::model::retention::Retention;
use cairn_proto::model::user::UserState;
use cairn_store::check::doctor::{self, Depth};
use cairn_store::engine::Engine;

use crate::support::cairn;

fn unpack(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            unpack(&path, &to.join(path.file_name().unwrap()));
        } else {
            let bytes = zstd::decode_all(fs::File::open(&path).unwrap()).unwrap();
            fs::write(to.join(path.file_stem().unwrap()), bytes).unwrap();
        }
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

fn fixture(name: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    unpack(&fixtures().join(name), dir.path());
    dir
}

fn version(dir: &Path) -> String {
    fs::read_to_string(dir.join("format")).unwrap()
}

/// Repeats what takes the lock of a data directory: a child process that another test has just
/// forked holds it until it executes its program.
fn with_lock<T, E: std::fmt::Display>(mut take: impl FnMut() -> Result<T, E>) -> T {
    let start = Instant::now();
    loop {
        match take() {
            Ok(taken) => return taken,
            Err(error) => {
                let said = error.to_string();
                let is_held = said.contains("in use by another");
                assert!(
                    is_held && start.elapsed() < Duration::from_secs(10),
                    "{said}"
                );
            }
        }
    }
}

fn open(dir: &Path) -> Engine {
    with_lock(|| Engine::open(dir))
}

/// Runs the command on a directory that no server uses.
fn check_sound(dir: &Path) {
    let output = cairn(&["doctor", "--full", "--data"])
        .arg(dir)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

fn check(dir: &Path) {
    with_lock(|| doctor::check(dir, Depth::Hashes, &mut |_| {}));
}

#[test]
fn format_2_is_converted() {
    let dir = fixture("format-2");
    let [alice, bob] = [UserId::new(1), UserId::new(2)];
    let direct = ConversationId::direct(alice, bob).unwrap();
    let engine = open(dir.path());
    assert_eq!(version(dir.path()), "cairn 5\n");
    let state = engine.state();
    assert_eq!(state.user_count(), 2);
    let team = state.conversation(ConversationId::new(1)).unwrap();
    assert_eq!(team.record.head, MsgId::new(6));
    assert_eq!(team.retention, Some(Retention::Days(300)));
    let (_, laptop) = state
        .user(alice)
        .unwrap()
        .devices
        .first_key_value()
        .unwrap();
    // One stream was used in the log. Those in the trees have no batch.
    let before = laptop
        .streams
        .iter()
        .filter(|used| used.used_at == Revision::new(1));
    assert!(
        laptop.streams.len() > before.count(),
        "{:?}",
        laptop.streams
    );
    assert!(
        laptop
            .streams
            .is_sorted_by_key(|used: &UsedStream| std::cmp::Reverse(used.used_at))
    );
    engine.close().unwrap();
    check(dir.path());
    let engine = open(dir.path());
    assert_eq!(engine.state().user_count(), 2);
    engine.close().unwrap();

    let copy = dir.path().join("format-2");
    assert_eq!(version(&copy), "cairn 2\n");
    let original = fixture("format-2");
    for file in ["log/000000000000000b", "trees/db", "trees/conf"] {
        let read = |dir: &Path| fs::read(dir.join(file)).unwrap();
        assert!(read(&copy) == read(original.path()), "{file}");
    }
    assert!(engine_has(&copy, direct));
}

/// The records of users, invites and members changed, in the trees and in the log.
#[test]
fn format_3_is_converted() {
    let dir = fixture("format-3");
    let [ada, bob] = [UserId::new(1), UserId::new(2)];
    let check_records = |engine: &Engine| {
        let state = engine.state();
        for user in [ada, bob] {
            let record = &state.user(user).unwrap().record;
            assert_eq!(record.status, UserStatus::Active);
            assert_eq!(record.origin, UserOrigin::Unknown);
            assert_eq!(record.state(), UserState::Active);
        }
        let team = state.conversation(ConversationId::new(1)).unwrap();
        assert_eq!(team.retention, Some(Retention::Days(300)));
    };
    let engine = open(dir.path());
    assert_eq!(version(dir.path()), "cairn 5\n");
    check_records(&engine);
    engine.close().unwrap();
    check(dir.path());
    let mut engine = open(dir.path());
    let team = GetRetained(ConversationId::new(1));
    engine.execute(team, Timestamp::new(0)).unwrap();
    check_records(&engine);
    engine.close().unwrap();

    let copy = dir.path().join("format-3");
    assert_eq!(version(&copy), "cairn 3\n");
    let original = fixture("format-3");
    for file in ["watermark", "trees/db"] {
        let read = |dir: &Path| fs::read(dir.join(file)).unwrap();
        assert!(read(&copy) == read(original.path()), "{file}");
    }
}

/// Nothing but the number changed, so that older versions refuse a directory with a desk.
#[test]
fn format_4_is_converted() {
    let dir = fixture("format-4");
    let engine = open(dir.path());
    assert_eq!(version(dir.path()), "cairn 5\n");
    assert_eq!(engine.state().user_count(), 2);
    assert_eq!(engine.state().desk_due(), None);
    engine.close().unwrap();
    check(dir.path());
    assert_eq!(version(&dir.path().join("format-4")), "cairn 4\n");
}

/// Opens a data directory, and returns whether it has the conversation's message.
fn engine_has(dir: &Path, conversation: ConversationId) -> bool {
    let mut engine = open(dir);
    let retained = engine
        .execute(GetRetained(conversation), Timestamp::new(0))
        .unwrap();
    engine.close().unwrap();
    retained.head == MsgId::new(1)
}
