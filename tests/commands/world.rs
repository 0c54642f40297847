//! A server, and users who act through commands.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Server, cairn};

/// The wait after which an event counts as absent.
pub const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    People,
    Json,
}

/// A server, its owner `ada`, and the folder in which commands run.
pub struct World {
    server: Mutex<Server>,
    home: TempDir,
    /// Successful subcommands, with their output format.
    done: Mutex<BTreeSet<(String, Form)>>,
}

impl World {
    pub fn new() -> Self {
        let world = Self {
            server: Mutex::new(Server::start()),
            home: TempDir::new().unwrap(),
            done: Mutex::default(),
        };
        let link = world.server().invite.as_ref().unwrap().to_string();
        let me = world.json("ada", &["join", &link, "--name", "ada"]);
        assert_eq!((&me["name"], &me["role"]), (&"ada".into(), &"owner".into()));
        world
    }

    pub fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap()
    }

    /// Joins a new user with an invite of the owner.
    pub fn join(&self, who: &str) {
        let link = self.json("ada", &["invite"])["invite"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(self.json(who, &["join", &link, "--name", who])["name"], who);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn command(&self, who: &str, args: &[&str], form: Form) -> Command {
        let mut command = cairn(&[]);
        command
            .current_dir(self.home.path())
            .arg("--profile")
            .arg(self.path(who))
            .env("TZ", "UTC");
        if form == Form::Json {
            command.arg("--json");
        }
        command.args(args);
        command
    }

    fn output(&self, who: &str, args: &[&str], form: Form, input: Option<&str>) -> Output {
        let mut command = self.command(who, args, form);
        let Some(input) = input else {
            return command.output().unwrap();
        };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }

    fn done(&self, who: &str, args: &[&str], form: Form, input: Option<&str>) -> String {
        let output = self.output(who, args, form, input);
        assert!(
            output.status.success(),
            "{who}: {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        self.note(args, form);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Records a successful subcommand.
    pub fn note(&self, args: &[&str], form: Form) {
        self.done.lock().unwrap().insert((subcommand(args), form));
    }

    /// Returns the text output of a command.
    pub fn people(&self, who: &str, args: &[&str]) -> String {
        self.done(who, args, Form::People, None)
    }

    /// Returns the JSON output of a command, by line.
    pub fn lines(&self, who: &str, args: &[&str]) -> Vec<Value> {
        self.done(who, args, Form::Json, None)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Returns the single JSON line of a command.
    pub fn json(&self, who: &str, args: &[&str]) -> Value {
        let mut lines = self.lines(who, args);
        assert_eq!(lines.len(), 1, "{who}: {args:?}: {lines:?}");
        lines.remove(0)
    }

    /// Returns the JSON output of a command with this standard input.
    pub fn lines_of_input(&self, who: &str, args: &[&str], input: &str) -> Vec<Value> {
        self.done(who, args, Form::Json, Some(input))
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Returns the text output of a command with this standard input.
    pub fn people_of_input(&self, who: &str, args: &[&str], input: &str) -> String {
        self.done(who, args, Form::People, Some(input))
    }

    /// Returns the text output and the notes of a command, with this standard input.
    pub fn noted(&self, who: &str, args: &[&str], input: Option<&str>) -> (String, String) {
        let output = self.output(who, args, Form::People, input);
        let [shown, notes] = [output.stdout, output.stderr].map(|s| String::from_utf8(s).unwrap());
        assert!(output.status.success(), "{who}: {args:?}: {notes}");
        (shown, notes)
    }

    /// Returns the exit code and error output of a failing command.
    pub fn failure(&self, who: &str, args: &[&str]) -> (Option<i32>, String) {
        let output = self.output(who, args, Form::People, None);
        assert!(!output.status.success(), "{who}: {args:?}: it did it");
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    /// Checks that a command fails with this error and a hint.
    pub fn refused(&self, who: &str, args: &[&str], why: &str) {
        let (code, said) = self.failure(who, args);
        assert!(
            code == Some(1) && said.contains(why) && said.contains("\nhint: "),
            "{args:?}: {code:?}: {said}"
        );
    }

    /// Starts a command that runs until it is interrupted.
    pub fn live(&self, who: &str, args: &[&str], form: Form) -> Live {
        let mut child = self
            .command(who, args, form)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            let mut line = String::new();
            while output.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                if sender.send(std::mem::take(&mut line)).is_err() {
                    return;
                }
            }
        });
        Live {
            child,
            lines,
            name: format!("{who}: {args:?}"),
        }
    }

    pub fn all_done(&self) -> BTreeSet<(String, Form)> {
        self.done.lock().unwrap().clone()
    }
}

/// A running command. Dropping it kills it.
pub struct Live {
    child: Child,
    lines: Receiver<String>,
    name: String,
}

impl Live {
    /// Reads lines until one matches, and returns it.
    pub fn until(&self, is_it: impl Fn(&str) -> bool) -> String {
        let (deadline, mut read) = (Instant::now() + PATIENCE, Vec::new());
        while let Ok(line) = self
            .lines
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            if is_it(&line) {
                return line;
            }
            read.push(line);
        }
        panic!("{}: it never comes; what came: {read:?}", self.name);
    }

    /// Reads lines until one matches as JSON, and returns it.
    pub fn until_json(&self, is_it: impl Fn(&Value) -> bool) -> Value {
        let line = self.until(|line| is_it(&serde_json::from_str(line).unwrap()));
        serde_json::from_str(&line).unwrap()
    }

    /// Presses Ctrl-C, and returns the exit code.
    pub fn interrupt(mut self) -> Option<i32> {
        crate::support::signal(&self.child, "INT");
        self.child.wait().unwrap().code()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the subcommand at the start of these arguments, such as `group create`.
fn subcommand(args: &[&str]) -> String {
    let (mut at, mut words) = (cairn::cli::command(), Vec::new());
    for &word in args {
        let Some(next) = at.find_subcommand(word).cloned() else {
            break;
        };
        words.push(word);
        at = next;
    }
    words.join(" ")
}
