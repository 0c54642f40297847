//! Retired words: reads words.txt and finds them in a text.

use regex::Regex;

/// Separates the words of a phrase: spaces, line ends, comment marks, a string's continuation.
const GAP: &str = r"[\s/!\\]+";

pub(super) struct Words {
    names: Regex,
    phrases: Regex,
}

impl Words {
    /// Reads the list, without the words in `pending`.
    pub(super) fn parse(list: &str, pending: &[&str]) -> Self {
        let any_of = |section: &str| {
            let lines = section.lines().filter_map(|line| line.split_once(" -> "));
            let patterns: Vec<String> = lines
                .flat_map(|(retired, _)| retired.split(", "))
                .filter(|word| !pending.contains(word))
                .map(|word| regex::escape(word).replace(' ', GAP))
                .collect();
            patterns.join("|")
        };
        let (names, phrases) = list.split_once("[phrases]").unwrap();
        let names = format!(r"(?:\b|_)(?:{})(?:\b|_)", any_of(names));
        let phrases = format!(r"(?im)(?:\b|^ *)(?:{})\b", any_of(phrases));
        Self {
            names: Regex::new(&names).unwrap(),
            phrases: Regex::new(&phrases).unwrap(),
        }
    }

    /// Returns each retired word in a source or document, with its line.
    pub(super) fn find(&self, path: &str, text: &str) -> Vec<(usize, String)> {
        let (code, prose) = (path.ends_with(".rs"), path.ends_with(".md"));
        // A changelog must be able to name what was renamed.
        let rules = [
            (&self.names, code || prose && path != "CHANGELOG.md"),
            (&self.phrases, code || prose),
        ];
        let rules = rules.iter().filter(|(_, applies)| *applies);
        let found = rules.flat_map(|(words, _)| words.find_iter(text));
        let line = |at: usize| 1 + text[..at].matches('\n').count();
        found
            .map(|word| (line(word.start()), word.as_str().trim().to_owned()))
            .collect()
    }
}
