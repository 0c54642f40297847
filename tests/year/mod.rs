//! A year of a team of ten, by commands: accounts that are created, renamed, lost, ended and given
//! back, links that leak, and an admin who misbehaves; over restarts and a clock that is set ahead.

#![cfg(target_os = "linux")]

mod chapters;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::operating::clock::Machine;
use crate::support::cairn;

const DAY: i64 = 24 * 60 * 60;

/// The server, the profiles of its users, and the present day of the year.
struct Team {
    machine: Machine,
    home: TempDir,
    day: i64,
}

impl Team {
    fn start() -> Self {
        Self {
            machine: Machine::start(),
            home: tempfile::tempdir().unwrap(),
            day: 0,
        }
    }

    /// Restarts the server on a later day, which the owner confirms.
    fn go_to(&mut self, day: i64) {
        assert!(day > self.day);
        self.day = day;
        self.machine.restart(day * DAY);
        self.json("ada", &["config", "set", "clock", "trusted"]);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Runs a command with a profile and these lines of input.
    fn output(&self, profile: &str, args: &[&str], input: &str) -> Output {
        let mut command = cairn(&["--json"]);
        self.machine.shifted(&mut command);
        let mut child = command
            .args(args)
            .arg("--profile")
            .arg(self.path(profile))
            .current_dir(self.home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that reads no input may have ended.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().unwrap()
    }

    fn lines_of(&self, profile: &str, args: &[&str], input: &str) -> Vec<Value> {
        let output = self.output(profile, args, input);
        let notes = String::from_utf8_lossy(&output.stderr).into_owned();
        let day = self.day;
        assert!(
            output.status.success(),
            "day {day}, {profile}: {args:?}: {notes}"
        );
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn lines(&self, profile: &str, args: &[&str]) -> Vec<Value> {
        self.lines_of(profile, args, "")
    }

    fn json(&self, profile: &str, args: &[&str]) -> Value {
        let mut lines = self.lines(profile, args);
        assert_eq!(lines.len(), 1, "{profile}: {args:?}: {lines:?}");
        lines.remove(0)
    }

    /// Runs a command that fails for this reason.
    fn refused(&self, profile: &str, args: &[&str], why: &str) {
        self.refused_with(profile, args, "", why);
    }

    fn refused_with(&self, profile: &str, args: &[&str], input: &str, why: &str) {
        let output = self.output(profile, args, input);
        let notes = String::from_utf8_lossy(&output.stderr).into_owned();
        let day = self.day;
        assert!(
            !output.status.success() && notes.contains(why),
            "day {day}, {profile}: {args:?}: {notes}"
        );
    }

    /// Joins with a link, with a password to log in again.
    fn join(&self, link: &str, name: &str) {
        let join = ["join", link, "--name", name, "--password-stdin"];
        let joined = self.lines_of(name, &join, &format!("{}\n", password(name)));
        assert_eq!(joined[0]["name"], name);
    }

    /// Logs in on a further device.
    fn log_in(&self, profile: &str, name: &str) {
        let link = text(&self.json("ada", &["whoami"])["link"]);
        let login = ["login", &link, "--name", name, "--password-stdin"];
        self.lines_of(profile, &login, &format!("{}\n", password(name)));
    }

    fn invite(&self, by: &str, uses: &str) -> String {
        text(&self.json(by, &["invite", "--uses", uses])["invite"])
    }

    /// Who said what in a conversation, as a user sees it.
    fn said(&self, profile: &str, target: &str) -> Vec<(String, String)> {
        let entries = self.lines(profile, &["tail", target, "--from", "1"]);
        let said = entries.iter().filter(|entry| entry["kind"] == "text");
        said.map(|entry| (text(&entry["sender"]), text(&entry["text"])))
            .collect()
    }

    fn has_said(&self, profile: &str, target: &str, who: &str, what: &str) {
        let said = self.said(profile, target);
        let one = (who.to_owned(), what.to_owned());
        assert!(said.contains(&one), "{profile}: {target}: {said:?}");
    }

    /// The state of an account, as another user sees it.
    fn state(&self, profile: &str, name: &str) -> String {
        text(&self.json(profile, &["users", "show", name])["state"])
    }

    /// The names of those found by the beginning of their names.
    fn found(&self, profile: &str, prefix: &str) -> Vec<String> {
        let found = self.lines(profile, &["users", "find", prefix]);
        found.iter().map(|user| text(&user["name"])).collect()
    }

    fn members(&self, profile: &str, group: &str) -> Vec<(String, String)> {
        let members = self.lines(profile, &["group", "members", group]);
        let members = members.iter();
        members
            .map(|member| (text(&member["name"]), text(&member["role"])))
            .collect()
    }
}

fn password(name: &str) -> String {
    format!("the password of {name}")
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .to_owned()
}

#[test]
fn a_year_of_a_team_of_ten() {
    let mut team = Team::start();
    chapters::founding(&team);
    chapters::someone_is_renamed(&mut team);
    chapters::a_laptop_is_lost(&mut team);
    let leaked = chapters::an_invite_leaks(&mut team);
    chapters::an_admin_misbehaves(&mut team);
    chapters::a_name_is_free_again(&mut team);
    chapters::someone_leaves_in_anger(&mut team);
    chapters::old_logs_are_imported(&mut team);
    chapters::messages_expire(&mut team);
    chapters::the_year_ends(&mut team, &leaked);
}
