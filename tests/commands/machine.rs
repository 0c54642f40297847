//! Commands for operators.

use std::path::Path;

use super::world::{Form, World};
use crate::support::cairn;

/// Short runs of the benchmarks that have no test of their own.
pub fn measured(world: &World) {
    let dir = world.path("measured");
    std::fs::create_dir(&dir).unwrap();
    let dir = dir.to_str().unwrap();
    let idle = world.json(
        "nobody",
        &[
            "bench",
            "idle",
            "--connections",
            "3",
            "--seconds",
            "1",
            "--dir",
            dir,
        ],
    );
    assert!(idle["handshakes_per_s"].is_number(), "{idle}");
    let engine = world.json(
        "nobody",
        &[
            "bench",
            "engine",
            "--seconds",
            "0.05",
            "--batches",
            "8",
            "--dir",
            dir,
        ],
    );
    let fill = world.json(
        "nobody",
        &[
            "bench",
            "fill",
            "--messages",
            "2000",
            "--conversations",
            "10",
            "--dir",
            dir,
        ],
    );
    let ids = world.json(
        "nobody",
        &[
            "bench",
            "ids",
            "--ids",
            "2000",
            "--messages",
            "2000",
            "--dir",
            dir,
        ],
    );
    let session = world.json(
        "nobody",
        &[
            "bench",
            "session",
            "--messages",
            "2000",
            "--conversations",
            "20",
            "--dir",
            dir,
        ],
    );
    assert!(session["settings"].is_object(), "{session}");
    for found in [engine, fill, ids] {
        assert!(
            found["durability"].is_string() && found["settings"].is_object(),
            "{found}"
        );
    }
}

fn renamed(world: &World) {
    assert_eq!(
        world.people("ada", &["users", "rename", "tom", "thomas"]),
        "tom is now thomas\n"
    );
    assert_eq!(
        world.people("tom", &["me", "rename", "Thomas"]),
        "thomas is now Thomas\n"
    );
    let back = world.json("tom", &["me", "rename", "tom"]);
    assert_eq!(back["name"], "tom");
    let back = world.json("ada", &["users", "rename", "tom", "tom"]);
    assert_eq!(back["name"], "tom");
    assert_eq!(
        world.people("ada", &["users", "claim", "old", "xia"]),
        "old is now xia\n"
    );
    assert_eq!(
        world.json("ada", &["users", "claim", "@old", "@xia"])["name"],
        "xia"
    );
    world.refused(
        "ada",
        &["users", "claim", "tom", "ada"],
        "only an imported author",
    );
}

fn audited(world: &World) {
    let audit = world.people("ada", &["audit", "--limit", "1000"]);
    assert!(audit.contains("created invite"), "{audit}");
    let last = world.json("ada", &["audit", "--limit", "1"]);
    assert!(last["number"].is_u64() && last["act"].is_string(), "{last}");
    world.refused("tom", &["audit"], "your role does not allow that");
}

/// Queries a running server, stops it, and checks its data directory.
pub fn all(world: &World) {
    world.json("ada", &["send", "@tom", "hello"]);
    assert_eq!(
        world.json("ada", &["config", "set", "amend-minutes", "0"])["value"],
        "0"
    );
    world.refused(
        "ada",
        &["edit", "@tom", "1", "goodbye"],
        "it is too late to change that message",
    );
    renamed(world);
    audited(world);
    let stats = world.json("ada", &["stats"]);
    assert!(
        stats["entries"].as_u64().unwrap() > 0 && stats["checkpoints"].is_object(),
        "{stats}"
    );
    assert!(world.people("ada", &["stats"]).contains("fdatasync"));
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            world
                .people("nobody", &["completions", shell])
                .contains("cairn"),
            "{shell}"
        );
    }
    // Watchers report when the server stops and when it is back.
    let watch = world.live("ada", &["watch", "tom"], Form::Json);
    watch.until_json(|seen| seen["event"] == "presence");
    assert!(world.server().stop().success());
    assert!(watch.until_json(|seen| seen["event"] == "disconnected")["reason"].is_string());
    world.server().restart();
    watch.until_json(|seen| seen["event"] == "reconnected");
    assert_eq!(watch.interrupt(), Some(130));
    let data = world.server().data().to_owned();
    let data = data.to_str().unwrap();
    assert!(world.server().stop().success());
    world.note(&["serve"], Form::Json);

    let report = world.json("nobody", &["doctor", "--data", data]);
    assert!(
        report["messages"].as_u64().unwrap() > 50 && report["attachments"].as_u64().unwrap() > 0,
        "{report}"
    );
    assert!(
        world
            .people("nobody", &["doctor", "--data", data, "--full"])
            .starts_with("everything is sound\n")
    );
    let done = world.json("nobody", &["compact", "--data", data]);
    assert!(
        done["rows"].as_u64().unwrap() > 0 && done["after_bytes"].is_u64(),
        "{done}"
    );
    assert!(
        world
            .people("nobody", &["compact", "--data", data])
            .contains(" rows in ")
    );
    assert!(
        world
            .people("nobody", &["doctor", "--data", data])
            .starts_with("everything is sound\n")
    );

    let again = world.live(
        "nobody",
        &[
            "serve",
            "--data",
            data,
            "--listen",
            "127.0.0.1:0",
            "--log",
            "warn",
        ],
        Form::People,
    );
    again.until(|line| line.starts_with("cairn listens on 127.0.0.1:"));
    world.note(&["serve"], Form::People);
    let (code, said) = world.failure("nobody", &["doctor", "--data", data]);
    assert!(
        code == Some(4) && said.contains("\nhint: stop the server first"),
        "{said}"
    );
    assert_eq!(again.interrupt(), Some(0));
    unreached(world);
}

/// Without a server, commands fail with a hint.
fn unreached(world: &World) {
    let (code, said) = world.failure("ada", &["whoami"]);
    assert!(
        code == Some(3) && said.contains("check the address"),
        "{said}"
    );
    let missing = world.path("missing");
    for command in ["doctor", "compact"] {
        let (code, said) = world.failure("nobody", &[command, "--data", missing.to_str().unwrap()]);
        assert!(
            code == Some(4) && said.contains("\nhint: "),
            "{command}: {said}"
        );
    }
    assert!(!Path::new(&missing).exists(), "nobody makes it by looking");
}

/// Usage errors have the same form in all commands.
#[test]
fn usage_errors_are_reported() {
    for words in [
        &["sned"][..],
        &["send"],
        &["tail", "team"],
        &["group", "creat"],
        &["get", "#team", "x"],
        &["type", "#team", "--for", "5"],
    ] {
        let output = cairn(words).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(
            output.stdout.is_empty()
                && String::from_utf8(output.stderr)
                    .unwrap()
                    .starts_with("error: "),
            "{words:?}"
        );
    }
    let version = cairn(&["--version"]).output().unwrap();
    assert!(version.status.success() && version.stdout.starts_with(b"cairn "));
}
