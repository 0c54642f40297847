//! `cairn selftest`, briefly. A drill needs 3 GiB of free space: on a fuller disk these tests say
//! loudly that they test nothing.

use std::io::Write as _;
use std::path::Path;
use std::process::Output;

use crate::support::{cairn, signal};

fn selftest(dir: &Path, options: &[&str]) -> Output {
    cairn(&["selftest"])
        .arg(dir)
        .args(options)
        .output()
        .unwrap()
}

/// Whether the command found too little free space to begin.
fn lacks_space(said: &[u8]) -> bool {
    let said = String::from_utf8_lossy(said);
    let lacks = said.contains(" of free space, and ");
    if lacks {
        // Not through `println`, which the test harness hides.
        let _ = writeln!(std::io::stderr(), "SKIPPED, selftest is not tested: {said}");
    }
    lacks
}

fn entries(dir: &Path) -> usize {
    std::fs::read_dir(dir).unwrap().count()
}

#[test]
fn short_drill_is_sound() {
    let dir = tempfile::tempdir().unwrap();
    let output = selftest(dir.path(), &["--minutes", "0.08", "--json"]);
    if lacks_space(&output.stderr) {
        return;
    }
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["sound"], true, "{report}");
    assert_eq!(report["problems"]["lost"], 0);
    assert!(report["accepted"].as_u64() > Some(0), "{report}");
    let kills = report["kills"].as_object().unwrap().values();
    let kills: u64 = kills.map(|count| count.as_u64().unwrap()).sum();
    assert!(kills > 0, "{report}");
    let syncs = &report["syncs"];
    assert!(
        syncs["fdatasync_us"]["p50"].as_f64() > Some(0.0),
        "{report}"
    );
    assert!(syncs["verdict"].is_string() && report["kept"].is_null());
    assert_eq!(entries(dir.path()), 0, "it cleans up");
}

#[test]
fn drill_for_people_keeps_its_folder_on_request() {
    let dir = tempfile::tempdir().unwrap();
    let output = selftest(dir.path(), &["--minutes", "0.05", "--keep"]);
    if lacks_space(&output.stderr) {
        return;
    }
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.starts_with("sound: "), "{said}");
    assert!(said.contains("A kill is not a power cut"), "{said}");
    assert!(said.contains("fdatasync: p50 "), "{said}");
    let (_, kept) = said.trim_end().rsplit_once("kept: ").unwrap();
    assert!(Path::new(kept).join("data/log").is_dir(), "{kept}");
    assert_eq!(entries(dir.path()), 1);
}

#[test]
fn unusable_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let output = selftest(&dir.path().join("missing"), &[]);
    assert_eq!(output.status.code(), Some(4));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.starts_with("error: cannot create a folder in "),
        "{said}"
    );
    assert!(said.contains("\nhint: "), "{said}");
    let output = selftest(dir.path(), &["--minutes", "0"]);
    assert_eq!(output.status.code(), Some(2));
}

/// Ctrl-C ends the drill early: it checks what it has, reports it and cleans up.
#[cfg(unix)]
#[test]
fn interrupted_drill_reports_and_cleans_up() {
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;
    let dir = tempfile::tempdir().unwrap();
    let mut child = cairn(&["selftest", "--minutes", "60", "--json"])
        .arg(dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It has a folder once it handles signals.
    while entries(dir.path()) == 0 && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    if child.try_wait().unwrap().is_none() {
        signal(&child, "INT");
    }
    let mut report = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut report).unwrap();
    let ended = child.wait_with_output().unwrap();
    if lacks_space(&ended.stderr) {
        return;
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{said}");
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["sound"], true, "{report}");
    assert_eq!(entries(dir.path()), 0);
}
