//! `@name` in texts, by command.

use serde_json::{Value, json};

use crate::commands::world::World;

/// The mentions of the last message of `#crew`, as ada sees them.
fn mentions(world: &World) -> Value {
    last(world)["mentions"].clone()
}

fn last(world: &World) -> Value {
    world.lines("ada", &["tail", "#crew"]).pop().unwrap()
}

fn unread_mentions(world: &World, who: &str) -> Value {
    let list = world.lines(who, &["list"]);
    let crew = list.iter().find(|one| one["name"] == "crew");
    crew.unwrap()["mentions"].clone()
}

fn crew() -> World {
    let world = World::new();
    for name in ["bob", "bobby", "张三", "Éric", "eve"] {
        world.join(name);
    }
    world.json(
        "ada",
        &["group", "create", "crew", "bob", "bobby", "张三", "Éric"],
    );
    world
}

#[test]
fn names_in_texts_mention_members() {
    let world = crew();
    for (text, names) in [
        ("lunch, @bob?", json!(["bob"])),
        ("@BOB and @Bob: both of you", json!(["bob"])),
        ("@bobby, not the other", json!(["bobby"])),
        ("@张三你好", json!(["张三"])),
        ("你好@张三", json!(["张三"])),
        ("@éric, @E\u{301}RIC", json!(["Éric"])),
        ("**@bob** and > @bobby", json!(["bob", "bobby"])),
        ("`@bob`", Value::Null),
        ("```\n@bob\n```", Value::Null),
        ("ann@bob.org, or git@bob:x", Value::Null),
        ("https://example.org/@bob and example.org/@bob", Value::Null),
        ("\\@bob", Value::Null),
        ("no one", Value::Null),
    ] {
        world.json("ada", &["send", "#crew", text]);
        assert_eq!(mentions(&world), names, "{text:?}");
    }
    assert_eq!(unread_mentions(&world, "bob"), 3);
    assert_eq!(unread_mentions(&world, "张三"), 2);

    world.json("ada", &["send", "#crew", "@bob", "--no-mentions"]);
    assert_eq!(mentions(&world), Value::Null);
    world.json(
        "ada",
        &[
            "send",
            "#crew",
            "@bob",
            "--mention",
            "bob",
            "--mention",
            "bobby",
        ],
    );
    assert_eq!(
        mentions(&world),
        json!(["bob", "bobby"]),
        "each counts once"
    );
    assert_eq!(unread_mentions(&world, "bob"), 4);
}

#[test]
fn all_is_for_owners_and_admins() {
    let world = crew();
    world.json("ada", &["send", "#crew", "@all: lunch"]);
    assert_eq!(last(&world)["mentions_all"], true);
    assert_eq!(unread_mentions(&world, "bobby"), 1);
    let (_, notes) = world.noted("bob", &["send", "#crew", "@all: me too"], None);
    assert_eq!(
        notes,
        "warning: only owners and admins of a group mention @all\n"
    );
    assert_eq!(last(&world).get("mentions_all"), None);
    assert_eq!(unread_mentions(&world, "bobby"), 1);
}

#[test]
fn names_of_no_member_are_reported() {
    let world = crew();
    let send = |text| world.noted("ada", &["send", "#crew", text], None);
    let (sent, notes) = send("@eve, look");
    assert!(sent.starts_with("accepted as #crew "), "{sent}");
    assert_eq!(
        notes,
        "warning: @eve is no member of #crew and is not mentioned\n"
    );
    let (_, notes) = send("@eve, @nobody, @bob and `@code` and me@example.org");
    let both = "warning: @eve, @nobody are no members of #crew and are not mentioned\n";
    assert_eq!(notes, both);
    assert_eq!(mentions(&world), json!(["bob"]));
    assert_eq!(send("@bob").1, "");
    assert_eq!(send("100 @ 5").1, "");
    let (_, notes) = world.noted("ada", &["send", "#crew", "@eve", "--no-mentions"], None);
    assert_eq!(notes, "");
    let (_, notes) = world.noted("bob", &["send", "@ada", "@ada @bobby"], None);
    assert_eq!(
        notes,
        "warning: @bobby is no member of @ada and is not mentioned\n"
    );
}

#[test]
fn lines_of_input_mention_members() {
    let world = crew();
    let (_, notes) = world.noted(
        "ada",
        &["send", "#crew", "-"],
        Some("@bob\n@eve\n@eve\nend\n"),
    );
    assert_eq!(
        notes,
        "warning: @eve is no member of #crew and is not mentioned\n"
    );
    assert_eq!(unread_mentions(&world, "bob"), 1);
    let whole = "done:\n- @bob\n- @bobby\n```\n@张三\n```\n";
    world.noted("ada", &["send", "#crew", "--whole"], Some(whole));
    assert_eq!(mentions(&world), json!(["bob", "bobby"]));
    world.noted(
        "ada",
        &["send", "#crew", "-", "--no-mentions"],
        Some("@bob\n"),
    );
    assert_eq!(unread_mentions(&world, "bob"), 2);
}

#[test]
fn captions_mention_members() {
    let world = crew();
    std::fs::write(world.path("plan.txt"), "the plan").unwrap();
    world.json(
        "ada",
        &["send", "#crew", "--file", "plan.txt", "for @bob and @张三"],
    );
    assert_eq!(mentions(&world), json!(["bob", "张三"]));
}

#[test]
fn edits_mention_members() {
    let world = crew();
    let edit = |msgid: &Value, text| {
        world.noted("ada", &["edit", "#crew", &msgid.to_string(), text], None)
    };
    let of = |msgid: &Value| {
        let shown = world.lines("ada", &["tail", "#crew", "--from", &msgid.to_string()]);
        shown[0]["mentions"].clone()
    };
    let msgid = &world.json("ada", &["send", "#crew", "lunch?"])["msgid"];
    for (text, names, bob) in [
        ("@bob: lunch?", json!(["bob"]), 1),
        ("@BOB, @bob: lunch?", json!(["bob"]), 1),
        ("@bobby and @张三你好", json!(["bobby", "张三"]), 0),
        ("`@bob`", Value::Null, 0),
        ("bob: lunch?", Value::Null, 0),
        ("@bob again", json!(["bob"]), 1),
    ] {
        assert_eq!(edit(msgid, text).1, "");
        assert_eq!(of(msgid), names, "{text:?}");
        assert_eq!(unread_mentions(&world, "bob"), bob, "{text:?}");
    }
    let entry = last(&world);
    assert_eq!(
        (&entry["kind"], &entry["mentions"]),
        (&json!("edit"), &json!(["bob"]))
    );
    let (_, notes) = edit(msgid, "@eve and @bob");
    assert_eq!(
        notes,
        "warning: @eve is no member of #crew and is not mentioned\n"
    );
    let off = ["edit", "#crew", &msgid.to_string(), "@bob", "--no-mentions"];
    world.json("ada", &off);
    assert_eq!(of(msgid), Value::Null);

    // A mention apart from the text outlives edits of the text.
    let msgid = &world.json("ada", &["send", "#crew", "at noon", "--mention", "bob"])["msgid"];
    edit(msgid, "at one, @bobby");
    assert_eq!(of(msgid), json!(["bob", "bobby"]));
    edit(msgid, "at one");
    assert_eq!(of(msgid), json!(["bob"]));

    let msgid = &world.json("ada", &["send", "#crew", "@bob"])["msgid"];
    edit(msgid, "@all");
    assert_eq!(unread_mentions(&world, "张三"), 1);
    assert_eq!(unread_mentions(&world, "bob"), 2);
    edit(msgid, "no one");
    assert_eq!(unread_mentions(&world, "张三"), 0);
    assert_eq!(unread_mentions(&world, "bob"), 1);
    let own = &world.json("bob", &["send", "#crew", "hello"])["msgid"];
    world.json("bob", &["edit", "#crew", &own.to_string(), "@all, @bobby"]);
    assert_eq!(of(own), json!(["bobby"]), "@all is not for members");
}

#[test]
fn blocked_users_do_not_notify() {
    let world = crew();
    world.json("bob", &["block", "ada"]);
    let msgid = &world.json("ada", &["send", "#crew", "@bob @bobby"])["msgid"];
    assert_eq!(
        mentions(&world),
        json!(["bob", "bobby"]),
        "the sender learns nothing"
    );
    world.json("ada", &["send", "#crew", "you", "--mention", "bob"]);
    world.json(
        "ada",
        &["edit", "#crew", &msgid.to_string(), "@bobby, @bob!"],
    );
    let theirs = &world.json("bob", &["send", "#crew", "mine"])["msgid"];
    world.json("ada", &["react", "#crew", &theirs.to_string(), "wave"]);
    assert_eq!(unread_mentions(&world, "bob"), 0);
    assert_eq!(unread_mentions(&world, "bobby"), 1);
    let all = &world.json("ada", &["send", "#crew", "@all"])["msgid"];
    assert_eq!(unread_mentions(&world, "bob"), 0);
    assert_eq!(unread_mentions(&world, "bobby"), 2);
    world.json("ada", &["edit", "#crew", &all.to_string(), "@bob, @bobby"]);
    assert_eq!(unread_mentions(&world, "bob"), 0);
    assert_eq!(unread_mentions(&world, "bobby"), 2);
    world.json("张三", &["send", "#crew", "@bob"]);
    assert_eq!(unread_mentions(&world, "bob"), 1, "others do");
    world.json("bob", &["unblock", "ada"]);
    world.json("ada", &["send", "#crew", "@bob"]);
    assert_eq!(unread_mentions(&world, "bob"), 2);
}
