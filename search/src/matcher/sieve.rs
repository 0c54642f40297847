//! Rejects most texts on their raw bytes.

use std::cmp::Reverse;

use memchr::memmem::Finder;
use memchr::{memchr2_iter, memmem};

use crate::fold::is_letter;

/// Letters of English from rare to frequent.
const BY_FREQUENCY: &[u8] = b"zqxjkvbpgwyfmculdrhsnioate";

/// Letters and digits that are in every plain text that contains a term.
#[derive(Debug)]
pub(crate) struct Sieve(Kind);

#[derive(Debug)]
enum Kind {
    /// Bytes without ASCII letters.
    Exact(Box<Finder<'static>>),
    /// Bytes with ASCII letters, whose case varies.
    AnyCase {
        /// In lower case.
        piece: Box<[u8]>,
        /// The place of the byte that is probably the rarest.
        rare: usize,
    },
}

impl Sieve {
    /// Creates the sieve of a folded term: its longest run of letters and digits. Returns `None` if
    /// it has none.
    pub(crate) fn new(folded: &str) -> Option<Self> {
        let runs = folded.split(|c| !is_letter(c));
        let rarest = |run: &str| run.bytes().map(frequency).min();
        let piece = runs.max_by_key(|run| (run.len(), Reverse(rarest(run))))?;
        (!piece.is_empty()).then(|| Self::of(piece))
    }

    /// Creates the sieve of folded letters and digits.
    pub(crate) fn of(piece: &str) -> Self {
        let piece = piece.as_bytes();
        if !piece.iter().any(u8::is_ascii_alphabetic) {
            return Self(Kind::Exact(Box::new(Finder::new(piece).into_owned())));
        }
        let rare = (0..piece.len()).min_by_key(|&at| frequency(piece[at]));
        Self(Kind::AnyCase {
            piece: piece.into(),
            rare: rare.unwrap_or(0),
        })
    }

    /// Returns the length of the bytes that are searched for; longer ones are rarer.
    pub(crate) fn len(&self) -> usize {
        match &self.0 {
            Kind::Exact(finder) => finder.needle().len(),
            Kind::AnyCase { piece, .. } => piece.len(),
        }
    }

    /// Returns whether a plain text can contain the term.
    pub(crate) fn passes(&self, text: &[u8]) -> bool {
        match &self.0 {
            Kind::Exact(finder) => finder.find(text).is_some(),
            Kind::AnyCase { piece, rare } => {
                let byte = piece[*rare];
                let mut places = memchr2_iter(byte, byte.to_ascii_uppercase(), text);
                places.any(|at| {
                    let start = at.checked_sub(*rare);
                    let there = start.and_then(|start| text.get(start..start + piece.len()));
                    there.is_some_and(|there| there.eq_ignore_ascii_case(piece))
                })
            }
        }
    }
}

fn frequency(byte: u8) -> usize {
    // Digits and parts of other characters: rarer than the vowels.
    const OTHERS: usize = 16;
    let letter = BY_FREQUENCY.iter().position(|&letter| letter == byte);
    letter.unwrap_or(OTHERS)
}

/// Returns whether a text can contain a link.
pub(super) fn may_link(text: &[u8]) -> bool {
    // The shortest of both schemes' ends; the parser decides.
    memmem::find(text, b"://").is_some()
        || memchr2_iter(b'm', b'M', text).any(|at| {
            text.get(at..at + 7)
                .is_some_and(|there| there.eq_ignore_ascii_case(b"mailto:"))
        })
}
