//! Imported authors: who they are by a mapping at the import, or by a claim after it, when every
//! command shows and addresses the user.

use std::fs;

use serde_json::{Value, json};

use crate::commands::world::{Form, World};

/// A group with the imported messages of `bob_irc`, who is claimed as bob. Carol is a member too.
fn claimed() -> World {
    let world = World::new();
    world.join("bob");
    world.join("carol");
    fs::write(
        world.path("2001-02-03.txt"),
        "[10:00] <bob_irc> deployed it\n[10:01] <dan_irc> thanks\n",
    )
    .unwrap();
    world.json(
        "ada",
        &["import", "irc", "2001-02-03.txt", "--group", "old"],
    );
    world.json("ada", &["group", "add", "old", "bob", "carol"]);
    assert_eq!(senders(&world), ["bob_irc", "dan_irc"]);
    assert_eq!(
        world.json("ada", &["users", "claim", "bob_irc", "bob"])["name"],
        "bob"
    );
    world
}

/// Who said something in the group, as carol sees it.
fn senders(world: &World) -> Vec<String> {
    let said = world.lines("carol", &["tail", "#old", "--from", "1"]);
    let said = said.iter().filter(|message| message["kind"] == "text");
    said.map(|message| message["sender"].as_str().unwrap().to_owned())
        .collect()
}

fn last(world: &World, who: &str, target: &str) -> Value {
    world.lines(who, &["tail", target]).pop().unwrap()
}

#[test]
fn claimed_author_is_shown_and_addressed_as_the_user() {
    let world = claimed();
    assert_eq!(senders(&world), ["bob", "dan_irc"]);

    // A chat with the author is one with the user.
    world.json("carol", &["send", "@bob_irc", "hello"]);
    assert_eq!(last(&world, "bob", "@carol")["text"], "hello");
    for text in ["@bob_irc, thanks", "@BOB_IRC", "**@bob_irc**"] {
        let (_, notes) = world.noted("ada", &["send", "#old", text], None);
        assert_eq!(
            last(&world, "bob", "#old")["mentions"],
            json!(["bob"]),
            "{text}"
        );
        assert_eq!(notes, "", "{text}");
    }
}

#[test]
fn claimed_author_is_found_as_the_user() {
    let world = claimed();
    world.json("bob", &["send", "#old", "deployed again"]);
    let texts = |query: &[&str]| {
        let found = world.lines("carol", &[&["search"], query].concat());
        let texts = found.iter().map(|hit| hit["text"].as_str().unwrap());
        texts.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(texts(&["from:bob"]), ["deployed again", "deployed it"]);
    assert_eq!(texts(&["from:bob_irc", "it"]), ["deployed it"]);
    assert_eq!(texts(&["thanks -from:bob"]), ["thanks"]);
    assert_eq!(texts(&["it OR thanks -from:bob"]), ["thanks"]);
}

#[test]
fn claimed_author_is_the_user_in_lists_and_receipts() {
    let world = claimed();
    let bob = world.json("bob", &["whoami"])["user"].clone();
    for args in [
        &["users", "show", "bob_irc"][..],
        &["users", "find", "bob"],
        &["users", "find", "bob_"],
    ] {
        let found = world.json("carol", args);
        assert_eq!(
            (&found["user"], &found["name"]),
            (&bob, &json!("bob")),
            "{args:?}"
        );
    }
    let asked = world.json("carol", &["friend", "ask", "@bob_irc"]);
    assert_eq!(asked["user"], bob);
    let sent = world.json("ada", &["send", "#old", "plans", "--mention", "bob_irc"]);
    assert_eq!(last(&world, "bob", "#old")["mentions"], json!(["bob"]));
    world.json("bob", &["read", "#old"]);
    let receipts = world.json("ada", &["receipts", "#old", &sent["msgid"].to_string()]);
    let names: Vec<&Value> = receipts["who"]
        .as_array()
        .unwrap()
        .iter()
        .map(|who| &who["name"])
        .collect();
    assert!(names.contains(&&json!("bob")), "{receipts}");
    let members = world.lines("carol", &["group", "members", "old"]);
    assert!(!members.iter().any(|member| member["name"] == "bob_irc"));
    // Groups take the user in place of the author.
    world.json("ada", &["group", "create", "new", "bob_irc"]);
    let members = world.lines("bob", &["group", "members", "new"]);
    assert!(members.iter().any(|member| member["name"] == "bob"));

    // The audit log tells the two apart.
    let audit = world.people("ada", &["audit"]);
    let claim = audit.lines().find(|line| line.contains("bob_irc")).unwrap();
    assert!(
        claim.contains("bob_irc") && claim.ends_with("bob"),
        "{claim}"
    );
}

#[test]
fn renamed_user_is_renamed_in_what_is_shown_next() {
    let world = claimed();
    let follow = world.live(
        "carol",
        &["tail", "#old", "--follow", "--from", "1"],
        Form::People,
    );
    follow.until(|line| line.contains("bob: deployed it"));
    world.json("ada", &["users", "rename", "bob", "robert"]);
    world.json("bob", &["send", "#old", "me again"]);
    follow.until(|line| line.contains("robert: me again"));
    assert_eq!(senders(&world), ["robert", "dan_irc", "robert"]);
    world.json("ada", &["send", "#old", "@bob_irc?"]);
    assert_eq!(last(&world, "bob", "#old")["mentions"], json!(["robert"]));
}

/// Imports a log of these nicks, and returns the authors of the messages, and the notes.
fn import(world: &World, nicks: &[&str], maps: &[&str]) -> (Vec<String>, String) {
    let log: String = nicks
        .iter()
        .map(|nick| format!("[10:00] <{nick}> I am {nick}\n"))
        .collect();
    fs::write(world.path("2001-02-03.txt"), log).unwrap();
    let name = format!("logs {}", maps.join(" "));
    let group = format!("#{name}");
    let mut args = vec!["import", "irc", "2001-02-03.txt", "--group", &name];
    for map in maps {
        args.extend(["--map", map]);
    }
    let (_, notes) = world.noted("ada", &args, None);
    let said = world.lines("ada", &["tail", &group, "--from", "1"]);
    let said = said.iter().filter(|message| message["kind"] == "text");
    let authors = said.map(|message| message["sender"].as_str().unwrap().to_owned());
    (authors.collect(), notes)
}

#[test]
fn messages_become_those_of_users_only_by_a_mapping() {
    let world = World::new();
    for name in ["bob", "小明", "carol", "dan"] {
        world.join(name);
    }
    world.json("ada", &["users", "deactivate", "carol"]);
    let nicks = ["bob", "BOB", "小明", "carol", "ｄａｎ", "eve", "bob"];
    let (authors, notes) = import(&world, &nicks, &[]);
    assert_eq!(
        authors,
        [
            "bob-imported",
            "bob-imported",
            "小明-imported",
            "carol-imported",
            "ｄａｎ-imported",
            "eve",
            "bob-imported"
        ]
    );
    assert!(
        notes.contains("bob is bob-imported") && notes.contains("--map"),
        "{notes}"
    );
    assert!(!notes.contains("eve"), "{notes}");

    let maps = ["Bob", "eve=小明", "@carol=carol", "nobody=dan"];
    let (authors, notes) = import(&world, &nicks, &maps);
    assert_eq!(
        authors,
        [
            "bob",
            "bob",
            "小明-imported",
            "carol",
            "ｄａｎ-imported",
            "小明",
            "bob"
        ]
    );
    assert!(notes.contains("no new messages are by nobody"), "{notes}");
    // An author of an earlier import stays the same one.
    let (authors, _) = import(&world, &["eve", "bob-imported"], &["dan"]);
    assert_eq!(authors, ["eve", "bob-imported"]);
    world.refused(
        "ada",
        &[
            "import",
            "irc",
            "2001-02-03.txt",
            "--group",
            "x",
            "--map",
            "bob=zoe",
        ],
        "there is no user named zoe",
    );
    let list = world.people("ada", &["list"]);
    assert!(!list.contains("#x"), "nothing is made: {list}");
}
