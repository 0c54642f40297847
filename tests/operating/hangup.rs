//! SIGHUP: a server without a terminal ignores it, and one whose terminal is closed stops in order.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use super::{serve, sound};
use crate::support::signal;

/// The wait after which the server counts as running.
const PATIENCE: Duration = Duration::from_secs(30);

fn words(command: &Command) -> Vec<String> {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn services_ignore_a_hangup() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Command::new("setsid")
        .args(words(&serve(&dir.path().join("data"))))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    let mut output = BufReader::new(server.stdout.take().unwrap());
    output.read_line(&mut ready).unwrap();
    assert!(ready.contains("listening"), "{ready:?}");
    signal(&server, "HUP");
    // Both signals are handled by one task, in either order: if the first one stopped the server,
    // or killed it, its exit code would tell.
    signal(&server, "TERM");
    assert!(server.wait().unwrap().success());
}

#[test]
fn closed_terminal_stops_the_server_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let (data, log) = (dir.path().join("data"), dir.path().join("log"));
    assert!(Command::new("mkfifo").arg(&log).status().unwrap().success());
    let (sender, logged) = channel();
    let fifo = log.clone();
    thread::spawn(move || sender.send(fs::read_to_string(fifo)));
    let words = words(&serve(&data)).join("' '").replace("'warn'", "'info'");
    let line = format!("'{words}' 2>'{}'", log.display());
    let mut terminal = Command::new("script")
        .args(["--quiet", "--command", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    let mut output = BufReader::new(terminal.stdout.take().unwrap());
    output.read_line(&mut ready).unwrap();
    assert!(ready.contains("listening"), "{ready:?}");
    terminal.kill().unwrap();
    terminal.wait().unwrap();
    let logged = logged.recv_timeout(PATIENCE).unwrap().unwrap();
    assert!(logged.trim_end().ends_with("stopped"), "{logged}");
    sound(&data, &[]);
}
