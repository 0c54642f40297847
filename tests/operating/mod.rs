//! Starts and stops on damaged directories and misconfigured machines: the server reports the
//! problem in one line, or repairs it.

mod ahead;
mod apart;
mod audit;
pub mod clock;
mod closing;
mod first_start;
mod hangup;
mod lost_key;
mod machine;
mod permissions;
mod repair;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use crate::support::{cairn, signal};

const DATA_UNUSABLE: i32 = 4;

fn serve(data: &Path) -> Command {
    serve_at("127.0.0.1:0", data)
}

fn serve_at(listen: &str, data: &Path) -> Command {
    let words = [
        "serve", "--json", "--log", "warn", "--listen", listen, "--data",
    ];
    let mut command = cairn(&words);
    command.arg(data);
    command
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Asserts that the command refused the directory with this headline, without a panic.
#[track_caller]
fn assert_refused(output: &Output, exit: i32, headline: &str) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(exit), "{said}");
    assert!(output.stdout.is_empty());
    let first = said.lines().next().unwrap_or_default();
    assert_eq!(first, format!("error: {headline}"), "{said}");
}

/// Starts a server. Returns it with its first line of output, which is empty if it exited.
fn start(command: &mut Command) -> (Child, String) {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut ready)
        .unwrap();
    (child, ready)
}

/// Runs a server until it exits, and stops it gracefully once it accepts connections.
fn outcome(command: &mut Command) -> Output {
    let (child, ready) = start(command);
    if !ready.is_empty() {
        signal(&child, "TERM");
    }
    Output {
        stdout: ready.into_bytes(),
        ..child.wait_with_output().unwrap()
    }
}

/// A server that accepted connections and was stopped gracefully.
struct Served {
    /// Set when it printed the owner's invite.
    has_invite: bool,
    /// Its standard error.
    said: String,
    status: ExitStatus,
}

/// Starts and stops a server. The error is its output.
fn serve_once(command: &mut Command) -> Result<Served, String> {
    let output = outcome(command);
    let ready = String::from_utf8_lossy(&output.stdout);
    let said = stderr(&output);
    match ready.is_empty() {
        true => Err(said),
        false => Ok(Served {
            has_invite: ready.contains("\"invite\":\"cairn://"),
            said,
            status: output.status,
        }),
    }
}

fn doctor(data: &Path, options: &[&str]) -> Output {
    cairn(&["doctor", "--json", "--data"])
        .arg(data)
        .args(options)
        .output()
        .unwrap()
}

/// The doctor's report on a directory without problems.
fn sound(data: &Path, options: &[&str]) -> serde_json::Value {
    let output = doctor(data, options);
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Compiles a library from the C file in this folder, to preload into a server.
#[cfg(target_os = "linux")]
fn library(dir: &Path, name: &str) -> PathBuf {
    let library = dir.join(name).with_extension("so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/operating")
        .join(name)
        .with_extension("c");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .status();
    assert!(
        compiled.is_ok_and(|status| status.success()),
        "Rust links with cc, so it is there"
    );
    library
}

/// Copies a folder recursively.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}
