//! Unusable data directories: the server reports the reason in one line, and changes nothing.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::Stage;
use crate::support::{Server, cairn};

const DATA_UNUSABLE: i32 = 4;

fn serve(data: &Path) -> Output {
    cairn(&[
        "serve",
        "--log",
        "error",
        "--listen",
        "127.0.0.1:0",
        "--data",
    ])
    .arg(data)
    .output()
    .unwrap()
}

fn is_refused(output: &Output, reason: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(DATA_UNUSABLE), "{said}");
    assert!(output.stdout.is_empty());
    let headline = said.lines().next().unwrap_or_default();
    assert_eq!(headline, format!("error: {reason}"), "{said}");
}

#[tokio::test]
async fn second_server_is_refused() {
    let mut stage = Stage::set().await;
    let data = stage.server.data().to_owned();
    let second = {
        let data = data.clone();
        stage
            .meanwhile(async {
                tokio::task::spawn_blocking(move || serve(&data))
                    .await
                    .unwrap()
            })
            .await
    };
    let pid = fs::read_to_string(data.join("lock")).unwrap();
    is_refused(
        &second,
        &format!(
            "the data directory {} is in use by another server (process {})",
            data.display(),
            pid.trim()
        ),
    );
}

#[test]
fn foreign_directory_is_refused_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let newer = dir.path().join("newer");
    let mut server = Server::start_in(&newer);
    assert!(server.stop().success());
    for (version, words) in [
        (
            99,
            "newer cairn (format 99, this one knows 5); start it with that version or a later one",
        ),
        (
            1,
            "cairn from before the first release (format 1, this one knows 5); use the version \
            that wrote it",
        ),
    ] {
        fs::write(newer.join("format"), format!("cairn {version}\n")).unwrap();
        is_refused(
            &serve(&newer),
            &format!("{} was written by a {words}", newer.display()),
        );
    }
    fs::write(newer.join("format"), "cairn 4\n").unwrap();
    drop(Server::start_in(&newer));

    let foreign = dir.path().join("foreign");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("letter.txt"), "dear").unwrap();
    let reason = "is not a cairn data directory: it holds letter.txt, but no file named format; \
    choose an empty or new directory";
    is_refused(&serve(&foreign), &format!("{} {reason}", foreign.display()));
    assert_eq!(fs::read(foreign.join("letter.txt")).unwrap(), b"dear");

    let damaged = dir.path().join("damaged");
    fs::create_dir(&damaged).unwrap();
    fs::write(damaged.join("format"), "who knows").unwrap();
    let reason =
        "is damaged: it does not name a format version; restore the directory from a backup";
    is_refused(
        &serve(&damaged),
        &format!("{} {reason}", damaged.join("format").display()),
    );

    let file = dir.path().join("file");
    fs::write(&file, "text").unwrap();
    let output = serve(&file);
    is_refused(
        &output,
        &format!(
            "cannot use the data directory {}: File exists (os error 17)",
            file.display()
        ),
    );
    let below = file.join("data");
    is_refused(
        &serve(&below),
        &format!(
            "cannot use the data directory {}: Not a directory (os error 20)",
            below.display()
        ),
    );
    assert_eq!(fs::read(&file).unwrap(), b"text");
}

/// Permissions do not stop root, so the directory is mounted read-only, in a mount namespace that
/// ends with the server.
#[test]
fn read_only_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut server = Server::start_in(&data);
    assert!(server.stop().success());
    let mount = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\"";
    let unshared = |script: &str| {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-c", script, "sh"])
            .arg(&data)
            .stdin(Stdio::null());
        command
    };
    if !unshared(mount)
        .output()
        .is_ok_and(|output| output.status.success())
    {
        println!("skipped: mounting a directory read-only needs root, Linux and unshare(1)");
        return;
    }
    let script =
        format!("{mount} && exec \"$2\" serve --log error --listen 127.0.0.1:0 --data \"$1\"");
    let output = unshared(&script)
        .arg(env!("CARGO_BIN_EXE_cairn"))
        .output()
        .unwrap();
    is_refused(
        &output,
        &format!(
            "cannot use the data directory {}: Read-only file system (os error 30)",
            data.display()
        ),
    );
    drop(Server::start_in(&data));
}
