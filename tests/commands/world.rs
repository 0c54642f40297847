//! One server, and people who do all they do by commands.

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

/// What does not come within this time does not come.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// For whom a command writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    People,
    Json,
}

/// A server, its owner `ada`, and a folder in which all commands are run.
pub struct World {
    server: Mutex<Server>,
    home: TempDir,
    /// Every subcommand that did what it was asked, and for whom.
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

    /// Somebody new, as he joins with a link of the owner.
    pub fn join(&self, who: &str) {
        let link = self.json("ada", &["invite"])["invite"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(self.json(who, &["join", &link, "--name", who])["name"], who);
    }

    /// A file in the folder in which commands are run.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn command(&self, who: &str, args: &[&str], form: Form) -> Command {
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

    /// Notes that a subcommand did what it was asked.
    pub fn note(&self, args: &[&str], form: Form) {
        self.done.lock().unwrap().insert((subcommand(args), form));
    }

    /// What the command tells people.
    pub fn people(&self, who: &str, args: &[&str]) -> String {
        self.done(who, args, Form::People, None)
    }

    /// The lines of JSON that the command prints.
    pub fn lines(&self, who: &str, args: &[&str]) -> Vec<Value> {
        self.done(who, args, Form::Json, None)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The one line of JSON that the command prints.
    pub fn json(&self, who: &str, args: &[&str]) -> Value {
        let mut lines = self.lines(who, args);
        assert_eq!(lines.len(), 1, "{who}: {args:?}: {lines:?}");
        lines.remove(0)
    }

    /// The lines of JSON that the command prints when this is its standard input.
    pub fn lines_of_input(&self, who: &str, args: &[&str], input: &str) -> Vec<Value> {
        self.done(who, args, Form::Json, Some(input))
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// What the command tells people when this is its standard input.
    pub fn people_of_input(&self, who: &str, args: &[&str], input: &str) -> String {
        self.done(who, args, Form::People, Some(input))
    }

    /// What a command that fails tells people, and how it ends.
    pub fn failure(&self, who: &str, args: &[&str]) -> (Option<i32>, String) {
        let output = self.output(who, args, Form::People, None);
        assert!(!output.status.success(), "{who}: {args:?}: it did it");
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    /// Checks that a command is refused, with this in what people are told, and with something to do next.
    pub fn refused(&self, who: &str, args: &[&str], why: &str) {
        let (code, said) = self.failure(who, args);
        assert!(
            code == Some(1) && said.contains(why) && said.contains("\nhint: "),
            "{args:?}: {code:?}: {said}"
        );
    }

    /// A command that goes on until it is told to end.
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

    /// Every subcommand that did what it was asked.
    pub fn all_done(&self) -> BTreeSet<(String, Form)> {
        self.done.lock().unwrap().clone()
    }
}

/// A command that goes on. Dropping it kills it.
pub struct Live {
    child: Child,
    lines: Receiver<String>,
    name: String,
}

impl Live {
    /// Reads lines until one is as it should be, and gives it.
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

    /// Reads lines of JSON until one is as it should be, and gives it.
    pub fn until_json(&self, is_it: impl Fn(&Value) -> bool) -> Value {
        let line = self.until(|line| is_it(&serde_json::from_str(line).unwrap()));
        serde_json::from_str(&line).unwrap()
    }

    /// Presses Ctrl-C, and gives the exit code.
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

/// The subcommand that these words begin with, such as `group create`.
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
