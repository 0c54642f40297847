//! Parses words.txt, and finds retired words in a text.

use regex::Regex;

/// Separates the words of a phrase: spaces, line ends, comment marks, a string's continuation.
const GAP: &str = r"[\s/!\\]+";

/// One line of words.txt.
struct Rule {
    words: Regex,
    is_phrase: bool,
    /// Folders or files that the rule is limited to; empty for all.
    within: Vec<String>,
}

impl Rule {
    fn parse(line: &str, is_phrase: bool) -> Option<Self> {
        let (retired, _) = line.split_once(" -> ")?;
        let (within, retired) = retired.split_once(": ").unwrap_or(("", retired));
        let words: Vec<String> = retired
            .split(", ")
            .map(|word| regex::escape(word).replace(' ', GAP))
            .collect();
        let any = words.join("|");
        let pattern = match is_phrase {
            true => format!(r"(?im)(?:\b|^ *)(?:{any})\b"),
            false => format!(r"(?:\b|_)(?:{any})(?:\b|_)"),
        };
        Some(Self {
            words: Regex::new(&pattern).unwrap(),
            is_phrase,
            within: within.split_whitespace().map(str::to_owned).collect(),
        })
    }

    fn applies_to(&self, path: &str) -> bool {
        let is_code = path.ends_with(".rs");
        // The changelog must be able to name what was renamed.
        let is_prose = path.ends_with(".md") && (self.is_phrase || path != "CHANGELOG.md");
        let within = &self.within;
        (is_code || is_prose)
            && (within.is_empty() || within.iter().any(|part| path.starts_with(part)))
    }
}

pub(super) struct Words(Vec<Rule>);

impl Words {
    pub(super) fn parse(list: &str) -> Self {
        let (names, phrases) = list.split_once("[phrases]").unwrap();
        let rules = |section: &str, is_phrase| -> Vec<Rule> {
            let lines = section.lines();
            lines.filter_map(|l| Rule::parse(l, is_phrase)).collect()
        };
        let mut all = rules(names, false);
        all.extend(rules(phrases, true));
        Self(all)
    }

    /// Returns each retired word in a source or document, with its line.
    pub(super) fn find(&self, path: &str, text: &str) -> Vec<(usize, String)> {
        let rules = self.0.iter().filter(|rule| rule.applies_to(path));
        let found = rules.flat_map(|rule| rule.words.find_iter(text));
        let line = |at: usize| 1 + text[..at].matches('\n').count();
        found
            .map(|word| (line(word.start()), word.as_str().trim().to_owned()))
            .collect()
    }
}
