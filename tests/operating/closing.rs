//! A disk that fails at the last sync of a graceful stop.

#![cfg(target_os = "linux")]

use super::{library, serve, serve_once, sound};

/// The exit code for storage that failed while serving.
const STORAGE_FAILED: i32 = 5;

#[test]
fn failed_sync_while_closing_is_a_storage_failure() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path(), "fail_fsync");
    let data = dir.path().join("data");
    let served = serve_once(serve(&data).env("LD_PRELOAD", &library)).unwrap();
    let said = served.said;
    assert_eq!(served.status.code(), Some(STORAGE_FAILED), "{said}");
    let error = said
        .lines()
        .find(|line| line.starts_with("error: "))
        .unwrap_or_else(|| panic!("{said}"));
    assert!(
        error
            .starts_with("error: the storage failed while it was closed: cannot close the trees: ")
            && error.contains("code: 5"),
        "{said}"
    );
    assert!(
        said.contains("hint: every accepted message is safe"),
        "{said}"
    );
    sound(&data, &[]);
    assert!(serve_once(&mut serve(&data)).unwrap().status.success());
}
