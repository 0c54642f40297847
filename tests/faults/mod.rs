//! docs/FAULTS.md has every fault, tests/desk/README.md every bug that was reported of other desks,
//! and each names tests that exist.

use std::fs;
use std::path::{Path, PathBuf};

const FAULTS: usize = 46;

/// Faults without a test, with a reason in the table.
const NOT_APPLICABLE: &[usize] = &[32];

/// Bugs of tests/desk/README.md.
const BUGS: usize = 14;

/// A row of a table: number, fault, outcome, and links to tests, each a name with a path.
#[derive(Clone, Debug)]
struct Row {
    number: usize,
    outcome: String,
    tests: Vec<(String, PathBuf)>,
}

const FAULTS_PAGE: &str = "docs/FAULTS.md";
const BUGS_PAGE: &str = "tests/desk/README.md";

fn rows(page: &str) -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let dir = path.parent().unwrap();
    let page = fs::read_to_string(&path).unwrap();
    let lines = page.lines().filter(|line| line.starts_with("| "));
    let cells = lines.map(|line| {
        let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
        inner.split('|').map(str::trim).collect::<Vec<_>>()
    });
    cells
        .filter_map(|cells| {
            let (&number, [.., outcome, tests]) = cells.split_first()? else {
                return None;
            };
            Some(Row {
                number: number.parse().ok()?,
                outcome: (*outcome).to_owned(),
                tests: links(dir, tests),
            })
        })
        .collect()
}

/// The links `[name](path)` of a cell of a page in this folder.
fn links(dir: &Path, cell: &str) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut rest = cell;
    while let Some((_, link)) = rest.split_once('[') {
        let (name, link) = link.split_once("](").unwrap();
        let (path, after) = link.split_once(')').unwrap();
        found.push((name.to_owned(), dir.join(path)));
        rest = after;
    }
    found
}

/// Returns whether a file has a test of this name. `None` for a script that is named itself.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let is_it = |line: &str| {
        let line = line.trim_start_matches("async ");
        line.strip_prefix("fn ")
            .and_then(|rest| rest.strip_prefix(name))
            .is_some_and(|rest| rest.starts_with(['(', '<']))
    };
    lines.iter().enumerate().any(|(at, line)| {
        // The attribute is above, perhaps with others.
        let above = lines[..at].iter().rev();
        let mut attributes =
            above.take_while(|line| line.starts_with('#') || line.starts_with('/'));
        is_it(line)
            && attributes
                .any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
    })
}

#[test]
fn every_fault_is_covered() {
    let rows = rows(FAULTS_PAGE);
    let numbers: Vec<usize> = rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, Vec::from_iter(1..=FAULTS));
    for row in &rows {
        let is_applicable = !NOT_APPLICABLE.contains(&row.number);
        assert_eq!(row.tests.is_empty(), !is_applicable, "{row:?}");
        assert!(!row.outcome.is_empty(), "{row:?}");
    }
}

#[test]
fn every_reported_bug_of_other_desks_has_a_test() {
    let rows = rows(BUGS_PAGE);
    let numbers: Vec<usize> = rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, Vec::from_iter(1..=BUGS));
    assert!(rows.iter().all(|row| !row.tests.is_empty()), "{rows:?}");
}

#[test]
fn every_named_test_exists() {
    let rows = [rows(FAULTS_PAGE), rows(BUGS_PAGE)].concat();
    for (name, path) in rows.iter().flat_map(|row| &row.tests) {
        let source = fs::read_to_string(path);
        let source = source.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let is_script = path.file_name().is_some_and(|file| file == name.as_str());
        assert!(
            is_script || has_test(&source, name),
            "{} has no test {name}",
            path.display()
        );
    }
}

#[test]
fn only_tests_count_as_tests() {
    let source = "#[tokio::test]\nasync fn one() {\n}\n/// Two.\n#[test]\n#[cfg(unix)]\n\
                  fn two() {}\nfn helper() {}\n// fn three()\n";
    assert!(has_test(source, "one") && has_test(source, "two"));
    for name in ["helper", "three", "on", "two_more", ""] {
        assert!(!has_test(source, name), "{name}");
    }
}
