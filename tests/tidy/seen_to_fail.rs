//! Each rule is seen to fail on a small offender, and to let its decent neighbour pass.

use super::rules::{
    self, ARROWS, FILE_LINES_MAX, FILE_LINES_SOFT, FUNCTION_LINES_MAX, Finding, OWNED, TREES,
};
use super::source::Source;

fn lines_of(found: &[Finding]) -> Vec<usize> {
    found.iter().map(|finding| finding.line).collect()
}

fn arrows(path: &str, raw: &str) -> Vec<usize> {
    lines_of(&rules::against_arrows(&Source::new(path, raw), ARROWS))
}

fn owners(path: &str, raw: &str) -> Vec<usize> {
    lines_of(&rules::against_owners(&Source::new(path, raw), OWNED))
}

#[test]
fn an_arrow_against_the_grain() {
    for offender in [
        "use cairn_store::Store;",
        "use crate::{limits, server::Server};",
        "super::super::store::open();",
        "use std::fs;",
        "use std::{fmt, net::UdpSocket};",
        "let now = Instant::now();",
        "x.await;",
        "sled::open(p)",
    ] {
        assert_eq!(arrows("src/core/a.rs", offender), [1], "{offender}");
        assert_eq!(arrows("src/core.rs", offender), [1], "{offender}");
        assert_eq!(
            arrows("src/other/a.rs", offender),
            [0_usize; 0],
            "{offender}"
        );
    }
    assert_eq!(
        arrows(
            "src/core/a.rs",
            "// sled\nlet restore = \"tokio\";\nuse cairn_core::x; use std::fmt;"
        ),
        [0_usize; 0]
    );
    assert_eq!(
        arrows(
            "src/store/a.rs",
            "use cairn_core::Core;\nuse std::fs;\n\nuse cairn_server::X;\nuse tokio::sync;"
        ),
        [4, 5]
    );
    assert_eq!(
        arrows("src/server/a.rs", "use cairn_store::X;\nuse crate::cli::Y;"),
        [2]
    );
    assert_eq!(
        arrows("client/src/a.rs", "use cairn_proto::x;\nuse cairn_server;"),
        [2]
    );
    assert_eq!(
        arrows(
            "src/terminal/a.rs",
            "use cairn_client::X;\nuse cairn_store;"
        ),
        [2]
    );
    assert_eq!(
        arrows(
            "src/bench/live/a.rs",
            "use cairn_client::X;\nuse crate::{core, limits};"
        ),
        [2]
    );
    assert_eq!(
        arrows(
            "src/bench/storage/a.rs",
            "use cairn_store::X;\nuse cairn_server::Y;"
        ),
        [2]
    );
    assert_eq!(arrows("proto/src/a.rs", "use std::net::UdpSocket;"), [1]);
}

#[test]
fn a_dependency_away_from_its_owner() {
    assert_eq!(owners("src/server/a.rs", "sled::open()"), [1]);
    assert_eq!(owners("src/store/a.rs", "sled::open()\nquinn::x"), [2]);
    assert_eq!(
        owners("src/bench/storage/a.rs", "sled::open()"),
        [0_usize; 0]
    );
    assert_eq!(owners("src/server.rs", "quinn::x"), [0_usize; 0]);
    assert_eq!(owners("client/src/a.rs", "quinn::x"), [0_usize; 0]);
    assert_eq!(owners("proto/src/frame.rs", "bincode::x"), [1]);
    assert_eq!(owners("proto/src/codec.rs", "bincode::x"), [0_usize; 0]);
}

#[test]
fn a_file_too_long() {
    let file = |lines| Source::new("src/a.rs", &"x\n".repeat(lines));
    let count = |lines, listed: &[(&str, &str)]| rules::large_files(&[file(lines)], listed).len();
    let listed = [("src/a.rs", "one table")];
    assert_eq!(count(FILE_LINES_SOFT, &[]), 0);
    assert_eq!(count(FILE_LINES_SOFT + 1, &[]), 1);
    assert_eq!(count(FILE_LINES_SOFT + 1, &listed), 0);
    assert_eq!(count(FILE_LINES_SOFT + 1, &[("src/a.rs", "")]), 1);
    assert_eq!(count(FILE_LINES_MAX + 1, &listed), 1);
    assert_eq!(count(FILE_LINES_SOFT, &listed), 1);
    assert_eq!(count(1, &[("src/gone.rs", "one table")]), 1);
}

#[test]
fn a_function_too_long() {
    let function = |head: &str, lines: usize| {
        format!(
            "struct S;\n{head} {{\n{}}}\n",
            "    x(\"}\");\n".repeat(lines - 2)
        )
    };
    let found = |raw: &str| lines_of(&rules::long_functions(&Source::new("a.rs", raw)));
    for head in [
        "fn f()",
        "pub(crate) async fn f(x: [u8; 4], g: fn(u8) -> u8) -> u8 where u8: Copy",
        "const fn _f()",
    ] {
        assert_eq!(
            found(&function(head, FUNCTION_LINES_MAX)),
            [0_usize; 0],
            "{head}"
        );
        assert_eq!(
            found(&function(head, FUNCTION_LINES_MAX + 1)),
            [2],
            "{head}"
        );
    }
    let declared = format!(
        "trait T {{ fn f(&self);\n{}}}",
        "\n".repeat(FUNCTION_LINES_MAX)
    );
    assert_eq!(found(&declared), [0_usize; 0]);
}

#[test]
fn a_line_not_clean() {
    let found = |raw: &str| lines_of(&rules::untidy_lines("a.rs", raw));
    let promise = concat!(
        "ok\n// TO",
        "DO: later\n#[ig",
        "nore = \"slow\"]\nunimple",
        "mented!()\nto",
        "do!()\n"
    );
    assert_eq!(found(promise), [2, 3, 4, 5]);
    assert_eq!(found("fine\n\tx\n"), [2]);
    assert_eq!(found("fine\nx \n\r\n"), [2, 3]);
    assert_eq!(found("x\u{1b}[0m\n"), [1]);
    assert_eq!(
        found("let x = 1;\n\n// ignored, as methods are\n"),
        [0_usize; 0]
    );
}

#[test]
fn a_tree_named_twice() {
    let trees = Source::new(
        TREES,
        "db.open_tree(b\"messages\"); err(\"two words\");\n#[cfg(test)]\nmod tests { x(\"ok\"); }",
    );
    let decent = Source::new(
        "src/store/a.rs",
        "trees.messages(); x(\"ok\"); y(\"messages of\")",
    );
    let second = Source::new("src/store/b.rs", "\nx(\"messages\")");
    let opener = Source::new(
        "src/server/c.rs",
        "\n\ndb.open_tree(name); print(\"messages\")",
    );
    assert_eq!(
        lines_of(&rules::stray_trees(&[trees, decent, second, opener])),
        [2, 3]
    );
}

#[test]
fn a_test_that_nothing_runs() {
    let files = [
        "tests/main.rs",
        "tests/a.rs",
        "tests/b/mod.rs",
        "tests/b/more.rs",
        "tests/c.rs",
        "tests/d/mod.rs",
        "tests/own.rs",
        "tests/e.sh",
    ];
    let found = rules::forgotten_tests(
        "mod a;\nmod b;\n// mod c;\n",
        "[[test]]\npath = \"tests/own.rs\"",
        &files.map(str::to_owned),
    );
    let paths: Vec<&str> = found.iter().map(|finding| finding.path.as_str()).collect();
    assert_eq!(paths, ["tests/c.rs", "tests/d/mod.rs"]);
}
