//! A terminal for the client: a pane of tmux, with its screen, its cursor and what was written.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{Instant, interval};

use crate::support::PATIENCE;

/// The interval between looks at the screen.
const LOOK_INTERVAL: Duration = Duration::from_millis(25);

/// Returns whether tmux is installed. Without it, tests of the terminal cannot run: under `CI=true`
/// that is a failure.
pub fn has_tmux() -> bool {
    let is_there = Command::new("tmux").arg("-V").output().is_ok();
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(is_there || !is_ci, "tmux is missing; .ci/run installs it");
    if !is_there {
        println!("SKIPPED: tmux is missing, so the terminal client is not tested");
    }
    is_there
}

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A pane that runs one program. Dropping it ends tmux.
pub struct Pane {
    socket: String,
    written: PathBuf,
    _folder: TempDir,
}

impl Pane {
    /// Runs a shell command in a pane of this size.
    pub fn run(command: &str, columns: u16, rows: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let pane = Self {
            socket: format!("cairn-{}-{number}", std::process::id()),
            written: folder.path().join("written"),
            _folder: folder,
        };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        pane.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            &columns,
            "-y",
            &rows,
            "sh",
        ]);
        // What the pane writes from its first byte on.
        let record = format!("cat >'{}'", pane.written.display());
        pane.tmux(&["pipe-pane", "-o", &record]);
        pane.tmux(&["send-keys", "-l", &format!("clear; exec {command}")]);
        pane.keys(&["Enter"]);
        pane
    }

    fn tmux(&self, args: &[&str]) -> Output {
        let output = Command::new("tmux")
            .args(["-L", &self.socket])
            .args(args)
            .env("LANG", "C.UTF-8")
            .env("LC_ALL", "C.UTF-8")
            .env_remove("TMUX")
            .env_remove("NO_COLOR")
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tmux {args:?}: {error}");
        output
    }

    /// Presses keys by the names that tmux has for them.
    pub fn keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    pub fn type_text(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    pub fn paste(&self, text: &str) {
        self.tmux(&["set-buffer", text]);
        self.tmux(&["paste-buffer", "-p"]);
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        self.tmux(&["resize-window", "-x", &columns, "-y", &rows]);
    }

    pub fn screen(&self) -> String {
        String::from_utf8(self.tmux(&["capture-pane", "-p"]).stdout).unwrap()
    }

    /// The screen with its styles.
    pub fn coloured_screen(&self) -> String {
        String::from_utf8(self.tmux(&["capture-pane", "-e", "-N", "-p"]).stdout).unwrap()
    }

    fn show(&self, format: &str) -> String {
        let shown = self.tmux(&["display", "-p", format]).stdout;
        String::from_utf8(shown).unwrap().trim_end().to_owned()
    }

    pub fn cursor(&self) -> (u16, u16) {
        let shown = self.show("#{cursor_x} #{cursor_y}");
        let (x, y) = shown.split_once(' ').unwrap();
        (x.parse().unwrap(), y.parse().unwrap())
    }

    pub fn title(&self) -> String {
        self.show("#{pane_title}")
    }

    pub fn is_alternate(&self) -> bool {
        self.show("#{alternate_on}") == "1"
    }

    /// The id of the program's process.
    pub fn process(&self) -> String {
        self.show("#{pane_pid}")
    }

    /// Closes the terminal, as a window is closed.
    pub fn close(&self) {
        self.tmux(&["kill-server"]);
    }

    pub fn has_ended(&self) -> bool {
        let listed = Command::new("tmux")
            .args(["-L", &self.socket, "list-panes", "-a"])
            .output()
            .unwrap();
        !listed.status.success()
    }

    /// Bytes that the program has written.
    pub fn bytes_written(&self) -> u64 {
        std::fs::metadata(&self.written).map_or(0, |metadata| metadata.len())
    }

    pub fn written(&self) -> Vec<u8> {
        std::fs::read(&self.written).unwrap_or_default()
    }

    /// Waits until a text is on the screen.
    pub async fn shows(&self, text: &str) {
        self.until(&format!("the screen shows {text:?}"), |screen| {
            screen.contains(text)
        })
        .await;
    }

    /// Polls the screen, and fails with what it shows.
    pub async fn until(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        let mut looks = interval(LOOK_INTERVAL);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if is_so(&screen) {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "it does not happen: {what}, on\n{screen}"
            );
            looks.tick().await;
        }
    }
}

impl Drop for Pane {
    fn drop(&mut self) {
        let _ = Command::new("tmux")
            .args(["-L", &self.socket, "kill-server"])
            .output();
    }
}

/// The command that starts the client with a profile.
pub fn chat(profile: &Path, args: &str) -> String {
    let other = std::env::var("CAIRN_TEST_BINARY");
    let binary = other.unwrap_or_else(|_| env!("CARGO_BIN_EXE_cairn").to_owned());
    format!(
        "env -u RUST_LOG '{binary}' --profile '{}' chat {args}",
        profile.display()
    )
}
