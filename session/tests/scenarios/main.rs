//! Runs the scenario files of `session/scenarios/`: inputs, and the effects and views that must
//! follow. The README beside them defines the format, which other implementations of the model run
//! too.
//!
//! `CAIRN_SCENARIOS=write` replaces what the files expect by what the model does. Read the
//! differences before they are committed.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests are tests"
)]

mod content;
mod desk;
mod effects;
mod inputs;
mod rows;
mod views;

use std::fs;
use std::path::{Path, PathBuf};

use cairn_client::proto::ids::UserId;
use cairn_session::{Model, Options};
use serde_json::{Value, json};

/// Reads a number of an object.
pub(crate) fn number(value: &Value, key: &str) -> Option<u64> {
    value.get(key).map(|number| match number.as_u64() {
        Some(number) => number,
        None => panic!("{key} is no number: {value}"),
    })
}

/// The only key of an object, or a string alone, with its value.
pub(crate) fn variant(value: &Value) -> (&str, &Value) {
    match value {
        Value::String(name) => (name, &Value::Null),
        Value::Object(fields) if fields.len() == 1 => {
            let (name, value) = fields.iter().next().unwrap();
            (name, value)
        }
        _ => panic!("neither a name nor an object of one field: {value}"),
    }
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|file| {
            file.extension()
                .is_some_and(|extension| extension == "jsonl")
        })
        .collect();
    files.sort();
    files
}

fn model(head: &Value) -> Model {
    let me = u32::try_from(number(head, "me").unwrap_or(1)).unwrap();
    let mut options = Options::new(UserId::new(me));
    if let Some(entries) = number(head, "entries_max") {
        options.entries_max = usize::try_from(entries).unwrap();
    }
    options.has_store = head.get("store") != Some(&json!(false));
    Model::new(options)
}

/// Runs one line. Returns the field that it expects, and its actual value.
fn run(model: &mut Model, line: &Value) -> Option<(&'static str, Value)> {
    if let Some(input) = line.get("in") {
        let effects = model.apply(inputs::input(input));
        let expects = line.get("out").is_some();
        return expects.then(|| ("out", effects::effects(&effects)));
    }
    let view = line.get("view")?;
    Some(("is", views::view(model, view.as_str().unwrap(), line)))
}

/// Runs one file. Returns its lines as they should be, and where they differ.
fn run_file(path: &Path) -> (String, Vec<String>) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines().enumerate();
    let (_, head) = lines.next().unwrap();
    let mut model = model(&serde_json::from_str(head).unwrap());
    let (mut actual, mut faults) = (format!("{head}\n"), Vec::new());
    for (at, text) in lines {
        let line: Value =
            serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}:{}: {error}", at + 1));
        match run(&mut model, &line) {
            Some((field, value)) if line.get(field) != Some(&value) => {
                let expected = line.get(field).unwrap_or(&Value::Null);
                faults.push(format!(
                    "{name}:{}: expected\n{expected:#}\nbut got\n{value:#}",
                    at + 1
                ));
                let start = text
                    .find(&format!(",\"{field}\":"))
                    .unwrap_or(text.len() - 1);
                actual += &format!("{},\"{field}\":{value}}}\n", &text[..start]);
            }
            _ => actual += &format!("{text}\n"),
        }
    }
    (actual, faults)
}

#[test]
fn scenarios_hold() {
    let files = files();
    assert!(files.len() >= 10, "one file for each rule, at least");
    let mut faults = Vec::new();
    for file in files {
        let (actual, found) = run_file(&file);
        if std::env::var("CAIRN_SCENARIOS").is_ok_and(|mode| mode == "write") {
            fs::write(&file, actual).unwrap();
        } else {
            faults.extend(found);
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
