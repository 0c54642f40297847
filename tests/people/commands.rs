//! The commands, as scripts use them.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::support::{Server, cairn};

fn run(profile: &Path, args: &[&str]) -> Output {
    cairn(args).arg("--json").arg("--profile").arg(profile).output().unwrap()
}

/// The lines that a command prints.
fn lines(profile: &Path, args: &[&str]) -> Vec<Value> {
    let output = run(profile, args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What a command that fails says.
fn complaint(profile: &Path, args: &[&str]) -> String {
    let output = run(profile, args);
    assert_eq!(output.status.code(), Some(1), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn people_get_to_know_each_other_by_commands() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let [ada, bob] = ["ada", "bob"].map(|name| home.path().join(name));
    lines(&ada, &["join", &server.invite.clone().unwrap().to_string(), "--name", "ada"]);
    let link = lines(&ada, &["invite"])[0]["invite"].as_str().unwrap().to_owned();
    lines(&bob, &["join", &link, "--name", "bob"]);

    assert_eq!(lines(&ada, &["friend", "ask", "bob"])[0]["friendship"], "asked");
    assert_eq!(lines(&bob, &["contacts"])[0]["friendship"], "invited");
    assert_eq!(lines(&bob, &["friend", "decline", "ada"])[0]["friendship"], "none");
    lines(&ada, &["friend", "ask", "@bob"]);
    assert_eq!(lines(&bob, &["friend", "accept", "ada"])[0]["friendship"], "friends");
    assert_eq!(lines(&ada, &["follow", "bob"])[0]["follows"], true);
    assert_eq!(lines(&ada, &["unfollow", "bob"])[0]["follows"], false);
    assert_eq!(lines(&ada, &["friend", "remove", "bob"])[0]["friendship"], "none");
    assert_eq!(lines(&bob, &["block", "ada"])[0]["blocks"], true);
    assert!(complaint(&bob, &["send", "@ada", "hi"]).contains("cairn unblock"));
    assert_eq!(lines(&bob, &["unblock", "ada"])[0]["blocks"], false);
    assert_eq!(lines(&bob, &["contacts"]), Vec::<Value>::new());
    assert!(complaint(&bob, &["follow", "nobody"]).contains("there is no user named nobody"));

    assert_eq!(lines(&bob, &["me", "set", "--display-name", "Bob B.", "--about", "says\nmuch"])[0]["display_name"], "Bob B.");
    assert_eq!(lines(&bob, &["me", "set", "--about", ""])[0]["about"], Value::Null);
    let found = lines(&ada, &["users", "find", "BO"]);
    assert_eq!((&found[0]["name"], &found[0]["display_name"], found.len()), (&"bob".into(), &"Bob B.".into(), 1));
    assert_eq!(lines(&ada, &["me"])[0]["display_name"], Value::Null);
    lines(&ada, &["config", "set", "user-search", "off"]);
    assert!(complaint(&bob, &["users", "find", "a"]).contains("turned that off"));
    assert_eq!(lines(&ada, &["users", "find", "b"]).len(), 1);

    assert_eq!(lines(&ada, &["config", "set", "direct-chats", "friends"])[0]["value"], "friends");
    assert_eq!(lines(&bob, &["config", "get", "direct-chats"])[0]["value"], "friends");
    assert!(lines(&bob, &["config", "list"]).len() >= 2);
    assert!(complaint(&bob, &["config", "set", "direct-chats", "anyone"]).contains("your role does not allow that"));
    assert!(complaint(&ada, &["config", "set", "direct-chats", "nobody"]).contains("cairn config list"));
    assert!(complaint(&bob, &["send", "@ada", "hi"]).contains("cairn friend ask"));
}
