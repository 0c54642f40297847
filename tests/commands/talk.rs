//! Commands about messages: send, reply, edit, recall, react, pin and forward.

use serde_json::{Value, json};

use super::world::{Form, World};

pub fn all(world: &World) {
    world.join("tom");
    world.join("uma");
    let talk = world.json("tom", &["group", "create", "talk", "uma"])["conversation"].clone();
    said(world, &talk);
    changed(world, &talk);
    marked(world, &talk);
    forwarded(world, &talk);
    settled(world, &talk);
    followed(world);
}

/// Tom's view of the conversation's entries from the given one on.
fn tail(world: &World, from: &str) -> Vec<Value> {
    world.lines("tom", &["tail", "#talk", "--from", from])
}

/// Sends messages 3 to 10.
fn said(world: &World, talk: &Value) {
    assert_eq!(
        world.people("tom", &["send", "#talk", "lunch?"]),
        "accepted as #talk 3\n"
    );
    assert_eq!(world.json("uma", &["send", "@tom", "just us"])["msgid"], 1);
    let said = [
        "send",
        "#talk",
        "at noon",
        "--reply-to",
        "3",
        "--mention",
        "@uma",
        "--mention-all",
    ];
    assert_eq!(
        world.json("tom", &said),
        json!({"conversation": talk, "msgid": 4})
    );
    assert!(
        world
            .people("tom", &["send", "#talk", "--emoji", "wave"])
            .contains("#talk 5")
    );
    world.json(
        "tom",
        &[
            "send",
            "#talk",
            "--emoji",
            ":party:",
            "--reply-to",
            "3",
            "--mention",
            "uma",
        ],
    );
    let sent = world.lines_of_input("uma", &["send", "#talk", "-"], "one\n\ntwo\nthree\n");
    assert_eq!(
        sent.iter().map(|line| &line["msgid"]).collect::<Vec<_>>(),
        [7, 8, 9]
    );
    world.json("tom", &["send", "#talk", "--", "-1 from me"]);

    let shown = tail(world, "3");
    assert_eq!(
        (&shown[0]["sender"], &shown[0]["kind"], &shown[0]["text"]),
        (&json!("tom"), &json!("text"), &json!("lunch?"))
    );
    assert!(shown[0]["sent_at_ms"].is_u64() && shown[0].get("reply_to").is_none());
    assert_eq!(
        (
            &shown[1]["reply_to"],
            &shown[1]["mentions"],
            &shown[1]["mentions_all"]
        ),
        (&3.into(), &json!(["uma"]), &true.into())
    );
    assert_eq!(
        (&shown[2]["kind"], &shown[2]["text"]),
        (&json!("emoji"), &json!("wave"))
    );
    assert_eq!(shown[3]["text"], "party");
    assert_eq!(
        (&shown[3]["reply_to"], &shown[3]["mentions"]),
        (&3.into(), &json!(["uma"]))
    );
    assert_eq!(shown[7]["text"], "-1 from me");
    let people = world.people("tom", &["tail", "#talk"]);
    assert!(
        people.contains("  [re 3] tom: at noon @uma @all\n")
            && people.contains("  [re 3] tom: :party: @uma\n"),
        "{people}"
    );

    let (code, said) = world.failure("tom", &["send", "#talk", "--emoji", "wave", "and words"]);
    assert!(code == Some(2) && said.contains("--emoji"), "{said}");
    assert_eq!(
        world
            .failure("tom", &["send", "#talk", "--emoji", "two words"])
            .0,
        Some(2)
    );
    world.refused(
        "tom",
        &["send", "#talk", "what?", "--reply-to", "99"],
        "no such message",
    );
    world.refused(
        "uma",
        &["send", "#talk", "all of you", "--mention-all"],
        "your role does not allow that",
    );
    world.refused(
        "tom",
        &["send", "#nowhere", "hello"],
        "you are in no group named nowhere",
    );
}

/// Adds entries 11 to 18.
fn changed(world: &World, talk: &Value) {
    assert_eq!(
        world.people("tom", &["edit", "#talk", "3", "dinner?"]),
        "edited message 3\n"
    );
    assert_eq!(
        world.json("tom", &["edit", "#talk", "4", "at six"]),
        json!({"conversation": talk, "edited": 4})
    );
    assert_eq!(
        world.people("uma", &["recall", "#talk", "7"]),
        "recalled message 7\n"
    );
    assert_eq!(
        world.json("tom", &["recall", "#talk", "8"]),
        json!({"conversation": talk, "recalled": 8})
    );
    assert_eq!(
        world.people("uma", &["react", "#talk", "3", "yes"]),
        "reacted to message 3 with :yes:\n"
    );
    let reacted = json!({"conversation": talk, "msgid": 3, "emoji": "yes", "removed": false});
    assert_eq!(
        world.json("tom", &["react", "#talk", "3", ":yes:"]),
        reacted
    );
    assert_eq!(
        world.people("uma", &["react", "#talk", "3", "no"]),
        "reacted to message 3 with :no:\n"
    );
    assert_eq!(
        world.people("uma", &["react", "#talk", "3", "no", "--remove"]),
        "took :no: back from message 3\n"
    );

    let shown = tail(world, "3");
    assert_eq!(shown[0]["text"], "dinner?");
    assert!(shown[0]["edited_at_ms"].is_u64());
    let reactions = &shown[0]["reactions"];
    assert_eq!(
        (
            &reactions[0]["emoji"],
            &reactions[0]["count"],
            reactions.as_array().unwrap().len()
        ),
        (&json!("yes"), &2.into(), 1)
    );
    assert_eq!(reactions[0]["users"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&shown[4]["kind"], &shown[4]["text"]),
        (&json!("recalled"), &json!("recalled by uma"))
    );
    let kinds: Vec<_> = shown[8..]
        .iter()
        .map(|entry| {
            (
                entry["kind"].as_str().unwrap(),
                entry["about"].as_u64().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("edit", 3),
        ("edit", 4),
        ("recall", 7),
        ("recall", 8),
        ("react", 3),
        ("react", 3),
        ("react", 3),
        ("unreact", 3),
    ];
    assert_eq!(kinds, expected);

    world.refused(
        "uma",
        &["edit", "#talk", "3", "breakfast?"],
        "your role does not allow that",
    );
    world.refused("uma", &["react", "#talk", "99", "yes"], "no such message");
}

fn marked(world: &World, talk: &Value) {
    assert_eq!(
        world.people("tom", &["pin", "#talk", "3"]),
        "message 3 is pinned\n"
    );
    assert_eq!(
        world.json("tom", &["pin", "#talk", "4"]),
        json!({"conversation": talk, "msgid": 4, "pinned": true})
    );
    assert_eq!(
        world.people("uma", &["pin", "#talk"]),
        "message 3 is pinned\nmessage 4 is pinned\n"
    );
    assert_eq!(
        world.json("tom", &["pin", "#talk", "4", "--remove"])["pinned"],
        false
    );
    assert_eq!(
        world.lines("uma", &["pin", "#talk"]),
        [json!({"conversation": talk, "msgid": 3, "pinned": true})]
    );

    let listed = |who| {
        world
            .lines(who, &["list"])
            .into_iter()
            .find(|row| row["name"] == "talk")
            .unwrap()
    };
    let before = listed("uma");
    assert_eq!(
        (&before["kind"], &before["head"], &before["conversation"]),
        (&json!("group"), &json!(21), talk)
    );
    assert_eq!(
        (&before["unread"], &before["mentions"]),
        (&1.into(), &0.into()),
        "what uma said read what was before"
    );
    assert_eq!(
        world.people("uma", &["unread", "#talk", "5"]),
        "3 unread, 1 of them mentions\n"
    );
    assert_eq!(
        world.json("uma", &["unread", "#talk", "4"]),
        json!({"conversation": talk, "read": 3, "unread": 4, "mentions": 2})
    );
    assert_eq!(
        (&listed("uma")["unread"], &listed("uma")["mentions"]),
        (&4.into(), &2.into())
    );
    let people = world.people("uma", &["list"]);
    assert!(
        people.contains("       4 unread  of       21  #talk")
            && people.contains("2 mention you")
            && people.contains("@tom"),
        "{people}"
    );

    let explained = world.json("uma", &["doctor", "--explain", "#talk", "uma"]);
    assert_eq!(
        (
            &explained["unread"],
            &explained["base"],
            &explained["mentions"]
        ),
        (&4.into(), &3.into(), &2.into())
    );
    assert!(
        world
            .people("uma", &["doctor", "--explain", "#talk", "@uma"])
            .contains("uma has 4 unread, 2 of them mentions")
    );

    assert_eq!(
        world.json("uma", &["read", "#talk", "5"]),
        json!({"conversation": talk, "read": 5})
    );
    assert_eq!(world.people("uma", &["read", "#talk"]), "read up to 21\n");
    assert_eq!(listed("uma")["unread"], 0);
    let receipts = world.json("tom", &["receipts", "#talk", "3"]);
    assert_eq!(
        (
            &receipts["of"],
            &receipts["delivered"],
            &receipts["read"],
            &receipts["reads"]
        ),
        (&1.into(), &1.into(), &1.into(), &json!("shown"))
    );
    assert_eq!(
        (&receipts["who"][0]["name"], &receipts["who"][0]["state"]),
        (&json!("uma"), &json!("read"))
    );
    assert_eq!(
        world.people("tom", &["receipts", "#talk", "3"]),
        "delivered to 1, read by 1 of 1\n  read       uma\n"
    );
    world.refused(
        "tom",
        &["read", "#talk", "99"],
        "the cursor lies beyond the last message",
    );
}

fn forwarded(world: &World, talk: &Value) {
    world.json("uma", &["group", "create", "news", "tom"]);
    assert_eq!(
        world.people("tom", &["forward", "#talk", "9", "#news"]),
        "forwarded as message 3\n"
    );
    let forwarded = world.json("uma", &["forward", "#talk", "3", "@tom"]);
    assert_eq!(forwarded["msgid"], 2);
    assert_ne!(&forwarded["conversation"], talk);
    let shown = world.lines("uma", &["tail", "#news", "--from", "3"]);
    assert_eq!(
        (
            &shown[0]["sender"],
            &shown[0]["text"],
            &shown[0]["forwarded_from"]
        ),
        (&json!("tom"), &json!("three"), &json!("uma"))
    );
    assert!(
        world
            .people("uma", &["tail", "@tom"])
            .ends_with("  [from tom] uma: dinner?\n")
    );
    world.refused(
        "tom",
        &["forward", "#talk", "7", "#news"],
        "message 7 was recalled by uma",
    );
    for args in [
        &["react", "#talk", "7", "yes"][..],
        &["pin", "#talk", "7"],
        &["forward", "#talk", "7", "#news"],
        &["react", "#talk", "7", "yes", "--remove"],
        &["receipts", "#talk", "7"],
    ] {
        world.refused("uma", args, "message 7 was recalled by uma");
    }
    let edit = ["edit", "#talk", "8", "x"];
    world.refused("tom", &edit, "message 8 was recalled by tom");
}

fn settled(world: &World, talk: &Value) {
    let as_it_was = json!({"conversation": talk, "notifications": {"level": "all", "until": null},
            "favourite": false, "hidden": false});
    assert_eq!(world.json("uma", &["set", "#talk"]), as_it_was);
    let quiet = world.people(
        "uma",
        &["set", "#talk", "--notify", "mentions", "--for", "8h"],
    );
    assert!(quiet.starts_with("notify mentions until 20"), "{quiet}");
    let until = &world.json("uma", &["set", "#talk"])["notifications"]["until"];
    assert!(until.as_u64().is_some(), "{until}");
    let list = world.people("uma", &["list", "--all"]);
    assert!(list.contains("mentions only"), "{list}");
    assert_eq!(
        world.people(
            "uma",
            &["set", "#talk", "--mute", "on", "--favourite", "on"]
        ),
        "notify nothing, favourite on, hide off\n"
    );
    assert_eq!(
        world.json("uma", &["set", "#talk", "--hide", "on"])["hidden"],
        true
    );
    assert!(!world.people("uma", &["list"]).contains("#talk"));
    assert!(
        world
            .people("uma", &["list", "--all"])
            .lines()
            .next()
            .unwrap()
            .ends_with("favourite  muted  hidden")
    );
    assert_eq!(
        world.json("tom", &["set", "#talk"]),
        as_it_was,
        "it is nobody else's"
    );

    assert!(
        world
            .people("uma", &["retention", "#talk"])
            .contains("are kept: keep")
    );
    let held = world.json("tom", &["retention", "#talk", "days", "90"]);
    assert_eq!(
        held,
        json!({"conversation": talk, "retention": "days", "days": 90, "agreed": true})
    );
    world.refused(
        "uma",
        &["retention", "#talk", "keep"],
        "your role does not allow that",
    );
    assert_eq!(
        world.failure("tom", &["retention", "#talk", "days"]).0,
        Some(2)
    );
}

/// A follower receives new messages, and is online.
fn followed(world: &World) {
    let following = world.live("uma", &["tail", "#talk", "--follow"], Form::People);
    following.until(|line| line.ends_with("set how long messages stay: 90 days\n"));
    world.people("tom", &["send", "#talk", "still there?"]);
    following.until(|line| line.ends_with("  tom: still there?\n"));
    assert_eq!(following.interrupt(), Some(130));
    let listed = world
        .lines("uma", &["list"])
        .into_iter()
        .find(|row| row["name"] == "talk")
        .unwrap();
    assert_eq!(
        (&listed["unread"], &listed["delivered"]),
        (&1.into(), &listed["head"]),
        "{listed}"
    );
    assert_eq!(
        world.failure("uma", &["tail", "#talk", "--away"]).0,
        Some(2),
        "away goes with --follow"
    );
}
