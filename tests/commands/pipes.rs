//! Commands beside pipes: a reader that closes their output, as `head` does, input without an end,
//! files on standard output, and files that are none, or have odd names.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
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
    fs::write(world.path("a file"), "x").unwrap();
    for path in ["fifo", "/dev/zero", "/dev/null"] {
        for args in [
            &["send", "#team", "--file", path][..],
            &["send", "#team", "--file", "a file", "--preview", path],
            &["me", "set", "--avatar", path],
        ] {
            let refused = world.failure("ada", args);
            let is_explained = refused.1.contains("a pipe or a device");
            assert!(is_explained, "{args:?}: {refused:?}");
        }
    }
}

#[test]
fn files_go_to_standard_output() {
    let world = World::new();
    world.json("ada", &["group", "create", "team"]);
    let bytes: Vec<u8> = (0..=255).cycle().take(1_000_000).collect();
    fs::write(world.path("data"), &bytes).unwrap();
    let picture = [b"GIF89a", &[0; 99][..]].concat();
    fs::write(world.path("small.gif"), &picture).unwrap();
    world.json("ada", &["send", "#team", "--file", "data"]);
    let shape = ["--as", "image", "--pixels", "3x2", "--preview", "small.gif"];
    world.json(
        "ada",
        &[&["send", "#team", "--file", "data"], &shape[..]].concat(),
    );
    for (args, expected) in [
        (&["get", "#team", "2", "-o", "-"][..], &bytes),
        (&["get", "#team", "3", "--preview", "-"], &picture),
    ] {
        let output = world.command("ada", args, Form::People).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(output.stdout == *expected, "{args:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{args:?}");
        assert!(!world.path("-").exists());
        // Results as JSON would be in the middle of the file.
        let json = world.command("ada", args, Form::Json).output().unwrap();
        assert_eq!((json.status.code(), json.stdout), (Some(2), Vec::new()));
    }
    let (_, said) = world.failure("ada", &["get", "#team", "2", "--preview", "-"]);
    assert!(said.contains("message 2 has no preview"), "{said}");

    // A reader that has enough ends it.
    let mut command = world.command("ada", &["get", "#team", "2", "-o", "-"], Form::People);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    output.read_exact(&mut [0; 10]).unwrap();
    drop(output);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn whole_input_has_an_end() {
    let world = World::new();
    world.json("ada", &["group", "create", "team"]);
    for unit in ["\n", " \n", "a\n", "\r", "\0"] {
        let mut command = world.command("ada", &["send", "#team", "--whole"], Form::People);
        let mut child = command
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let part = unit.repeat(64 * 1024);
        while input.write_all(part.as_bytes()).is_ok() {}
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{unit:?}: {said}");
        assert!(said.contains("longer than 16384 bytes"), "{unit:?}: {said}");
    }
    let text = format!("\n\none\n\n  two \n{}", "\n".repeat(100_000));
    world.lines_of_input("ada", &["send", "#team", "--whole"], &text);
    let sent = world.lines("ada", &["tail", "#team"]).pop().unwrap();
    assert_eq!(sent["text"], "\n\none\n\n  two");
}

/// As from `tail -F`, which does not end.
#[test]
fn lines_are_sent_while_their_input_goes_on() {
    let world = World::new();
    world.json("ada", &["group", "create", "builds"]);
    let tail = world.live("ada", &["tail", "#builds", "--follow"], Form::People);
    let mut command = world.command("ada", &["send", "#builds", "-"], Form::People);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for (line, shown) in [
        (&b"\xef\xbb\xbfstep one\r\n"[..], "step one"),
        (b"\r\n \nst\xffep two\r", "st\u{fffd}ep two"),
        (b"\nstep three\n", "step three"),
    ] {
        input.write_all(line).unwrap();
        tail.until(|line| line.ends_with(&format!("ada: {shown}\n")));
    }
    assert!(child.try_wait().unwrap().is_none(), "it waits for more");
    input.write_all(b"step four").unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());
    tail.until(|line| line.ends_with("ada: step four\n"));
}
