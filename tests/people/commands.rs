//! Commands for contacts and profiles, as scripts use them.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::support::{Server, cairn};

fn run(profile: &Path, args: &[&str]) -> Output {
    cairn(args)
        .arg("--json")
        .arg("--profile")
        .arg(profile)
        .output()
        .unwrap()
}

fn lines(profile: &Path, args: &[&str]) -> Vec<Value> {
    let output = run(profile, args);
    assert!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn complaint(profile: &Path, args: &[&str]) -> String {
    let output = run(profile, args);
    assert_eq!(output.status.code(), Some(1), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn contact_commands_work() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let [ada, bob] = ["ada", "bob"].map(|name| home.path().join(name));
    lines(
        &ada,
        &[
            "join",
            &server.invite.clone().unwrap().to_string(),
            "--name",
            "ada",
        ],
    );
    let link = lines(&ada, &["invite"])[0]["invite"]
        .as_str()
        .unwrap()
        .to_owned();
    lines(&bob, &["join", &link, "--name", "bob"]);

    assert_eq!(
        lines(&ada, &["friend", "ask", "bob"])[0]["friendship"],
        "asked"
    );
    assert_eq!(lines(&bob, &["contacts"])[0]["friendship"], "invited");
    assert_eq!(
        lines(&bob, &["friend", "decline", "ada"])[0]["friendship"],
        "none"
    );
    lines(&ada, &["friend", "ask", "@bob"]);
    assert_eq!(
        lines(&bob, &["friend", "accept", "ada"])[0]["friendship"],
        "friends"
    );
    assert_eq!(lines(&ada, &["follow", "bob"])[0]["follows"], true);
    assert_eq!(lines(&ada, &["unfollow", "bob"])[0]["follows"], false);
    assert_eq!(
        lines(&ada, &["friend", "remove", "bob"])[0]["friendship"],
        "none"
    );
    assert_eq!(lines(&bob, &["block", "ada"])[0]["blocks"], true);
    assert!(complaint(&bob, &["send", "@ada", "hi"]).contains("cairn unblock"));
    assert_eq!(lines(&bob, &["unblock", "ada"])[0]["blocks"], false);
    assert_eq!(lines(&bob, &["contacts"]), Vec::<Value>::new());
    assert!(complaint(&bob, &["follow", "nobody"]).contains("there is no user named nobody"));

    assert_eq!(
        lines(
            &bob,
            &[
                "me",
                "set",
                "--display-name",
                "Bob B.",
                "--about",
                "says\nmuch"
            ]
        )[0]["display_name"],
        "Bob B."
    );
    assert_eq!(
        lines(&bob, &["me", "set", "--about", ""])[0]["about"],
        Value::Null
    );
    let found = lines(&ada, &["users", "find", "BO"]);
    assert_eq!(
        (&found[0]["name"], &found[0]["display_name"], found.len()),
        (&"bob".into(), &"Bob B.".into(), 1)
    );
    assert_eq!(lines(&ada, &["me"])[0]["display_name"], Value::Null);
    assert!(complaint(&bob, &["invite"]).contains("your role does not allow that"));
    assert_eq!(
        lines(&ada, &["users", "role", "bob", "admin"])[0]["role"],
        "admin"
    );
    assert!(lines(&bob, &["invite"])[0]["invite"].is_string());
    assert_eq!(
        lines(&ada, &["users", "role", "@bob", "member"])[0]["role"],
        "member"
    );
    assert!(complaint(&ada, &["users", "role", "ada", "member"]).contains("last owner"));
    lines(&ada, &["config", "set", "user-search", "off"]);
    assert!(complaint(&bob, &["users", "find", "a"]).contains("turned that off"));
    assert_eq!(lines(&ada, &["users", "find", "b"]).len(), 1);

    assert_eq!(
        lines(&ada, &["config", "set", "direct-chats", "friends"])[0]["value"],
        "friends"
    );
    assert_eq!(
        lines(&bob, &["config", "get", "direct-chats"])[0]["value"],
        "friends"
    );
    assert!(lines(&bob, &["config", "list"]).len() >= 2);
    assert!(
        complaint(&bob, &["config", "set", "direct-chats", "anyone"])
            .contains("your role does not allow that")
    );
    assert!(
        complaint(&ada, &["config", "set", "direct-chats", "nobody"]).contains("cairn config list")
    );
    assert!(complaint(&bob, &["send", "@ada", "hi"]).contains("cairn friend ask"));
}

#[test]
fn avatar_size_is_bounded() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    let [ada, bob] = ["ada", "bob"].map(|name| home.path().join(name));
    lines(
        &ada,
        &[
            "join",
            &server.invite.clone().unwrap().to_string(),
            "--name",
            "ada",
        ],
    );
    let link = lines(&ada, &["invite"])[0]["invite"]
        .as_str()
        .unwrap()
        .to_owned();
    lines(&bob, &["join", &link, "--name", "bob"]);
    for (name, bytes) in [("small", 4_096), ("large", 4_097), ("empty", 0)] {
        let picture = b"GIF89a".iter().copied().chain(std::iter::repeat(b'p'));
        std::fs::write(file(name), picture.take(bytes).collect::<Vec<u8>>()).unwrap();
    }
    std::fs::write(file("text"), "no picture at all").unwrap();

    assert!(
        complaint(
            &bob,
            &["users", "show", "ada", "--save-avatar", &file("got")]
        )
        .contains("ada has no avatar")
    );
    assert_eq!(
        lines(&ada, &["me", "set", "--avatar", &file("small")])[0]["avatar_bytes"],
        4_096
    );
    for (name, why) in [
        ("large", "it has 4097 bytes where 4096 are allowed"),
        ("empty", "it is empty"),
        ("text", "it is not a picture of a known format"),
        ("none", "No such file"),
    ] {
        let said = complaint(&ada, &["me", "set", "--avatar", &file(name)]);
        assert!(said.contains(why) && said.contains(&file(name)), "{said}");
    }
    assert!(
        complaint(&ada, &["me", "set", "--avatar", &file("large")]).contains("hint: scale it down")
    );
    // Other changes of the profile keep the avatar.
    assert_eq!(
        lines(&ada, &["me", "set", "--about", "Engines"])[0]["avatar_bytes"],
        4_096
    );
    assert_eq!(
        lines(&bob, &["users", "find", "a"])[0]["avatar_bytes"],
        4_096
    );
    assert_eq!(
        lines(
            &bob,
            &["users", "show", "@ada", "--save-avatar", &file("got")]
        )[0]["about"],
        "Engines"
    );
    assert_eq!(
        std::fs::read(file("got")).unwrap(),
        std::fs::read(file("small")).unwrap()
    );
    assert_eq!(
        lines(&ada, &["me", "set", "--no-avatar"])[0]["avatar_bytes"],
        Value::Null
    );
    assert_eq!(
        lines(&bob, &["users", "show", "ada"])[0]["avatar_bytes"],
        Value::Null
    );
}
