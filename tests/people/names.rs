//! Names, over the real binary: one user under every way to type a name, look-alikes, reserved
//! names, names of imported authors, and groups that share a name.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Server, cairn};

struct World {
    _server: Server,
    home: TempDir,
}

impl World {
    /// A server that `bob` owns.
    fn start() -> Self {
        let server = Server::start();
        let home = tempfile::tempdir().unwrap();
        let link = server.invite.clone().unwrap().to_string();
        let world = Self {
            _server: server,
            home,
        };
        world.lines("bob", &["join", &link, "--name", "bob"]);
        world
    }

    fn profile(&self, of: &str) -> PathBuf {
        self.home.path().join(of)
    }

    fn run(&self, of: &str, args: &[&str]) -> Output {
        let profile = self.profile(of);
        let mut command = cairn(args);
        command.arg("--json").arg("--profile").arg(profile);
        command.output().unwrap()
    }

    fn lines(&self, of: &str, args: &[&str]) -> Vec<Value> {
        let output = self.run(of, args);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {complaint}");
        let lines = String::from_utf8(output.stdout).unwrap();
        let lines = lines.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Without `--json`.
    fn shown(&self, of: &str, args: &[&str]) -> String {
        let mut command = cairn(args);
        command.arg("--profile").arg(self.profile(of));
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    }

    fn complaint(&self, of: &str, args: &[&str]) -> String {
        let output = self.run(of, args);
        assert!(!output.status.success(), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn invite(&self) -> String {
        let invited = self.lines("bob", &["invite", "--uses", "20"]);
        invited[0]["invite"].as_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

fn in_text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn names_are_found_however_they_are_typed() {
    let world = World::start();
    let link = world.invite();
    let joined = world.lines("zoe", &["join", &link, "--name", " Zoe\u{308} "]);
    assert_eq!(joined[0]["name"], "Zoë");
    world.lines("wide", &["join", &link, "--name", "ｅｖｅ"]);

    for name in ["ZOË", "zoe\u{308}", "@Zoë "] {
        assert_eq!(
            world.lines("bob", &["users", "show", name])[0]["name"],
            "Zoë"
        );
    }
    for prefix in ["ZO", "zoe\u{308}"] {
        assert_eq!(
            world.lines("bob", &["users", "find", prefix])[0]["name"],
            "Zoë"
        );
    }
    assert_eq!(
        world.lines("bob", &["users", "show", "Eve"])[0]["name"],
        "ｅｖｅ"
    );
    world.lines("zoe", &["send", "@Bob", "hello"]);
    world.lines("zoe", &["send", "@ＢＯＢ", "hello"]);
    world.lines("bob", &["group", "create", "Team", "zoË", "EVE"]);
    world.lines("zoe", &["send", "#team", "look", "--mention", "Bob"]);
    world.lines("zoe", &["send", "# TEAM ", "again"]);
    assert_eq!(world.lines("bob", &["list"]).len(), 2);

    for (name, taken) in [("BOB", true), ("ｂｏｂ", true), ("ZOE\u{308}", true)] {
        let complaint = world.complaint("late", &["join", &link, "--name", name]);
        assert_eq!(complaint.contains("taken"), taken, "{complaint}");
    }
}

#[test]
fn login_accepts_every_form_of_the_name() {
    let world = World::start();
    let password = world.write("password", "correct horse battery\n");
    let join = |of: &str, args: &[&str]| {
        let mut command = cairn(args);
        command
            .arg("--json")
            .arg("--profile")
            .arg(world.profile(of));
        command.arg("--password-stdin");
        command.stdin(std::fs::File::open(&password).unwrap());
        let output = command.output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {complaint}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let link = world.invite();
    let me = join("zoe", &["join", &link, "--name", "Zoë"]);
    let pin = link.split_once('#').unwrap().1.split_once('.').unwrap().0;
    let server = me["server"].as_str().unwrap();
    for (of, name) in [("1", "zoe\u{308}"), ("2", "ZOË"), ("3", "@zoë ")] {
        let again = join(of, &["login", server, "--pin", pin, "--name", name]);
        assert_eq!((&again["user"], &again["name"]), (&me["user"], &me["name"]));
    }
}

#[test]
fn faults_of_names_are_named() {
    let world = World::start();
    let link = world.invite();
    for (name, fault) in [
        ("\u{fe0f}", "U+FE0F"),
        ("\u{3164}", "U+3164"),
        ("\u{2800}", "U+2800"),
        ("\u{200b}", "U+200B"),
        ("b\u{200d}ob", "U+200D"),
        ("two words", "U+0020"),
    ] {
        let complaint = world.complaint("late", &["join", &link, "--name", name]);
        assert!(complaint.contains(fault), "{name:?}: {complaint}");
        if name != "two words" {
            let complaint = world.complaint("bob", &["group", "create", name]);
            assert!(complaint.contains(fault), "{name:?}: {complaint}");
            let complaint = world.complaint("bob", &["me", "set", "--display-name", name]);
            assert!(complaint.contains(fault), "{name:?}: {complaint}");
        }
    }
    for (of, name) in [
        ("fa", "می\u{200c}خواهم"),
        ("si", "ශ්\u{200d}රී"),
        ("hi", "क्\u{200d}ष"),
    ] {
        assert_eq!(
            world.lines(of, &["join", &link, "--name", name])[0]["name"],
            name
        );
    }
}

#[test]
fn reactions_are_emoji_or_their_names() {
    let world = World::start();
    world.lines("bob", &["group", "create", "team"]);
    world.lines("bob", &["send", "#team", "hello"]);
    let emoji = ["👩‍💻", "🏳️‍🌈", "👍🏽", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", ":heart:", "+1"];
    for emoji in emoji {
        let reacted = world.lines("bob", &["react", "#team", "2", emoji]);
        assert_eq!(reacted[0]["emoji"], emoji.trim_matches(':'));
    }
    for emoji in ["👍👍", "\u{200d}", "x👍"] {
        world.complaint("bob", &["react", "#team", "2", emoji]);
    }
    let tail = world.lines("bob", &["tail", "#team", "--from", "2"]);
    assert_eq!(tail[0]["reactions"].as_array().unwrap().len(), emoji.len());
}

#[test]
fn look_alikes_and_reserved_names_are_refused() {
    let world = World::start();
    let link = world.invite();
    for name in [
        "вob",
        "ｂｏｂ",
        "bоb",
        "all",
        "Everyone",
        "here",
        "channel",
        ".",
        "..",
        "id:7",
    ] {
        world.complaint("late", &["join", &link, "--name", name]);
    }
    // Both are ASCII: their readers know the letters.
    world.lines("b0b", &["join", &link, "--name", "b0b"]);
    world.lines("anna", &["join", &link, "--name", "аnnа"]);
    let complaint = world.complaint("late", &["join", &link, "--name", "anna"]);
    assert!(complaint.contains("looks like"), "{complaint}");

    world.lines("bob", &["config", "set", "look-alikes", "allowed"]);
    world.lines("late", &["join", &link, "--name", "вob"]);
    world.complaint("later", &["join", &link, "--name", "everyone"]);
    world.complaint("later", &["join", &link, "--name", "BOB"]);
}

#[test]
fn imported_look_alikes_have_a_suffix() {
    let world = World::start();
    let log = "[10:00] <вob> one\n[10:01] <here> two\n[10:02] <вob> three\n[10:03] <carol> four\n";
    let log = world.write("2001-02-03.txt", log);
    let import = ["import", "irc", in_text(&log), "--group", "old"];
    world.lines("bob", &import);
    let tail = world.lines("bob", &["tail", "#old", "--from", "1"]);
    let senders: Vec<&str> = tail
        .iter()
        .filter(|line| line["kind"] == "text")
        .map(|line| line["sender"].as_str().unwrap())
        .collect();
    assert_eq!(
        senders,
        ["вob-imported", "here-imported", "вob-imported", "carol"]
    );
}

/// The order of joining counts, and not that of the groups' numbers.
#[test]
fn plain_name_is_the_group_joined_first() {
    let world = World::start();
    world.lines("carol", &["join", &world.invite(), "--name", "carol"]);
    let create = |of: &str, name: &str| {
        let created = world.lines(of, &["group", "create", name]);
        created[0]["conversation"].as_u64().unwrap()
    };
    let later = create("carol", "ops");
    let latest = create("carol", "OPS");
    let first = create("bob", "Ops");
    for id in [later, latest] {
        world.lines("carol", &["group", "add", &format!("#id:{id}"), "bob"]);
    }

    let list = world.shown("bob", &["list"]);
    for shown in [
        format!("#Ops  (#id:{first})"),
        format!("#ops (2)  (#id:{later})"),
        format!("#OPS (3)  (#id:{latest})"),
    ] {
        assert!(list.contains(&shown), "{list}");
    }
    let sent = |target: &str| {
        let sent = world.lines("bob", &["send", target, "hello"]);
        sent[0]["conversation"].as_u64().unwrap()
    };
    assert_eq!((sent("#ops"), sent("#OPS")), (first, first));
    assert_eq!(sent(&format!("#id:{later}")), later);
    for args in [
        &["send", "#ops (2)", "hello"][..],
        &["tail", "#ops (2)"],
        &["group", "topic", "ops (2)", "words"],
    ] {
        let complaint = world.complaint("bob", args);
        assert!(complaint.contains(&format!("'#id:{later}'")), "{complaint}");
    }
    let complaint = world.complaint("bob", &["read", "#ops (4)"]);
    assert!(complaint.contains("you are in no group"), "{complaint}");
    // A name that ends like this is a name.
    let real = create("bob", "dev (2)");
    assert_eq!(sent("#dev (2)"), real);

    world.lines("bob", &["group", "add", "ops", "carol"]);
    world.lines("bob", &["group", "hand-over", "ops", "carol"]);
    world.lines("bob", &["group", "leave", "ops"]);
    assert_eq!(sent("#ops"), later);
    let list = world.shown("bob", &["list"]);
    assert!(
        list.contains(&format!("#OPS (2)  (#id:{latest})")),
        "{list}"
    );
}
