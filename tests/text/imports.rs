//! IRC logs as programs write them: recognised, decoded, and told apart from files that are none.

use std::fs;

use crate::commands::world::World;

/// Imports a log, and returns who said what.
fn import(world: &World, name: &str, bytes: &[u8], options: &[&str]) -> Vec<(String, String)> {
    fs::write(world.path(name), bytes).unwrap();
    let import = ["import", "irc", name, "--group", name];
    world.json("ada", &[&import[..], options].concat());
    let said = world.lines("ada", &["tail", &format!("#{name}"), "--from", "2"]);
    said.iter()
        .map(|message| {
            let text = |field: &str| message[field].as_str().unwrap().to_owned();
            (
                text("sender"),
                format!("{}: {}", text("kind"), text("text")),
            )
        })
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |&(who, what): &(&str, &str)| (who.to_owned(), what.to_owned());
    expected.iter().map(owned).collect()
}

#[test]
fn logs_of_every_program_are_recognised() {
    let world = World::new();
    let expected = pairs(&[
        ("lena", "text: who has the keys?"),
        ("tim", "text: I do"),
        ("lena", "emote: runs"),
    ]);
    for (name, log) in [
        (
            "energymech.2023-05-01",
            "[12:00:01] <lena> who has the keys?\n[12:00:05] <@tim> I do\n\
             [12:00:09] * lena runs\n[12:00:10] *** Quits: tim (~t@host)\n",
        ),
        (
            "ubuntu-2023-05-01.txt",
            "[12:00] <lena> who has the keys?\n=== tim [~t@192.0.2.9] has joined #x\n\
             [12:01] <tim> I do\n[12:02]  * lena runs\n",
        ),
        (
            "irssi.log",
            "--- Log opened Mon May 01 11:59:00 2023\n\
             12:00 < lena> who has the keys?\n12:01 <@tim> I do\n12:02  * lena runs\n",
        ),
        (
            "weechat.weechatlog",
            "2023-05-01 12:00:01\tlena\twho has the keys?\n\
             2023-05-01 12:00:05\t@tim\tI do\n2023-05-01 12:00:09\t *\tlena runs\n",
        ),
        (
            "znc-2023-05-01.log",
            "[12:00:01] <lena> who has the keys?\n[12:00:05] <tim> I do\n\
             [12:00:09] * lena runs\n",
        ),
        (
            "mirc-2023-05-01.log",
            "Session Start: Mon May 01 12:00:00 2023\n\
             [12:00] <lena> \u{3}04who has\u{3} the \u{2}keys\u{2}?\n[12:01] <@tim> I do\n\
             [12:02] * lena runs\n",
        ),
        (
            "hexchat.log",
            "**** BEGIN LOGGING AT Mon May  1 12:00:00 2023\n\n\
             May 01 12:00:01 <lena>\twho has the keys?\nMay 01 12:00:05 <tim>\tI do\n\
             May 01 12:00:09 *\tlena runs\n",
        ),
    ] {
        assert_eq!(
            import(&world, name, log.as_bytes(), &[]),
            expected,
            "{name}"
        );
    }
    // An action of an old channel log.
    let log =
        b"[12:00] <tim> hi\n[12:01] <lena> who?\n=== tim shrugs\n=== tim is now known as tim_\n";
    let said = import(&world, "action-2005-05-01.txt", log, &[]);
    let expected = [
        ("tim", "text: hi"),
        ("lena", "text: who?"),
        ("tim", "emote: shrugs"),
    ];
    assert_eq!(said, pairs(&expected));
}

#[test]
fn encodings_and_ends_of_lines_do_not_matter() {
    let world = World::new();
    for (name, bytes, options, text) in [
        (
            "bom-2023-05-01.txt",
            &b"\xef\xbb\xbf[12:00] <lena> na\xc3\xafve\r\n"[..],
            &[][..],
            "naïve",
        ),
        (
            "latin-2023-05-02.txt",
            b"[12:00] <lena> na\xefve\r",
            &[],
            "naïve",
        ),
        (
            "gb-2023-05-03.txt",
            b"[12:00] <lena> \xc4\xe3\xba\xc3\xa3\xac\xca\xc0\xbd\xe7",
            &[],
            "你好，世界",
        ),
        (
            "given-2023-05-04.txt",
            b"[12:00] <lena> \xc4\xe3\xba\xc3\n",
            &["--encoding", "windows-1252"],
            "ÄãºÃ",
        ),
    ] {
        let said = import(&world, name, bytes, options);
        assert_eq!(said, pairs(&[("lena", &format!("text: {text}"))]), "{name}");
    }
    // The zone of the log, where it is given.
    let log = b"[12:00] <lena> noon\n";
    import(
        &world,
        "zone-2023-05-05.txt",
        log,
        &["--timezone", "Asia/Shanghai"],
    );
    let noon = world
        .lines("ada", &["tail", "#zone-2023-05-05.txt"])
        .pop()
        .unwrap();
    assert_eq!(noon["sent_at_ms"], 1_683_259_200_000_u64);
}

#[test]
fn files_that_are_no_logs_make_nothing() {
    let world = World::new();
    for (name, text, first) in [
        (
            "notes-2023-05-01.md",
            "# Plans\n\nbuy milk\ncall home\n",
            "# Plans",
        ),
        (
            "mail-2023-05-02.txt",
            "From: ada\nTo: bob\nhello\n",
            "From: ada",
        ),
        ("table-2023-05-03.csv", "a;b\n1;2\n3;4\n", "a;b"),
        (
            "mixed-2023-05-04.txt",
            "noise\nnoise\nnoise\n[12:00] <lena> one\n",
            "noise",
        ),
    ] {
        fs::write(world.path(name), text).unwrap();
        let import = ["import", "irc", name, "--group", "logs"];
        let (code, said) = world.failure("ada", &import);
        assert!(code == Some(1) && said.contains(first), "{name}: {said}");
    }
    assert!(!world.people("ada", &["list"]).contains("logs"));
    assert!(world.lines("ada", &["users", "find", "lena"]).is_empty());
    // What is not in the format that was given is no log either.
    fs::write(world.path("z-2023-05-05.log"), "[12:00] <lena> one\n").unwrap();
    let import = [
        "import",
        "irc",
        "z-2023-05-05.log",
        "--group",
        "logs",
        "--format",
        "weechat",
    ];
    assert_eq!(world.failure("ada", &import).0, Some(1));
}
