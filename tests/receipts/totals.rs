//! Totals of unread messages, by command.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Server, cairn};

fn printed(profile: &Path, args: &[&str]) -> String {
    let output = cairn(args).arg("--profile").arg(profile).output().unwrap();
    assert!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn total(profile: &Path, more: &[&str]) -> Value {
    serde_json::from_str(&printed(
        profile,
        &[&["list", "--total", "--json"], more].concat(),
    ))
    .unwrap()
}

#[test]
fn totals_separate_muted_unread() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let [ada, bob] = ["ada", "bob"].map(|name| home.path().join(name));
    printed(
        &ada,
        &[
            "join",
            &server.invite.clone().unwrap().to_string(),
            "--name",
            "ada",
        ],
    );
    let invited: Value = serde_json::from_str(&printed(&ada, &["invite", "--json"])).unwrap();
    printed(
        &bob,
        &["join", invited["invite"].as_str().unwrap(), "--name", "bob"],
    );
    let nothing = json!({"conversations": 0, "unread": 0, "mentions": 0, "muted_conversations": 0,
        "muted_unread": 0, "muted_mentions": 0});
    assert_eq!(total(&bob, &[]), nothing);
    assert_eq!(printed(&bob, &["list"]), "");

    for group in ["team", "noise", "lunch"] {
        printed(&ada, &["group", "create", group, "@bob"]);
    }
    for (target, mention) in [
        ("#team", true),
        ("#team", false),
        ("@bob", false),
        ("#noise", true),
        ("#lunch", false),
    ] {
        let mention: &[&str] = if mention { &["--mention", "@bob"] } else { &[] };
        printed(&ada, &[&["send", target, "hello"], mention].concat());
    }
    printed(&bob, &["set", "#noise", "--mute", "on"]);
    printed(&bob, &["set", "#lunch", "--hide", "on"]);
    let told = json!({"conversations": 2, "unread": 3, "mentions": 1, "muted_conversations": 1,
        "muted_unread": 1, "muted_mentions": 1});
    assert_eq!(total(&bob, &[]), told);
    let with_hidden = total(&bob, &["--all"]);
    assert_eq!(
        (&with_hidden["conversations"], &with_hidden["unread"]),
        (&json!(3), &json!(4)),
        "{with_hidden}"
    );
    // Text output ends with the totals; JSON only has one line per conversation.
    let line = "       3 unread  in 2 conversations  1 mention you  \
                1 more in 1 muted conversation, where 1 mention you\n";
    assert_eq!(printed(&bob, &["list", "--total"]), line);
    let listed = printed(&bob, &["list"]);
    assert!(
        listed.lines().count() == 4 && listed.ends_with(line),
        "{listed}"
    );
    assert_eq!(printed(&bob, &["list", "--json"]).lines().count(), 3);

    printed(&bob, &["read", "#team"]);
    printed(&bob, &["read", "@ada"]);
    let told = json!({"conversations": 0, "unread": 0, "mentions": 0, "muted_conversations": 1,
        "muted_unread": 1, "muted_mentions": 1});
    assert_eq!(total(&bob, &[]), told);
}
