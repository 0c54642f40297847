//! Rules for the source tree that neither Cargo nor clippy can check: file sizes, retired words,
//! names that belong to one file, and unfinished work.

mod planted;
mod words;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use words::Words;

const LINES_MAX: usize = 500;
const TEST_LINES_MAX: usize = 700;
const COLUMNS_MAX: usize = 100;

/// `.rs` files in one folder, subfolders apart.
const FOLDER_FILES_MAX: usize = 12;

/// Names that only one file or folder may use within the given crates, except in tests; an empty
/// owner forbids them. `std::time` and I/O would make core impure, and the store receives its disk,
/// clock and randomness from outside.
const OWNED: &[(&str, &str, &[&str])] = &[
    ("bincode", "proto/src/wire/codec.rs", &["proto/src/"]),
    ("quinn", "server/src/transport/quic/", &["server/src/"]),
    ("quinn", "client/src/transport/quic/", &["client/src/"]),
    (
        "open_tree",
        "store/src/trees/db/sled_db.rs",
        &["store/src/trees/"],
    ),
    (
        "SystemTime::now",
        "server/src/host/clock.rs",
        &["server/src/"],
    ),
    (
        "getrandom::fill",
        "server/src/host/random.rs",
        &["server/src/"],
    ),
    ("std::time::Instant", "", &["server/src/", "client/src/"]),
    ("std::fs", "", &["proto/src/", "core/src/"]),
    ("SystemTime", "", &["proto/src/", "core/src/"]),
    ("Instant::now", "", &["proto/src/", "core/src/"]),
    ("std::fs", "store/src/disk/real.rs", &["store/src/"]),
    (
        "std::fs",
        "server/src/transport/identity/permissions.rs",
        &["server/src/"],
    ),
    ("redb", "session/src/store/", &["session/src/"]),
    ("tokio", "session/src/runner/", &["session/src/"]),
    ("tokio::fs", "client/src/transfer/", &["client/src/"]),
    ("tokio::fs", "", &["server/src/", "store/src/"]),
    ("Instant::now", "store/src/env/clock.rs", &["store/src/"]),
    ("SystemTime::now", "", &["store/src/"]),
    ("rand::", "store/src/env/salts.rs", &["store/src/"]),
];

/// Marks of unfinished work, in pieces so that this file does not violate its own rule; clippy
/// denies more of them.
const PROMISES: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("unimple", "mented!"),
    concat!("#[ig", "nore"),
];

/// Lines, and the rule that each violates.
type Findings = Vec<(usize, String)>;

/// Path below the root and content of every text file, except in hidden folders and build output.
fn texts() -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    collect(Path::new(env!("CARGO_MANIFEST_DIR")), "", &mut texts);
    assert!(texts.contains_key(OWNED[0].1), "the walk misses files");
    texts
}

fn collect(folder: &Path, prefix: &str, texts: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && (name == ".ci" || !name.starts_with('.') && name != "target") {
            collect(&path, &format!("{prefix}{name}/"), texts);
        } else if name.ends_with(".pack") {
            // Inputs of fuzzing.
        } else if let Ok(text) = fs::read_to_string(&path) {
            texts.insert(format!("{prefix}{name}"), text);
        }
    }
}

fn paths() -> Vec<String> {
    texts().into_keys().collect()
}

#[track_caller]
fn assert_tidy(rule: impl Fn(&str, &str) -> Findings) {
    let mut found = Vec::new();
    for (path, text) in &texts() {
        let lines = rule(path, text).into_iter();
        found.extend(lines.map(|(line, message)| format!("{path}:{line}: {message}")));
    }
    assert!(found.is_empty(), "to fix:\n{}\n", found.join("\n"));
}

fn is_rust(path: &str) -> bool {
    path.ends_with(".rs")
}

fn long_file(path: &str, text: &str) -> Findings {
    let is_test = path.starts_with("tests/") || path.contains("/tests");
    let max = if is_test { TEST_LINES_MAX } else { LINES_MAX };
    let lines = text.lines().count();
    let is_long = is_rust(path) && lines > max;
    Vec::from_iter(is_long.then(|| (lines, format!("at most {max} lines: split it by ideas"))))
}

fn full_folders(paths: &[String]) -> Vec<&str> {
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    for path in paths.iter().filter(|path| is_rust(path)) {
        let folder = path.rsplit_once('/').unwrap_or_default().0;
        *folders.entry(folder).or_default() += 1;
    }
    folders.retain(|_, files| *files > FOLDER_FILES_MAX);
    folders.into_keys().collect()
}

fn untidy_lines(path: &str, text: &str) -> Findings {
    let mut found = Vec::new();
    for (line, text) in (1..).zip(text.split('\n')) {
        let mut blame = |message: &str| found.push((line, message.to_owned()));
        for promise in PROMISES.iter().filter(|promise| text.contains(**promise)) {
            blame(&format!("`{promise}`: do it now, or leave it out"));
        }
        if text != text.trim_end() || text.contains(char::is_control) {
            blame("trailing white space or a control character");
        }
        if is_rust(path) && text.chars().count() > COLUMNS_MAX {
            blame("more than 100 columns");
        }
    }
    found
}

fn stray_names(path: &str, text: &str) -> Findings {
    let mut found = Vec::new();
    if path.contains("/tests") || path.contains("/testing/") {
        return found;
    }
    let code = text
        .split(concat!("#[cfg(test)]", "\nmod tests {"))
        .next()
        .unwrap_or_default();
    for (name, owner, within) in OWNED {
        let is_owner = !owner.is_empty() && path.starts_with(owner);
        let applies = !is_owner && within.iter().any(|folder| path.starts_with(folder));
        let mut lines = (1..).zip(code.lines());
        if let Some((line, _)) = lines.find(|(_, line)| applies && line.contains(name)) {
            found.push((line, format!("`{name}`: only {owner} names it")));
        }
    }
    found
}

/// Test modules that `main.rs` does not declare; Cargo would not compile them.
fn undeclared<'a>(main: &str, paths: &'a [String]) -> Vec<&'a str> {
    let modules = paths
        .iter()
        .filter_map(|path| path.strip_prefix("tests/")?.strip_suffix("/mod.rs"))
        .filter(|name| !name.contains('/'));
    modules
        .filter(|name| !main.contains(&format!("\nmod {name};")))
        .collect()
}

#[test]
fn files_are_small() {
    assert_tidy(long_file);
}

#[test]
fn folders_are_small() {
    assert_eq!(full_folders(&paths()), [""; 0]);
}

#[test]
fn lines_are_tidy() {
    assert_tidy(untidy_lines);
}

#[test]
fn owned_names_do_not_stray() {
    assert_tidy(stray_names);
}

#[test]
fn retired_words_are_gone() {
    let words = Words::parse(include_str!("words.txt"));
    assert_tidy(|path, text| words.find(path, text));
}

#[test]
fn test_modules_are_declared() {
    assert_eq!(undeclared(include_str!("../main.rs"), &paths()), [""; 0]);
}
