//! The tests of words.

use std::ops::Range;

use cairn_proto::model::search::{Term, Test};
use memchr::memmem::Finder;

use crate::fold::{fold, is_word};

use super::sieve::Sieve;

/// A test of folded text.
#[derive(Debug)]
pub(crate) struct Words {
    /// The folded term, without blanks at its ends. Nothing matches an empty one.
    finder: Finder<'static>,
    /// Set if no word may continue before a match.
    bounded_before: bool,
    /// Set if no word may continue after a match.
    bounded_after: bool,
    pub(crate) sieve: Option<Sieve>,
}

impl Words {
    /// Creates the test, or returns `None` if it is not one of words.
    pub(crate) fn new(test: &Test) -> Option<Self> {
        let (term, before, after) = match test {
            Test::Word(term) | Test::Phrase(term) => (term, true, true),
            Test::Prefix(term) => (term, true, false),
            Test::Literal(term) => (term, false, false),
            _ => return None,
        };
        Some(Self::of(term, before, after))
    }

    fn of(term: &Term, before: bool, after: bool) -> Self {
        let folded = fold(term.as_str());
        let folded = folded.trim_matches(' ');
        Self {
            finder: Finder::new(folded).into_owned(),
            bounded_before: before && folded.starts_with(is_word),
            bounded_after: after && folded.ends_with(is_word),
            sieve: Sieve::new(folded),
        }
    }

    /// Returns the places of the term in a folded text, from left to right.
    pub(crate) fn places<'a>(&'a self, folded: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        let len = self.finder.needle().len();
        let mut from = 0;
        std::iter::from_fn(move || {
            while len > 0
                && let Some(at) = self.finder.find(&folded.as_bytes()[from..])
            {
                let start = from + at;
                let end = start + len;
                if self.bounded_before && folded[..start].ends_with(is_word) {
                    // No match can begin in the remainder of this word.
                    let rest = &folded[start..];
                    from = start + rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                } else if self.bounded_after && folded[end..].starts_with(is_word) {
                    from = start + folded[start..].chars().next().map_or(1, char::len_utf8);
                } else {
                    from = end;
                    return Some(start..end);
                }
            }
            None
        })
    }

    /// Returns whether a folded text contains the term.
    pub(crate) fn is_in(&self, folded: &str) -> bool {
        self.places(folded).next().is_some()
    }
}
