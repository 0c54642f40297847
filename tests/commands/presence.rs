//! Presence, typing and focus, through commands alone.

use serde_json::{Value, json};

use super::world::{Form, World};

pub fn all(world: &World) {
    world.join("sam");
    world.join("una");
    world.join("vic");
    let deck = world.json("sam", &["group", "create", "deck", "una"])["conversation"].clone();
    world.json("sam", &["follow", "una"]);
    stands(world);
    watched(world, &deck);
    world.json("una", &["send", "@sam", "just us"]);
    let direct = world.lines("sam", &["watch", "una", "--in", "@una", "--once"]);
    assert_eq!(
        (&direct[0]["event"], &direct[1]["event"]),
        (&json!("presence"), &json!("receipts"))
    );
    assert_eq!(
        (&direct[1]["name"], &direct[1]["read"], direct.len()),
        (&json!("una"), &1.into(), 2)
    );
    assert_eq!(world.failure("sam", &["watch"]).0, Some(2));
    assert_eq!(
        world
            .failure("sam", &["watch", "una", "--once", "--away"])
            .0,
        Some(2)
    );
    world.refused(
        "vic",
        &["watch", "--in", &format!("#id:{deck}"), "--once"],
        "no such conversation, or you are not a member of it",
    );
    world.refused(
        "vic",
        &["watch", "--in", &format!("#id:{deck}")],
        "no such conversation, or you are not a member of it",
    );
    world.refused(
        "vic",
        &["type", &format!("#id:{deck}")],
        "no such conversation, or you are not a member of it",
    );
    world.refused(
        "sam",
        &["watch", "nobody", "--once"],
        "there is no user named nobody",
    );
}

/// Una's presence before and while she follows a conversation.
fn stands(world: &World) {
    let una = world.json("una", &["whoami"])["user"].clone();
    let offline = json!({
        "event": "presence", "user": una, "name": "una", "presence": "offline", "devices": [],
    });
    assert_eq!(
        world.json("sam", &["watch", "una", "@una", "--once"]),
        offline,
        "a user named twice is watched once"
    );
    assert_eq!(world.json("sam", &["contacts"])["presence"], "offline");
    assert_eq!(
        world.json("vic", &["watch", "una", "--once"])["presence"],
        Value::Null,
        "vic has nothing to do with her"
    );
    assert_eq!(
        world.people("vic", &["watch", "una", "--once"]),
        "una is not visible to you\n"
    );

    let tail = world.live("una", &["tail", "#deck", "--follow"], Form::Json);
    tail.until_json(|entry| entry["text"] == "added una");
    let watched = world.json("sam", &["watch", "una", "--once"]);
    assert_eq!(
        watched["devices"],
        json!([{"kind": "terminal", "is_away": false}])
    );
    let contact = world.json("sam", &["contacts"]);
    assert_eq!(
        (&contact["name"], &contact["presence"], &contact["devices"]),
        (&json!("una"), &json!("online"), &watched["devices"])
    );
    let people = world.people("sam", &["contacts"]);
    assert!(
        people.starts_with("online ") && people.ends_with("  followed  (on terminal)\n"),
        "{people}"
    );
    assert_eq!(
        world.people("sam", &["watch", "una", "--once"]),
        "una is online on terminal\n"
    );
    assert_eq!(tail.interrupt(), Some(130));
}

/// Events of a watch while another user connects, types and reads.
fn watched(world: &World, deck: &Value) {
    let watch = world.live("sam", &["watch", "una", "--in", "#deck"], Form::Json);
    watch.until_json(|seen| seen["event"] == "presence" && seen["presence"] == "offline");
    let first = watch.until_json(|seen| seen["event"] == "receipts");
    assert_eq!(
        (&first["name"], &first["read"], first.get("delivered")),
        (&json!("una"), &0.into(), None)
    );

    let tail = world.live("una", &["tail", "#deck", "--follow", "--away"], Form::Json);
    let away = watch.until_json(|seen| seen["presence"] == "away");
    assert_eq!(
        (&away["name"], &away["devices"]),
        (
            &json!("una"),
            &json!([{"kind": "terminal", "is_away": true}])
        )
    );
    world.json("sam", &["send", "#deck", "hello"]);
    let got = watch.until_json(|seen| seen["event"] == "receipts" && seen["delivered"] == 3);
    assert_eq!(
        (&got["name"], &got["read"], &got["conversation"]),
        (&json!("una"), &0.into(), deck)
    );
    assert_eq!(tail.interrupt(), Some(130));
    watch.until_json(|seen| seen["presence"] == "offline");

    world.people("una", &["read", "#deck"]);
    watch.until_json(|seen| {
        seen["event"] == "receipts" && seen["read"] == 3 && seen["name"] == "una"
    });
    // Datagrams may be lost, so she types until one arrives.
    let types = world.live("una", &["type", "#deck", "--for", "2m"], Form::Json);
    let told = watch.until_json(|seen| seen["event"] == "typing");
    assert_eq!(
        (&told["name"], &told["conversation"]),
        (&json!("una"), deck)
    );
    drop(types);
    assert_eq!(
        world.json("una", &["type", "#deck", "--for", "1s"]),
        json!({"conversation": deck, "typed_ms": 1000})
    );
    assert_eq!(
        world.people("una", &["type", "#deck", "--for", "1s"]),
        "typed for 1 second\n"
    );

    // A watch makes its user present, on a terminal with focus on the conversation.
    assert_eq!(
        world.people("una", &["watch", "sam", "--once"]),
        "sam is online on terminal\n"
    );
    assert_eq!(watch.interrupt(), Some(130));
    let away = world.live("sam", &["watch", "una", "--away"], Form::People);
    away.until(|line| line == "una is offline\n");
    assert_eq!(
        world.people("una", &["watch", "sam", "--once"]),
        "sam is away on terminal (away)\n"
    );
}
