//! Interrupted first starts. As long as no user and no invite was committed, no remains of such a
//! start prevent a later one.

use std::collections::BTreeSet;
use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};

use super::{assert_refused, outcome, serve, serve_at, serve_once};
#[cfg(target_os = "linux")]
use super::{library, stderr};

/// The writes of a first start before its first commit, in order: the final name of each file, and
/// the name it is first written under. Only files that are not renamed can be torn under their
/// final name.
const STEPS: &[(&str, &str)] = &[
    ("lock", "lock"),
    ("format", "format.new"),
    ("trees/blobs/", "trees/blobs/"),
    ("trees/conf", "trees/conf"),
    ("trees/db", "trees/db"),
    ("watermark", "watermark.new"),
    ("log/0000000000000001", "log/spare-0000000000000000"),
    ("identity/key.pem", "identity/key.new"),
    ("identity/quic-secret", "identity/quic-secret.new"),
];

/// From this step on, the second slot of the watermark names the segment.
const IDENTITY_STEP: usize = 7;
const WATERMARK_SLOT_BYTES: usize = 4096;

/// Returns the bytes of a file that a crash leaves.
type Tear = fn(&[u8]) -> Vec<u8>;

/// After a power cut or a kill: everything, nothing, a part, or zeros.
const TEARS: &[Tear] = &[
    |bytes| bytes.to_vec(),
    |_| Vec::new(),
    |bytes| bytes[..bytes.len() / 2].to_vec(),
    // sled writes its `conf` in two parts, the second of four bytes.
    |bytes| bytes[..bytes.len().saturating_sub(4)].to_vec(),
    |bytes| vec![0; bytes.len()],
];

/// Runs a first start that fails before its first commit, because its address is in use.
fn uncommitted(data: &Path) {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap();
    let output = outcome(&mut serve_at(&addr.to_string(), data));
    let headline = format!("cannot listen on UDP {addr}: Address already in use (os error 98)");
    assert_refused(&output, 1, &headline);
}

fn names(dir: &Path, prefix: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        match entry.file_type().unwrap().is_dir() {
            true if fs::read_dir(entry.path()).unwrap().count() > 0 => {
                names(&entry.path(), &format!("{name}/"), found);
            }
            true => drop(found.insert(format!("{name}/"))),
            false => drop(found.insert(name)),
        }
    }
}

/// Writes a file and its parent folders, or creates a folder if the name ends with a slash.
fn put(data: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = data.join(name);
    if name.ends_with('/') {
        fs::create_dir_all(&path).unwrap();
    } else {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
    }
    path
}

/// The content of a file during a step; empty for a folder.
fn content_at(whole: &Path, name: &str, step: usize) -> Vec<u8> {
    if name.ends_with('/') {
        return Vec::new();
    }
    let mut bytes = fs::read(whole.join(name)).unwrap();
    if name == "watermark" && step < IDENTITY_STEP {
        bytes[WATERMARK_SLOT_BYTES..].fill(0);
    }
    bytes
}

#[test]
fn interrupted_first_start_is_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    uncommitted(&whole);
    let mut found = BTreeSet::new();
    names(&whole, "", &mut found);
    let known = STEPS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(found, known, "the steps of a first start changed");
    for (count, (name, written_as)) in (0..).zip(STEPS) {
        let content = content_at(&whole, name, count);
        let mut left_behind: BTreeSet<(&str, Vec<u8>)> = TEARS
            .iter()
            .map(|tear| (*written_as, tear(&content)))
            .collect();
        left_behind.insert((name, content.clone()));
        if name.starts_with("identity/") {
            // No client knows the key yet, so a damaged one may be replaced.
            left_behind.extend(TEARS.iter().map(|tear| (*name, tear(&content))));
        }
        for (last, bytes) in left_behind {
            let data = dir.path().join("data");
            for (earlier, _) in &STEPS[..count] {
                put(&data, earlier, &content_at(&whole, earlier, count));
            }
            put(&data, last, &bytes);
            let served = serve_once(&mut serve(&data)).unwrap_or_else(|said| {
                panic!(
                    "after {count} steps and {} bytes of {last}: {said}",
                    bytes.len()
                )
            });
            assert!(served.has_invite);
            assert!(served.status.success());
            fs::remove_dir_all(&data).unwrap();
        }
    }
}

/// The exit code of a process that ended before a call other than a write.
#[cfg(target_os = "linux")]
const KILLED_BEFORE_CALL: i32 = 99;

#[cfg(target_os = "linux")]
#[test]
fn first_start_killed_at_any_write_is_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let kill_at = library(dir.path(), "kill_at");
    let data = dir.path().join("data");
    for number in 1.. {
        for keep in ["0", "50"] {
            let killed = outcome(
                serve(&data)
                    .env("LD_PRELOAD", &kill_at)
                    .env("CAIRN_KILL_DIR", &data)
                    .env("CAIRN_KILL_AT", number.to_string())
                    .env("CAIRN_KILL_KEEP", keep),
            );
            if !killed.stdout.is_empty() {
                assert!(number > 30, "the first start has fewer writes than that");
                return;
            }
            let served = serve_once(&mut serve(&data))
                .unwrap_or_else(|said| panic!("after a kill at write {number}, {keep} %: {said}"));
            assert!(served.has_invite && served.status.success());
            fs::remove_dir_all(&data).unwrap();
            match killed.status.code() {
                None => {}
                // Such a call is atomic, so there are no further ways to interrupt it.
                Some(KILLED_BEFORE_CALL) => break,
                Some(other) => panic!("exit code {other}: {}", stderr(&killed)),
            }
        }
    }
}
