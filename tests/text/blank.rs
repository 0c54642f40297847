//! Texts of which nothing would be seen.

use crate::commands::world::World;

const BLANK: &[&str] = &[
    "",
    "   ",
    " \n\t ",
    "\u{3000}\u{a0}\u{2003}",
    "\u{200b}",
    "\u{feff}\u{2060}\u{ad}",
    "\u{3164}",
    "\u{2800}",
    "\u{fe0f}\u{200d}",
    "\u{202e}\u{2066}",
    "\u{e0041}",
];

#[test]
fn blank_texts_are_empty() {
    let world = World::new();
    world.json("ada", &["group", "create", "crew"]);
    world.json("ada", &["send", "#crew", "hello"]);
    for blank in BLANK {
        let send = ["send", "#crew", "--", blank];
        world.refused("ada", &send, "a message needs content");
        let edit = ["edit", "#crew", "2", "--", blank];
        world.refused("ada", &edit, "a message needs content");
    }
    assert_eq!(world.lines("ada", &["tail", "#crew"]).len(), 2);
    let lines = BLANK.concat().replace('\n', "") + "\nend\n";
    let sent = world.lines_of_input("ada", &["send", "#crew", "-"], &lines);
    assert_eq!(sent.len(), 1, "blank lines are skipped");
    for kept in ["\u{200b}.", "\u{1f44d}", "\u{2764}\u{fe0f}"] {
        world.json("ada", &["send", "#crew", kept]);
        let shown = world.lines("ada", &["tail", "#crew"]).pop().unwrap();
        assert_eq!(shown["text"], kept);
    }
}

#[test]
fn blank_captions_and_topics_are_none() {
    let world = World::new();
    world.json("ada", &["group", "create", "crew"]);
    std::fs::write(world.path("plan.txt"), "the plan").unwrap();
    for blank in ["  ", "\u{200b}", "\u{2800}", "\u{3164}\u{fe0f}"] {
        world.json("ada", &["group", "topic", "crew", "release"]);
        world.json("ada", &["group", "topic", "crew", blank]);
        let shown = world.json("ada", &["group", "settings", "crew"]);
        assert_eq!(shown["topic"], "", "{blank:?}");
        world.json("ada", &["send", "#crew", "--file", "plan.txt", blank]);
        let sent = world.lines("ada", &["tail", "#crew"]).pop().unwrap();
        assert_eq!(sent["text"], "", "{blank:?}");
        let msgid = sent["msgid"].to_string();
        world.json("ada", &["edit", "#crew", &msgid, "the plan"]);
        world.json("ada", &["edit", "#crew", &msgid, blank]);
        let edit = world.lines("ada", &["tail", "#crew"]).pop().unwrap();
        assert_eq!((&edit["kind"], &edit["text"]), (&"edit".into(), &"".into()));
    }
}
