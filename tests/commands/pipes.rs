//! Live commands whose reader closes their output, as `head` does.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use super::world::{Form, World};

#[test]
fn live_commands_end_with_their_reader() {
    let world = World::new();
    world.json("ada", &["group", "create", "team"]);
    world.people("ada", &["send", "#team", "hello"]);
    for args in [&["tail", "#team", "--follow"][..], &["watch"]] {
        let mut command = world.command("ada", args, Form::People);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        if args[0] == "tail" {
            output.read_line(&mut String::new()).unwrap();
        }
        drop(output);
        // Nothing further is written that could fail.
        assert!(child.wait().unwrap().code().is_some(), "{args:?}");
    }
}
