//! Commands beside pipes: a reader that closes their output, as `head` does, and files that are
//! none, or have odd names.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Stdio};

use super::world::{Form, World};

#[test]
fn live_commands_end_with_their_reader() {
    let world = World::new();
    world.json("ada", &["group", "create", "team"]);
    world.people("ada", &["send", "#team", "hello"]);
    for args in [
        &["tail", "#team", "--follow"][..],
        &["watch", "--in", "#team"],
    ] {
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

#[test]
fn files_are_sent_whatever_their_names() {
    let world = World::new();
    world.json("ada", &["group", "create", "team"]);
    let names: [(&[u8], &str); 4] = [
        ("9.41.00\u{202f}AM.png".as_bytes(), "9.41.00 AM.png"),
        (b"a\\b.txt", "a_b.txt"),
        (b"lat\xe9.txt", "lat\u{fffd}.txt"),
        (
            "\u{1f469}\u{200d}\u{1f4bb} notes ".as_bytes(),
            "\u{1f469}\u{1f4bb} notes",
        ),
    ];
    for (name, shown) in names {
        fs::write(world.path("").join(OsStr::from_bytes(name)), "x").unwrap();
        let mut send = world.command("ada", &["send", "#team", "--file"], Form::Json);
        assert!(
            send.arg(OsStr::from_bytes(name))
                .status()
                .unwrap()
                .success()
        );
        let last = world.lines("ada", &["tail", "#team"]).pop().unwrap();
        assert_eq!(last["attachment"]["name"], shown);
    }
    let fifo = world.path("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    for path in ["fifo", "/dev/zero"] {
        let sent = world.failure("ada", &["send", "#team", "--file", path]);
        assert!(sent.1.contains("a pipe or a device"), "{sent:?}");
        let avatar = world.failure("ada", &["me", "set", "--avatar", path]);
        assert!(avatar.1.contains("a pipe or a device"), "{avatar:?}");
    }
}
