//! docs/PROTOCOL.md lists exactly the codes of the wire.

#![allow(clippy::expect_used, reason = "helpers of tests are tests")]

use std::fmt::Debug;

use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::error::ErrorCode;

/// The rows that begin with a number, in the first table of a section.
fn listed(section: &str) -> Vec<&'static str> {
    let manual = include_str!("../../docs/PROTOCOL.md");
    let (_, behind) = manual
        .split_once(&format!("\n## {section}\n"))
        .expect(section);
    let rows = behind.lines().take_while(|line| !line.starts_with("## "));
    rows.filter(|line| {
        line.strip_prefix("| ")
            .is_some_and(|row| row.starts_with(|c: char| c.is_ascii_digit()))
    })
    .collect()
}

fn row(number: u32, code: impl Debug, text: &str) -> String {
    format!("| {number} | {code:?} | {text} |")
}

#[test]
fn manual_lists_error_codes() {
    let codes = ErrorCode::ALL
        .iter()
        .map(|code| row(code.number(), code, code.text()));
    assert_eq!(listed("Errors"), codes.collect::<Vec<_>>());
}

#[test]
fn manual_lists_close_codes() {
    let codes = CloseCode::ALL
        .iter()
        .map(|code| row(code.number(), code, code.text()));
    // Some are marked as never sent by a server.
    let listed: Vec<String> = listed("Close codes")
        .into_iter()
        .map(|line| line.replace(" (reserved) |", " |"))
        .collect();
    assert_eq!(listed, codes.collect::<Vec<_>>());
}
