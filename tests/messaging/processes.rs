//! Concurrent processes that share a device.

use std::process::Stdio;

use tempfile::TempDir;

use crate::support::{Server, cairn};

/// Many more than the limit of sessions per device.
const PROCESSES: usize = 64;

#[test]
fn parallel_sends_of_one_device_arrive_once() {
    let server = Server::start();
    let dir = TempDir::new().unwrap();
    let profile = dir.path().join("ada");
    let command = |args: &[&str]| {
        let mut command = cairn(args);
        command.arg("--profile").arg(&profile);
        command
    };
    let link = server.invite.as_ref().unwrap().to_string();
    for args in [
        &["join", &link, "--name", "ada"][..],
        &["group", "create", "team"],
    ] {
        assert!(command(args).output().unwrap().status.success());
    }
    let sends: Vec<_> = (0..PROCESSES)
        .map(|n| {
            let mut send = command(&["send", "#team", &format!("message {n}")]);
            send.stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut send in sends {
        assert!(send.wait().unwrap().success());
    }
    let tail = command(&["tail", "#team", "--json", "--from", "1"]);
    let shown = String::from_utf8({ tail }.output().unwrap().stdout).unwrap();
    let mut texts: Vec<String> = shown
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|message| message["kind"] == "text")
        .map(|message| message["text"].as_str().unwrap().to_owned())
        .collect();
    let mut expected: Vec<String> = (0..PROCESSES).map(|n| format!("message {n}")).collect();
    texts.sort();
    expected.sort();
    assert_eq!(texts, expected);
}
