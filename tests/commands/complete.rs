//! Completeness of the command tests: every subcommand runs, is listed in docs/COMMANDS.md, and has
//! examples in its help.

use std::collections::{BTreeMap, BTreeSet};

use clap::Command;

use super::world::Form;

/// Subcommands that other tests run, with the folders of these tests.
const ELSEWHERE: &[(&str, Form, &str)] = &[
    ("bench send", Form::Json, "tests/metrics"),
    ("bench send", Form::People, "tests/metrics"),
    ("bench fanout", Form::Json, "tests/bench"),
    ("bench catchup", Form::Json, "tests/bench"),
    ("bench mixed", Form::Json, "tests/bench"),
    ("bench mixed", Form::People, "tests/bench"),
    ("bench files", Form::Json, "tests/bench"),
    ("bench overview", Form::Json, "tests/bench"),
    ("bench search", Form::Json, "tests/bench"),
    ("bench desk", Form::Json, "tests/bench"),
    ("bench schemes", Form::Json, "tests/schemes"),
    ("selftest", Form::Json, "tests/crash"),
    ("selftest", Form::People, "tests/crash"),
    #[cfg(feature = "tui")]
    ("chat", Form::People, "tests/tui"),
];

/// Leaf subcommands by full name, such as `group create`.
fn leaves() -> BTreeMap<String, Command> {
    fn walk(command: &Command, words: &[&str], found: &mut BTreeMap<String, Command>) {
        for sub in command
            .get_subcommands()
            .filter(|sub| sub.get_name() != "help" && !sub.is_hide_set())
        {
            let words = [words, &[sub.get_name()]].concat();
            // `cairn devices` is a command itself, besides its subcommands.
            if !sub.is_subcommand_required_set() {
                found.insert(words.join(" "), sub.clone());
            }
            walk(sub, &words, found);
        }
    }
    let mut found = BTreeMap::new();
    walk(&cairn::cli::command(), &[], &mut found);
    found
}

/// The rows of the table in docs/COMMANDS.md: a subcommand, its description, and whether it has
/// `--json`.
fn table() -> BTreeMap<String, (String, bool)> {
    let page = include_str!("../../docs/COMMANDS.md");
    let mut rows = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let [words, about, json] = line
            .trim_matches('|')
            .split('|')
            .map(str::trim)
            .collect::<Vec<_>>()[..]
        else {
            panic!("a row has three columns: {line}");
        };
        let words = words.trim_matches('`').to_owned();
        assert!(matches!(json, "yes" | "no") && !about.is_empty(), "{line}");
        assert!(
            rows.insert(words, (about.to_owned(), json == "yes"))
                .is_none(),
            "{line} is there twice"
        );
    }
    rows
}

/// Checks that every subcommand ran with text output, and with JSON where it has `--json`.
pub fn nothing_is_left_out(done: &BTreeSet<(String, Form)>) {
    let elsewhere: BTreeSet<_> = ELSEWHERE
        .iter()
        .map(|&(words, form, _)| (words.to_owned(), form))
        .collect();
    let is_run = |words: &String, form| {
        done.contains(&(words.clone(), form)) || elsewhere.contains(&(words.clone(), form))
    };
    let missing: Vec<_> = table()
        .into_iter()
        .flat_map(|(words, (_, has_json))| {
            // Measurements take long, so one format is enough.
            let for_people = (!words.starts_with("bench ")).then_some(Form::People);
            let forms: Vec<_> = for_people
                .into_iter()
                .chain(has_json.then_some(Form::Json))
                .collect();
            forms.into_iter().map(move |form| (words.clone(), form))
        })
        .filter(|(words, form)| !is_run(words, *form))
        .collect();
    assert!(missing.is_empty(), "no test runs {missing:?}");
}

#[test]
fn command_table_is_complete() {
    let (leaves, table) = (leaves(), table());
    let missing: Vec<_> = leaves
        .keys()
        .filter(|words| !table.contains_key(*words))
        .collect();
    assert!(missing.is_empty(), "docs/COMMANDS.md lacks {missing:?}");
    let made_up: Vec<_> = table
        .keys()
        .filter(|words| !leaves.contains_key(*words))
        .collect();
    assert!(
        made_up.is_empty(),
        "docs/COMMANDS.md has {made_up:?}, which are no commands"
    );
    let stale: Vec<_> = ELSEWHERE
        .iter()
        .filter(|(words, ..)| !leaves.contains_key(*words))
        .collect();
    assert!(stale.is_empty(), "{stale:?}");
}

#[test]
fn help_has_examples_and_json_fields() {
    let table = table();
    for (words, command) in leaves() {
        let help = command.clone().render_long_help().to_string();
        let examples = help
            .split_once("EXAMPLES\n")
            .unwrap_or_else(|| panic!("{words} has no examples"))
            .1;
        assert!(
            examples.contains(&format!("cairn {words}")) || examples.contains(" --profile "),
            "{words}: its examples are of another"
        );
        let tells = ["JSON", "READY FILE"]
            .iter()
            .any(|heading| examples.contains(heading));
        assert!(
            tells || !table[&words].1,
            "{words} does not say what its JSON is like"
        );
        let long: Vec<_> = help
            .lines()
            .filter(|line| line.chars().count() > 145)
            .collect();
        assert!(long.is_empty(), "{words}: {long:?}");
    }
}
