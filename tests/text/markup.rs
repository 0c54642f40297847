//! Markup, as `cairn tail` shows it.

use crate::commands::world::{Form, World};

/// What `tail` prints about the last message, with styles if they are forced.
fn shown(world: &World, is_styled: bool) -> String {
    let tail = ["tail", "#crew", "--from", "2", "--no-numbers"];
    let mut command = world.command("ada", &tail, Form::People);
    match is_styled {
        true => command.env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR"),
        false => command.env("NO_COLOR", "1"),
    };
    let output = command.output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn terminals_show_markup() {
    let world = World::new();
    world.json("ada", &["group", "create", "crew"]);
    let text = "**now**, `ls` :tada:\u{202e}\n> see\u{1b}[2J\n```\n*code*\n```";
    world.json("ada", &["send", "#crew", text]);
    let typed = "ada: **now**, `ls` :tada:\u{fffd}\n    > see␛[2J\n    ```\n    *code*\n    ```\n";
    assert!(
        shown(&world, false).ends_with(typed),
        "{}",
        shown(&world, false)
    );
    let [off, bold, dim, code] = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[36m"];
    let styled = format!(
        "ada: {bold}now{off}, {code}ls{off} 🎉\u{fffd}\n    {dim}│ {off}{dim}see␛[2J{off}\n    \
         {code}*code*{off}\n"
    );
    assert!(
        shown(&world, true).ends_with(&styled),
        "{:?}",
        shown(&world, true)
    );
    let exact = world.lines("ada", &["tail", "#crew"]).pop().unwrap();
    assert_eq!(exact["text"], text);
}
