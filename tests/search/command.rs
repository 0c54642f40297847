//! Commands that find messages: search, and tail around one.

use serde_json::json;

use crate::commands::world::World;

pub fn every_command(world: &World) {
    world.join("hunter");
    world.join("seeker");
    let place =
        world.json("hunter", &["group", "create", "finds", "seeker"])["conversation"].clone();
    for n in 1..=30 {
        world.json("hunter", &["send", "#finds", &format!("filler {n}")]);
    }
    let said = world.json("seeker", &["send", "#finds", "我家在上海 now"])["msgid"].clone();
    assert_eq!(
        world.json("hunter", &["search", "上海 now"]),
        json!({
            "conversation": place, "msgid": said, "sender": "seeker", "kind": "text",
            "text": "我家在上海 now", "matches": [[9, 15], [16, 19]],
            "sent_at_ms": world.json("hunter", &["tail", "#finds", "--from", &said.to_string()])
                ["sent_at_ms"],
        })
    );
    let shown = world.people("hunter", &["search", "上海"]);
    assert!(shown.starts_with(&format!("#finds {said}  ")), "{shown}");
    assert!(shown.ends_with("  seeker: 我家在上海 now\n"), "{shown}");
    let newest = world.lines("hunter", &["search", "filler", "--limit", "3"]);
    let texts: Vec<_> = newest
        .iter()
        .map(|line| line["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts, ["filler 30", "filler 29", "filler 28"]);
    let from = ["search", "上海", "--in", "#finds", "--from", "@seeker"];
    assert_eq!(world.lines("hunter", &from).len(), 1);
    nothing(world);
    around(world, said.as_u64().unwrap());
}

/// Returns what a failing command says.
fn fails(world: &World, args: &[&str], code: i32) -> String {
    let (exit, said) = world.failure("hunter", args);
    assert_eq!(exit, Some(code), "{args:?}: {said}");
    said
}

fn nothing(world: &World) {
    for (args, reasons) in [
        (
            &["search", "上海", "--from", "hunter"][..],
            &["nothing found for 上海"][..],
        ),
        (
            &["search", "filer"],
            &["nothing found for filer", "did you mean: filler"],
        ),
        (
            &["search", "上海 in:#nowhere"],
            &["you are in no group named nowhere"],
        ),
        (
            &["search", "上海 from:nobody"],
            &["there is no user named nobody"],
        ),
    ] {
        let notes = fails(world, args, 1);
        for reason in reasons {
            assert!(notes.contains(reason), "{args:?}: {notes}");
        }
    }
    fails(world, &["search", "before:never"], 2);
    fails(world, &["search", "a OR"], 2);
}

fn around(world: &World, msgid: u64) {
    let numbers = |args: &[&str]| -> Vec<u64> {
        let lines = world.lines("hunter", args);
        lines
            .iter()
            .map(|line| line["msgid"].as_u64().unwrap())
            .collect()
    };
    let middle = (msgid - 11).to_string();
    let shown = numbers(&["tail", "#finds", "--around", &middle]);
    assert_eq!(shown, (msgid - 21..=msgid - 1).collect::<Vec<_>>());
    let last = msgid.to_string();
    let shown = numbers(&["tail", "#finds", "--around", &last, "--context", "2"]);
    assert_eq!(shown, [msgid - 2, msgid - 1, msgid]);
    let shown = numbers(&["tail", "#finds", "--around", "1", "--context", "1"]);
    assert_eq!(shown, [1, 2]);
    let notes = fails(world, &["tail", "#finds", "--around", "9999"], 1);
    assert!(notes.contains("there is no message 9999"), "{notes}");
    let both = ["tail", "#finds", "--around", "1", "--from", "1"];
    fails(world, &both, 2);
    assert!(
        world
            .people("hunter", &["tail", "#finds", "--around", "2"])
            .contains("filler 1")
    );
}
