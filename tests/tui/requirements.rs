//! The table of `README.md` names tests that exist.

use std::collections::BTreeSet;
use std::path::Path;

/// Rows of the table: their first and last cells.
fn rows(text: &str) -> Vec<(String, String)> {
    let rows = text.lines().filter(|line| line.starts_with("| "));
    let cells = rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 4, "{line}");
        (cells[0].to_owned(), cells[3].to_owned())
    });
    cells.skip(1).collect()
}

/// The quoted words of a cell.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn tests_of(path: &str) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join(path)).expect(path);
    let mut tests = BTreeSet::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        let line = line.strip_prefix("async ").unwrap_or(line);
        match line.strip_prefix("fn ") {
            Some(rest) if is_test => {
                tests.insert(rest.split('(').next().unwrap_or_default().to_owned());
                is_test = false;
            }
            _ if line.ends_with("test]") => is_test = true,
            _ => {}
        }
    }
    tests
}

#[test]
fn every_requirement_has_tests_that_exist() {
    let text = include_str!("README.md");
    let rows = rows(text);
    // Those of the first thirty that a terminal can meet.
    let expected: Vec<u32> = (1..=28).filter(|n| ![21, 27].contains(n)).collect();
    let numbers: Vec<u32> = rows.iter().map(|(n, _)| n.parse().unwrap()).collect();
    assert_eq!(numbers, expected);
    for (number, cell) in rows {
        let mut tests = BTreeSet::new();
        let mut named = 0;
        for word in quoted(&cell) {
            if word.ends_with(".rs") {
                tests = tests_of(word);
            } else {
                assert!(
                    tests.contains(word),
                    "row {number}: there is no test {word}"
                );
                named += 1;
            }
        }
        assert!(named > 0, "row {number} names no test");
    }
}
