//! An example as a process, in a directory of its own.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use cairn_client::Account;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// Exceeds the duration of every step; it only turns a hang into a failure.
const STEP_TIME_MAX: Duration = Duration::from_secs(30);

const ACCOUNT_FILE: &str = "account.json";

pub(crate) struct Example {
    name: &'static str,
    dir: TempDir,
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

/// The binary of an example, which cargo builds next to this test.
fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(|deps| deps.parent()).unwrap();
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let binary = profile.join("examples").join(file);
    assert!(
        binary.exists(),
        "cargo has not built {}: run all tests of the package, or `cargo build --examples`",
        binary.display()
    );
    binary
}

impl Example {
    pub(crate) fn start(name: &'static str, args: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), name, args)
    }

    /// Starts an example, with an account as its first argument.
    pub(crate) fn with_account(name: &'static str, account: &Account, args: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let account = serde_json::to_vec(account).unwrap();
        std::fs::write(dir.path().join(ACCOUNT_FILE), account).unwrap();
        Self::start_in(dir, name, &[&[ACCOUNT_FILE], args].concat())
    }

    fn start_in(dir: TempDir, name: &'static str, args: &[&str]) -> Self {
        let mut child = Command::new(binary(name))
            .args(args)
            .current_dir(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take(), child.stdout.take());
        Self {
            name,
            dir,
            child,
            input,
            output: BufReader::new(output.unwrap()).lines(),
        }
    }

    pub(crate) fn restart(&mut self, args: &[&str]) {
        let dir = std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap());
        *self = Self::start_in(dir, self.name, args);
    }

    /// Waits for a future that needs the example to run.
    pub(crate) async fn meanwhile<T>(&mut self, future: impl Future<Output = T>) -> T {
        tokio::select! {
            done = timeout(STEP_TIME_MAX, future) => done.expect("it does not happen"),
            status = self.child.wait() => panic!("{} ended: {status:?}", self.name),
        }
    }

    pub(crate) async fn prints(&mut self, text: &str) {
        let found = async {
            while let Some(line) = self.output.next_line().await.unwrap() {
                if line.contains(text) {
                    return;
                }
            }
            panic!("{} ended before {text:?}", self.name)
        };
        let waited = timeout(STEP_TIME_MAX, found).await;
        waited.unwrap_or_else(|_| panic!("it does not print {text:?}"));
    }

    pub(crate) async fn writes(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input is open");
        let line = format!("{line}\n");
        input.write_all(line.as_bytes()).await.unwrap();
        input.flush().await.unwrap();
    }

    pub(crate) fn ends_input(&mut self) {
        self.input = None;
    }

    pub(crate) async fn ends(&mut self) -> ExitStatus {
        let ended = timeout(STEP_TIME_MAX, self.child.wait()).await;
        ended.expect("it does not end").unwrap()
    }
}
