//! The rules. Each takes sources and gives what is wrong with them.

use super::source::{Source, first_segments, mentions};

/// Lines of a file beyond which it must be listed as large.
pub(super) const FILE_LINES_SOFT: usize = 400;

/// Lines that no file exceeds.
pub(super) const FILE_LINES_MAX: usize = 700;

/// Lines of a function, from its `fn` to its closing brace.
pub(super) const FUNCTION_LINES_MAX: usize = 70;

/// Something to put right.
#[derive(Debug, PartialEq)]
pub(super) struct Finding {
    pub(super) path: String,
    pub(super) line: usize,
    pub(super) message: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

fn finding(source: &Source, line: usize, message: String) -> Finding {
    Finding {
        path: source.path.clone(),
        line,
        message,
    }
}

/// What a part of the repository may not name.
pub(super) struct Arrow {
    /// The part, as the beginning of a path.
    pub(super) within: &'static str,
    /// Modules of the same crate.
    pub(super) modules: &'static [&'static str],
    /// Modules of the standard library.
    pub(super) std: &'static [&'static str],
    /// Other crates, types and calls.
    pub(super) words: &'static [&'static str],
    /// Why, and what to do instead.
    pub(super) instead: &'static str,
}

/// The dependency arrows: proto <- core <- store <- server <- cli, and proto <- client <- {terminal, bench}.
pub(super) const ARROWS: &[Arrow] = &[
    Arrow {
        within: "proto/src/",
        modules: &[],
        std: &["fs", "net"],
        words: &[
            "tokio",
            "quinn",
            "sled",
            "cairn",
            "cairn_client",
            "Instant::now",
            "SystemTime",
            ".await",
        ],
        instead: "proto is vocabulary and bytes: do the I/O in the client or the server",
    },
    Arrow {
        within: "client/src/",
        modules: &[],
        std: &[],
        words: &["cairn", "sled"],
        instead: "the client sees only proto: what both ends need belongs there",
    },
    Arrow {
        within: "src/core/",
        modules: &["store", "server", "cli", "terminal", "bench"],
        std: &["fs", "net"],
        words: &[
            "tokio",
            "quinn",
            "sled",
            "Instant::now",
            "SystemTime",
            ".await",
            "cairn_client",
        ],
        instead: "the core is pure: hand it what it needs in a command, and let it answer with an effect",
    },
    Arrow {
        within: "src/store/",
        modules: &["server", "cli", "terminal", "bench"],
        std: &[],
        words: &["quinn", "tokio", "cairn_client"],
        instead: "the store serves threads and knows no network: turn the dependency round",
    },
    Arrow {
        within: "src/server/",
        modules: &["cli", "terminal", "bench"],
        std: &[],
        words: &["cairn_client"],
        instead: "the server does not know who started it: pass settings and handles in",
    },
    Arrow {
        within: "src/terminal/",
        modules: &["core", "store", "server", "cli"],
        std: &[],
        words: &["cairn_proto", "quinn", "sled"],
        instead: "the terminal client uses cairn_client alone, as anybody else's would",
    },
    Arrow {
        within: "src/bench/",
        modules: &["server", "cli"],
        std: &[],
        words: &["quinn"],
        instead: "a benchmark is told what to do, and measures the network from outside",
    },
    Arrow {
        within: "src/bench/live/",
        modules: &["core", "store", "server", "cli"],
        std: &[],
        words: &["cairn_proto", "quinn", "sled"],
        instead: "the load generator uses cairn_client alone, as anybody else's would",
    },
];

/// A crate that only one place names.
pub(super) struct Owned {
    pub(super) word: &'static str,
    /// Where the rule holds, as beginnings of paths.
    pub(super) among: &'static [&'static str],
    /// The one place, or the few, as the beginnings of paths.
    pub(super) owners: &'static [&'static str],
}

/// Who owns which dependency.
pub(super) const OWNED: &[Owned] = &[
    Owned {
        word: "sled",
        among: &["src/", "client/", "proto/"],
        owners: &["src/store/", "src/bench/storage/"],
    },
    Owned {
        word: "quinn",
        among: &["src/", "proto/"],
        owners: &["src/server/"],
    },
    Owned {
        word: "bincode",
        among: &["src/", "client/", "proto/", "tests/", "benches/"],
        owners: &["proto/src/codec.rs"],
    },
];

/// Whether `path` is in the part that `within` names: the folder `src/core/` and the file `src/core.rs` are one module.
fn is_within(path: &str, within: &str) -> bool {
    path.starts_with(within)
        || within
            .strip_suffix('/')
            .is_some_and(|folder| path.strip_suffix(".rs") == Some(folder))
}

/// Everything that `source` names against an arrow.
pub(super) fn against_arrows(source: &Source, arrows: &[Arrow]) -> Vec<Finding> {
    let mut found = Vec::new();
    for arrow in arrows
        .iter()
        .filter(|arrow| is_within(&source.path, arrow.within))
    {
        let mut blame = |line, what: &str| {
            found.push(finding(
                source,
                line,
                format!("{} may not name `{what}`: {}", arrow.within, arrow.instead),
            ));
        };
        for (root, forbidden) in [
            ("crate", arrow.modules),
            ("super", arrow.modules),
            ("std", arrow.std),
        ] {
            let named = first_segments(&source.code, root)
                .into_iter()
                .filter(|(_, name)| forbidden.contains(&name.as_str()));
            named.for_each(|(line, name)| blame(line, &format!("{root}::{name}")));
        }
        for (line, code) in source.lines() {
            arrow
                .words
                .iter()
                .filter(|word| mentions(code, word))
                .for_each(|word| blame(line, word));
        }
    }
    found
}

/// Everything that `source` names although another place owns it.
pub(super) fn against_owners(source: &Source, owned: &[Owned]) -> Vec<Finding> {
    let applies = |rule: &&Owned| {
        rule.among.iter().any(|part| source.path.starts_with(part))
            && !rule
                .owners
                .iter()
                .any(|owner| is_within(&source.path, owner))
    };
    let mut found = Vec::new();
    for rule in owned.iter().filter(applies) {
        for (line, _) in source.lines().filter(|(_, code)| mentions(code, rule.word)) {
            found.push(finding(
                source,
                line,
                format!(
                    "only {} names `{}`: move this there, or ask it",
                    rule.owners.join(" and "),
                    rule.word
                ),
            ));
        }
    }
    found
}

/// Files beyond the hard limit, files beyond the soft one that are not listed, and listed ones that are not beyond it.
pub(super) fn large_files(sources: &[Source], listed: &[(&str, &str)]) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources {
        let lines = source.raw.lines().count();
        let is_listed = listed.iter().any(|(path, _)| *path == source.path);
        if lines > FILE_LINES_MAX {
            found.push(finding(
                source,
                lines,
                format!("{lines} lines where {FILE_LINES_MAX} are the limit: split it by ideas"),
            ));
        } else if lines > FILE_LINES_SOFT && !is_listed {
            let message = format!(
                "{lines} lines, more than {FILE_LINES_SOFT}: split it by ideas, or list it in tests/tidy/mod.rs with a reason"
            );
            found.push(finding(source, lines, message));
        } else if lines <= FILE_LINES_SOFT && is_listed {
            found.push(finding(
                source,
                lines,
                "it is listed as large and is not: take it off the list in tests/tidy/mod.rs"
                    .to_owned(),
            ));
        }
    }
    for (path, reason) in listed {
        if reason.is_empty() || !sources.iter().any(|source| source.path == *path) {
            let message = "it is listed as large but has no reason or does not exist: put the list in tests/tidy/mod.rs right".to_owned();
            found.push(Finding {
                path: (*path).to_owned(),
                line: 1,
                message,
            });
        }
    }
    found
}

/// Functions that are too long.
pub(super) fn long_functions(source: &Source) -> Vec<Finding> {
    let code = &source.code;
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let named = code[at + 3..].starts_with(|c: char| c.is_alphabetic() || c == '_');
        let whole_word = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let Some(body) = (named && whole_word)
            .then(|| function_text(&code[at..]))
            .flatten()
        else {
            continue;
        };
        let lines = body.lines().count();
        if lines > FUNCTION_LINES_MAX {
            let line = 1 + code[..at].matches('\n').count();
            let message = format!(
                "a function of {lines} lines where {FUNCTION_LINES_MAX} are the limit: give its steps names of their own"
            );
            found.push(finding(source, line, message));
        }
    }
    found
}

/// The function at the beginning of `code` up to its closing brace; `None` when it has no body.
fn function_text(code: &str) -> Option<&str> {
    let (mut braces, mut groups) = (0_usize, 0_usize);
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' if braces == 0 => groups += 1,
            ')' | ']' if braces == 0 => groups = groups.saturating_sub(1),
            ';' if braces == 0 && groups == 0 => return None,
            '{' => braces += 1,
            '}' if braces <= 1 => return Some(&code[..=at]),
            '}' => braces -= 1,
            _ => {}
        }
    }
    None
}

/// Words that promise work instead of doing it. They are put together here so that this file does not break its own rule.
const PROMISES: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
    concat!("#[ig", "nore"),
];

/// Promises, tabs, trailing blanks and control characters in any text file.
pub(super) fn untidy_lines(path: &str, raw: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (line, text) in (1..).zip(raw.split('\n')) {
        let mut blame = |message: String| {
            found.push(Finding {
                path: path.to_owned(),
                line,
                message,
            })
        };
        for promise in PROMISES.iter().filter(|promise| mentions(text, promise)) {
            blame(format!(
                "`{promise}` is a promise: do it now, or leave it out"
            ));
        }
        if text.contains('\t') {
            blame("a tab: indent with blanks".to_owned());
        }
        if text.ends_with([' ', '\t', '\r']) {
            blame("white space at the end of the line: remove it".to_owned());
        }
        if let Some(c) = text
            .trim_end_matches('\r')
            .chars()
            .find(|c| c.is_control() && *c != '\t')
        {
            blame(format!(
                "the control character U+{:04X}: write it as an escape",
                u32::from(c)
            ));
        }
    }
    found
}

/// The file that lists the sled trees.
pub(super) const TREES: &str = "src/store/trees.rs";

/// The file that opens them, each by the name that the list gives it.
const OPENER: &str = "src/store/db.rs";

/// Trees opened elsewhere than in [`OPENER`], and names of trees written a second time.
pub(super) fn stray_trees(sources: &[Source]) -> Vec<Finding> {
    let names: Vec<&str> = sources
        .iter()
        .filter(|source| source.path == TREES)
        .flat_map(tree_names)
        .collect();
    let mut found = Vec::new();
    for source in sources
        .iter()
        .filter(|source| source.path.starts_with("src/") && source.path != TREES)
    {
        for (line, _) in source
            .lines()
            .filter(|(_, code)| source.path != OPENER && mentions(code, "open_tree"))
        {
            found.push(finding(
                source,
                line,
                format!("a tree is opened outside {OPENER}: open it there"),
            ));
        }
        if !source.path.starts_with("src/store/") {
            continue;
        }
        for (line, text) in source
            .texts
            .iter()
            .filter(|(_, text)| names.contains(&text.as_str()))
        {
            found.push(finding(
                source,
                *line,
                format!("\"{text}\" is the name of a tree: only {TREES} writes it"),
            ));
        }
    }
    found
}

/// The texts of [`TREES`], before its tests, that can be names.
fn tree_names(trees: &Source) -> impl Iterator<Item = &str> {
    let tests_at = trees
        .lines()
        .find(|(_, code)| code.contains("#[cfg(test)]"))
        .map_or(usize::MAX, |(line, _)| line);
    let is_name =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    trees
        .texts
        .iter()
        .filter(move |(line, text)| *line < tests_at && is_name(text))
        .map(|(_, text)| text.as_str())
}

/// Test files that `main.rs` does not name, and that are no test binary of their own either.
pub(super) fn forgotten_tests(main: &str, manifest: &str, files: &[String]) -> Vec<Finding> {
    let is_module = |name: &str| {
        main.lines()
            .any(|line| line.trim() == format!("mod {name};"))
    };
    let mut found = Vec::new();
    for path in files.iter().filter(|path| *path != "tests/main.rs") {
        let Some(inner) = path.strip_prefix("tests/") else {
            continue;
        };
        let Some(name) = inner
            .strip_suffix("/mod.rs")
            .or_else(|| inner.strip_suffix(".rs"))
        else {
            continue;
        };
        if !name.contains('/')
            && !is_module(name)
            && !manifest.contains(&format!("path = \"{path}\""))
        {
            let message = format!("nothing runs it: write `mod {name};` into tests/main.rs");
            found.push(Finding {
                path: path.clone(),
                line: 1,
                message,
            });
        }
    }
    found
}
