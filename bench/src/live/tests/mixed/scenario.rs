use crate::live::mixed::scenario::{DEFAULT, Scenario};
use std::path::Path;

fn parse(text: &str) -> Result<Scenario, String> {
    Scenario::parse(text, Path::new("my.toml")).map_err(|error| error.to_string())
}

/// The default scenario with one replacement.
fn changed(from: &str, to: &str) -> Result<Scenario, String> {
    assert!(DEFAULT.contains(from));
    parse(&DEFAULT.replacen(from, to, 1))
}

#[test]
fn default_scenario_is_valid() {
    let scenario = parse(DEFAULT).unwrap();
    assert_eq!(
        (
            scenario.people.get(),
            scenario.devices(),
            scenario.minutes()
        ),
        (100, 200, 540)
    );
}

#[test]
fn invalid_fields_are_refused_with_their_line() {
    let refused = [
        (
            "people = 100",
            "people = 100\ntyping = true",
            &[
                "my.toml",
                "line 11",
                "unknown field `typing`",
                "--print-scenario",
            ][..],
        ),
        ("history = 100\n", "", &["missing field `history`"]),
        (
            "people = 100",
            "people = 1",
            &["line 10", "1 is not from 2 to"],
        ),
        ("people = 100", "people = -1", &["-1 is not from 2 to"]),
        (
            "people = 100",
            "people = \"many\"",
            &["line 10", "invalid type"],
        ),
        (
            "members = [3, 8]",
            "members = [8, 3]",
            &["8 is more than 3"],
        ),
        ("bytes = 40", "bytes = 31", &["31 is not from 32 to"]),
        (
            "messages_per_hour = 10",
            "messages_per_hour = -0.5",
            &["-0.5 is not from 0 to"],
        ),
        ("people = 100", "people = ", &["line 10"]),
    ];
    for (from, to, words) in refused {
        let error = changed(from, to).unwrap_err();
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    }
}

#[test]
fn contradictions_are_refused() {
    let refused = [
        (
            "people = 100",
            "people = 20",
            "large_groups are of up to 100 members, but there are 20 people",
        ),
        (
            "count = 120",
            "count = 5000",
            "100 people have no 5000 direct chats",
        ),
        (
            "name = \"lunch\"",
            "name = \"morning\"",
            "two phases are called \"morning\"",
        ),
    ];
    for (from, to, words) in refused {
        let error = changed(from, to).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
    let frantic = DEFAULT
        .replace("people = 100", "people = 1000")
        .replace("messages_per_hour = 20", "messages_per_hour = 10000");
    assert!(
        parse(&frantic)
            .unwrap_err()
            .contains("things would happen, at most 10000000 can")
    );
    let silent = DEFAULT.replace("share = ", "share = 0 #");
    assert!(
        parse(&silent)
            .unwrap_err()
            .contains("no kind of conversation")
    );
}

#[test]
fn missing_file_is_named() {
    let error = Scenario::load(Some(Path::new("/nowhere/day.toml")))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("cannot read the scenario /nowhere/day.toml: "),
        "{error}"
    );
}
