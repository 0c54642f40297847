//! User names for nicks.

use std::collections::HashMap;

use cairn_proto::limits::USER_NAME_BYTES_MAX;
use cairn_proto::text::UserName;

/// The authors of the logs: nicks that differ in case are one author, with the name that came
/// first.
#[derive(Debug, Default)]
pub(super) struct Authors {
    by_nick: HashMap<String, UserName>,
    by_folded: HashMap<String, UserName>,
}

/// At the limit, the nicks are forgotten.
const AUTHORS_MAX: usize = 100_000;

impl Authors {
    /// Returns the user name for a nick.
    pub(super) fn of(&mut self, nick: &str) -> Option<UserName> {
        if let Some(name) = self.by_nick.get(nick) {
            return Some(name.clone());
        }
        if self.by_nick.len() >= AUTHORS_MAX {
            *self = Self::default();
        }
        let name = user_name(nick)?;
        let first = self.by_folded.entry(name.folded()).or_insert(name);
        self.by_nick.insert(nick.to_owned(), first.clone());
        Some(first.clone())
    }
}

/// Returns the author with this nick.
pub(super) fn author(nick: &str) -> Option<UserName> {
    user_name(nick)
}

/// Returns the user name for a nick: without white space, without characters that names cannot
/// have, without marks in front, and cut to the longest length.
fn user_name(nick: &str) -> Option<UserName> {
    let mut name: String = nick.chars().filter(|&c| may_be_in_a_name(c)).collect();
    name.drain(..name.len() - name.trim_start_matches(['#', '@']).len());
    name.truncate(name.floor_char_boundary(USER_NAME_BYTES_MAX));
    UserName::typed(&name)
        .or_else(|_| UserName::new(NAMELESS))
        .ok()
}

const NAMELESS: &str = "unknown";

/// Returns whether a name can contain the character. The letter before it makes the check
/// independent of its position.
fn may_be_in_a_name(c: char) -> bool {
    UserName::new(format!("n{c}n")).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_nick_has_a_name() {
        for (nick, name) in [
            ("crimsun", "crimsun"),
            ("[BTF] Chm0d", "[BTF]Chm0d"),
            ("`anthony", "`anthony"),
            ("|QuaD-", "|QuaD-"),
            ("@op", "op"),
            ("@#@op#", "op#"),
            ("a\x02b\x7f", "ab"),
            ("b\u{202e}ob", "bob"),
            ("", "unknown"),
            (" @ ", "unknown"),
        ] {
            assert_eq!(user_name(nick).unwrap().as_str(), name);
        }
    }

    #[test]
    fn long_nicks_are_cut_between_characters() {
        let name = user_name(&"ä".repeat(40)).unwrap();
        assert_eq!(name.as_str(), "ä".repeat(32));
        let name = user_name(&format!("x{}", "ä".repeat(40))).unwrap();
        assert_eq!(name.as_str().len(), USER_NAME_BYTES_MAX - 1);
    }

    #[test]
    fn nicks_that_differ_in_case_are_one_author() {
        let mut authors = Authors::default();
        let names = ["Ada", "ada", "ADA", "ada_", "Ada"].map(|nick| authors.of(nick).unwrap());
        assert_eq!(
            names.map(|name| name.to_string()),
            ["Ada", "Ada", "Ada", "ada_", "Ada"]
        );
    }
}
