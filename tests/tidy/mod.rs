//! The rules of the source tree that no compiler holds: which part may name which, how long files and functions are, and that nothing
//! is left undone.

mod rules;
mod seen_to_fail;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use rules::{ARROWS, Finding, OWNED};
use source::Source;

/// Files above the soft limit of lines, each with the reason why it is one idea nevertheless.
const LARGE_FILES: &[(&str, &str)] = &[];

/// The folders that hold sources, and the root itself without what lies below it.
const FOLDERS: &[&str] = &[
    ".ci", "bench", "benches", "client", "core", "docs", "examples", "proto", "server", "src",
    "store", "tests", "web",
];

/// Which files are texts that people write.
const TEXT_EXTENSIONS: &[&str] = &[
    "css", "html", "js", "lock", "md", "py", "rs", "sh", "toml", "txt",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files below `folder`, without hidden ones and build output, in a fixed order.
fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default();
        match path.is_dir() {
            true if name == "target" => {}
            true => files_below(&path, files),
            false => files.push(path),
        }
    }
}

/// Every text file of the repository: its path below the root, and what is in it.
fn texts() -> Vec<(String, String)> {
    let mut files: Vec<PathBuf> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    FOLDERS
        .iter()
        .for_each(|folder| files_below(&root().join(folder), &mut files));
    files.retain(|path| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| TEXT_EXTENSIONS.contains(&extension))
            || path.ends_with(".ci/run")
    });
    let relative = |path: &Path| {
        path.strip_prefix(root())
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/")
    };
    files
        .iter()
        .map(|path| {
            (
                relative(path),
                fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display())),
            )
        })
        .collect()
}

fn sources() -> Vec<Source> {
    let rust = texts()
        .into_iter()
        .filter(|(path, _)| path.ends_with(".rs"));
    let sources: Vec<Source> = rust.map(|(path, raw)| Source::new(&path, &raw)).collect();
    assert!(
        sources
            .iter()
            .any(|source| source.path == "proto/src/codec.rs"),
        "the walk over the tree misses files"
    );
    sources
}

#[track_caller]
fn assert_tidy(found: &[Finding]) {
    let list: Vec<String> = found.iter().map(Finding::to_string).collect();
    assert!(
        list.is_empty(),
        "{} to put right:\n{}\n",
        list.len(),
        list.join("\n")
    );
}

#[test]
fn arrows_point_one_way() {
    let found: Vec<Finding> = sources()
        .iter()
        .flat_map(|source| rules::against_arrows(source, ARROWS))
        .collect();
    assert_tidy(&found);
}

#[test]
fn each_dependency_has_one_owner() {
    let found: Vec<Finding> = sources()
        .iter()
        .flat_map(|source| rules::against_owners(source, OWNED))
        .collect();
    assert_tidy(&found);
}

#[test]
fn files_are_small() {
    assert_tidy(&rules::large_files(&sources(), LARGE_FILES));
}

#[test]
fn functions_are_small() {
    let found: Vec<Finding> = sources().iter().flat_map(rules::long_functions).collect();
    assert_tidy(&found);
}

#[test]
fn lines_are_clean_and_nothing_is_left_undone() {
    let found: Vec<Finding> = texts()
        .iter()
        .flat_map(|(path, raw)| rules::untidy_lines(path, raw))
        .collect();
    assert_tidy(&found);
}

#[test]
fn trees_are_named_in_one_place() {
    assert_tidy(&rules::stray_trees(&sources()));
}

#[test]
fn no_forgotten_test_files() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let files: Vec<String> = texts()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| path.starts_with("tests/"))
        .collect();
    assert!(
        files.contains(&"tests/tidy/mod.rs".to_owned()),
        "the walk over the tests misses this very file"
    );
    assert_tidy(&rules::forgotten_tests(
        &read("tests/main.rs"),
        &read("Cargo.toml"),
        &files,
    ));
}
