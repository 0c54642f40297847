//! Each rule finds a planted violation, and accepts its neighbours.

use super::*;

fn lines(found: Findings) -> Vec<usize> {
    found.into_iter().map(|(line, _)| line).collect()
}

#[test]
fn retired_words_are_found() {
    let words = Words::parse(include_str!("words.txt"));
    let name = concat!("fn x() {}\nfn let", "_go_of_entries() {}\n");
    let phrase = concat!(
        "//! It is an",
        "other\n//! now. Who",
        "ever\n    /// Giv",
        "es x\n"
    );
    assert_eq!(lines(words.find("a.rs", name)), [2]);
    assert_eq!(lines(words.find("CHANGELOG.md", name)), [0; 0]);
    let mut found = lines(words.find("a.md", phrase));
    found.sort_unstable();
    assert_eq!(found, [1, 2, 3]);
    assert_eq!(lines(words.find("a.rs", "outlet_gone(the.heap)")), [0; 0]);
    let limited = Words::parse("a/: b -> c\n[phrases]\nd -> e");
    assert_eq!(lines(limited.find("a/x.rs", "b\nd")), [1, 2]);
    assert_eq!(lines(limited.find("c/x.rs", "b\nd")), [2]);
}

#[test]
fn sizes_are_found() {
    let text = "\n".repeat(LINES_MAX + 1);
    assert_eq!(lines(long_file("src/a.rs", &text)), [LINES_MAX + 1]);
    assert_eq!(lines(long_file("src/a.rs", &text[1..])), [0; 0]);
    assert_eq!(lines(long_file("tests/a.rs", &text)), [0; 0]);
    let files: Vec<String> = (0..=FOLDER_FILES_MAX)
        .map(|n| format!("src/{n}.rs"))
        .collect();
    assert_eq!(full_folders(&files), ["src"]);
    assert_eq!(full_folders(&files[1..]), [""; 0]);
}

#[test]
fn untidy_lines_are_found() {
    let text = concat!(
        "ok\n// TO",
        "DO: x\ny \n\tz\n\u{1b}[0m\n// ignored\n#[ig",
        "nore]\n"
    );
    let text = text.to_owned() + &"é".repeat(COLUMNS_MAX + 1);
    assert_eq!(lines(untidy_lines("a.rs", &text)), [2, 3, 4, 5, 7, 8]);
    assert_eq!(lines(untidy_lines("a.md", &text)), [2, 3, 4, 5, 7]);
}

#[test]
fn strays_are_found() {
    assert_eq!(lines(stray_names("core/src/a.rs", "\nuse std::fs;")), [2]);
    assert_eq!(lines(stray_names("store/src/a.rs", "\nuse std::fs;")), [2]);
    assert_eq!(lines(stray_names("server/src/a.rs", "\nuse std::fs;")), [2]);
    for (path, text) in [
        ("bench/src/a.rs", "use std::fs;"),
        ("store/src/disk/real.rs", "use std::fs;"),
        ("store/src/a/tests.rs", "use std::fs;"),
        (
            "store/src/a.rs",
            "#[cfg(test)]\nmod tests {\n    use std::fs;",
        ),
    ] {
        assert_eq!(lines(stray_names(path, text)), [0; 0], "{path}");
    }
    let files = [
        "tests/main.rs",
        "tests/a/mod.rs",
        "tests/a/b/mod.rs",
        "tests/c/mod.rs",
    ];
    let files = files.map(str::to_owned);
    assert_eq!(undeclared("//!\nmod a;\n// mod c;\n", &files), ["c"]);
}
