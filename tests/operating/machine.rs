//! The limit of open files, and a clock before the last write to the data.

#![cfg(unix)]

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use super::{outcome, serve, serve_once, sound};

/// A command with this limit of open files, and this many inherited ones.
fn limited(limit: u32, inherited: u32, words: &[&str], data: &Path) -> Command {
    let script = "i=0; while [ $i -lt $1 ]; do exec {f}</dev/null; i=$((i+1)); done; \
                  ulimit -n $2; shift 2; exec \"$@\"";
    let mut command = Command::new("bash");
    command
        .args(["-c", script, "bash"])
        .args([inherited.to_string(), limit.to_string()])
        .arg(env!("CARGO_BIN_EXE_cairn"))
        .args(words)
        .arg(data)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null());
    command
}

const SERVE: &[&str] = &[
    "serve",
    "--json",
    "--listen",
    "127.0.0.1:0",
    "--log",
    "warn",
    "--data",
];

/// Asserts that the error names the limit in one line, and has a hint.
#[track_caller]
fn assert_too_low(output: &Output, limit: u32, needed: u32) {
    let said = String::from_utf8_lossy(&output.stderr);
    let headline =
        format!("error: the limit of {limit} open files is too low: {needed} are needed");
    assert!(said.starts_with(&headline), "{said}");
    assert_eq!(said.lines().count(), 2, "{said}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn too_few_open_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    for limit in [8, 10, 12, 16, 64, 128] {
        let output = outcome(&mut limited(limit, 0, SERVE, &data));
        assert_too_low(&output, limit, 128);
    }
    let output = outcome(&mut limited(200, 80, SERVE, &data));
    assert_too_low(&output, 200, 128);
    assert!(!data.exists(), "nothing was created");
    serve_once(&mut limited(200, 0, SERVE, &data)).unwrap();

    for words in [["doctor", "--data"], ["compact", "--data"]] {
        let output = limited(12, 0, &words, &data).output().unwrap();
        assert_too_low(&output, 12, 32);
        let output = limited(64, 0, &words, &data).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let words = ["doctor", "--json", "--data"];
    let output = limited(100, 0, &words, &data).output().unwrap();
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["machine"]["open_files"], 100);
    assert_eq!(
        found["warnings"],
        serde_json::json!(["the limit of 100 open files is too low for a server, which needs 128"])
    );
}

#[test]
fn clock_behind_the_data_is_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    serve_once(&mut serve(&data)).unwrap();
    let machine = sound(&data, &[])["machine"].clone();
    let [time, last_write] =
        ["time_ms", "last_write_ms"].map(|name| machine[name].as_u64().unwrap());
    assert!(last_write > 0 && last_write <= time + 1000, "{machine}");
    let later = SystemTime::now() + Duration::from_secs(3600);
    for entry in fs::read_dir(data.join("log")).unwrap() {
        let file = File::options()
            .write(true)
            .open(entry.unwrap().path())
            .unwrap();
        file.set_modified(later).unwrap();
    }
    let found = sound(&data, &[]);
    let warning = found["warnings"][0].as_str().unwrap();
    assert!(
        warning.starts_with("the clock of this machine is 3"),
        "{warning}"
    );
    assert!(warning.ends_with("s behind the last write to the data directory"));
}

/// A limit of memory, in KiB: far too little, barely enough or not, and enough.
const MEMORY_LIMITS_KIB: [u32; 4] = [60_000, 150_000, 400_000, 4_000_000];

#[test]
fn too_little_memory_is_no_panic() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    serve_once(&mut serve(&data)).unwrap();
    let mut starts = 0;
    for limit in MEMORY_LIMITS_KIB {
        let mut command = Command::new("bash");
        command
            .args(["-c", "ulimit -v $1; shift; exec \"$@\"", "bash"])
            .arg(limit.to_string())
            .arg(env!("CARGO_BIN_EXE_cairn"))
            .args(SERVE)
            .arg(&data)
            .env_remove("RUST_LOG")
            .stdin(Stdio::null());
        let output = outcome(&mut command);
        let said = String::from_utf8_lossy(&output.stderr);
        println!("{limit} KiB: {:?} {said}", output.status);
        assert!(!said.contains("panicked"), "{limit} KiB: {said}");
        starts += u32::from(output.status.success());
        // Whatever became of it, nothing is lost.
        sound(&data, &[]);
    }
    assert!(starts > 0, "with enough memory, it starts");
}
