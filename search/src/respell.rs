//! Words to offer instead of one that was mistyped.

use cairn_proto::content::message::peek_entry;
use cairn_proto::ids::ConversationId;
use cairn_proto::model::search::{Query, Respelling, Term, Test};

use crate::fold::{fold, is_letter, is_word};
use crate::matcher::sieve::Sieve;
use crate::matcher::{Facts, Fields, Matcher, Prepared, Raw, Scratch};

/// Words that are counted.
const CANDIDATES_MAX: usize = 64;

/// The shortest word that is respelled, in characters.
const WORD_CHARS_MIN: usize = 3;

/// Collects words that are at edit distance 1 from a word of a query, from messages that satisfy
/// the query with the one in place of the other. An edit is a character added, removed, or replaced
/// by another one, or two adjacent ones exchanged.
///
/// A respelling quotes a message, so only messages that the searching user may see may be noted.
#[derive(Debug)]
pub struct Respeller {
    matcher: Matcher,
    /// The words that can be respelled: at most one for each condition of the matcher.
    words: Vec<Misspelt>,
    candidates: Vec<Candidate>,
}

/// A word of the query.
#[derive(Debug)]
struct Misspelt {
    term: Term,
    folded: Vec<char>,
    /// One of these is in every plain text with a word at distance 1.
    sieves: Vec<Sieve>,
}

#[derive(Debug)]
struct Candidate {
    /// The place among [`Respeller::words`].
    word: usize,
    instead: Term,
    count: u64,
}

impl Respeller {
    /// Prepares a query. Returns `None` if it has no word of at least three characters that can be
    /// respelled.
    #[must_use]
    pub fn new(query: &Query) -> Option<Self> {
        Self::of(Matcher::new(query))
    }

    /// As [`new`](Self::new), of a query that was prepared.
    #[must_use]
    pub fn of(matcher: Matcher) -> Option<Self> {
        let conditions = matcher.groups().iter().flatten();
        let mut words: Vec<Misspelt> = Vec::new();
        for condition in conditions.filter(|condition| !condition.is_negated()) {
            let Test::Word(term) = &condition.test else {
                continue;
            };
            if !words.iter().any(|known| known.term == *term) {
                words.extend(Misspelt::new(term));
            }
        }
        (!words.is_empty()).then_some(Self {
            matcher,
            words,
            candidates: Vec::new(),
        })
    }

    /// Returns `false` only if [`note`](Self::note) would find nothing. Reads the bytes of a packed
    /// entry, prefix included, without decoding all of it.
    #[must_use]
    pub fn may_note(&self, conversation: ConversationId, entry: &[u8]) -> bool {
        let Ok(head) = peek_entry(entry) else {
            return true;
        };
        let mut raw = Raw::new(conversation, head);
        if !head.is_message {
            return false;
        }
        let failing = self.only_failing(|condition| condition.may_hold(&mut raw));
        match failing {
            // The message may satisfy the query, or not quite.
            Failing::None => self.words.iter().any(|word| word.may_be_near(&mut raw)),
            Failing::One(group) => self
                .misspelt(group)
                .any(|(_, word)| word.may_be_near(&mut raw)),
            Failing::More => false,
        }
    }

    /// Counts the words of a message that the query could have meant.
    pub fn note(&mut self, facts: &Facts<'_>, scratch: &mut Scratch) {
        if !facts.entry.body.is_message() {
            return;
        }
        let mut fields = Fields::new(facts.entry, scratch);
        let failing = self.only_failing(|condition| condition.holds(facts, &mut fields));
        let Failing::One(group) = failing else {
            return;
        };
        let folded = fields.folded();
        let mut found = Vec::new();
        for (at, word) in self.misspelt(group) {
            let texts = [folded.words, folded.file_name];
            let tokens = texts
                .into_iter()
                .flat_map(|text| text.split(|c| !is_word(c)));
            for token in tokens.filter(|token| word.is_near(token)) {
                if !found.contains(&(at, token)) {
                    found.push((at, token));
                }
            }
        }
        for (word, token) in found {
            count(word, token, &mut self.candidates);
        }
    }

    /// Returns the respelling that the most messages support; the first of several.
    #[must_use]
    pub fn best(&self) -> Option<Respelling> {
        let mut best: Option<&Candidate> = None;
        for candidate in &self.candidates {
            if best.is_none_or(|best| best.count < candidate.count) {
                best = Some(candidate);
            }
        }
        best.map(|candidate| Respelling {
            word: self.words[candidate.word].term.clone(),
            instead: candidate.instead.clone(),
        })
    }

    fn only_failing(&self, mut holds: impl FnMut(&Prepared) -> bool) -> Failing<'_> {
        let mut failing = Failing::None;
        for group in self.matcher.groups() {
            if !group.iter().any(&mut holds) {
                failing = match failing {
                    Failing::None => Failing::One(group),
                    Failing::One(_) | Failing::More => return Failing::More,
                };
            }
        }
        failing
    }

    /// The words of a group that can be respelled, with their places.
    fn misspelt<'a>(
        &'a self,
        group: &'a [Prepared],
    ) -> impl Iterator<Item = (usize, &'a Misspelt)> + 'a {
        let words = group.iter().filter(|condition| !condition.is_negated());
        words.filter_map(|condition| {
            let Test::Word(term) = &condition.test else {
                return None;
            };
            let mut words = self.words.iter().enumerate();
            words.find(|(_, word)| word.term == *term)
        })
    }
}

/// The groups that a message does not satisfy.
enum Failing<'a> {
    None,
    One(&'a [Prepared]),
    More,
}

fn count(word: usize, token: &str, candidates: &mut Vec<Candidate>) {
    let mut known = candidates.iter_mut();
    let is_known = |one: &&mut Candidate| one.word == word && one.instead.as_str() == token;
    if let Some(candidate) = known.find(is_known) {
        candidate.count += 1;
    } else if candidates.len() < CANDIDATES_MAX
        && let Ok(instead) = Term::new(token)
    {
        candidates.push(Candidate {
            word,
            instead,
            count: 1,
        });
    }
}

impl Misspelt {
    /// Only words of a script with blanks between words are respelled, and only with letters:
    /// another number is not what was meant.
    fn new(term: &Term) -> Option<Self> {
        let folded: Vec<char> = fold(term.as_str()).chars().collect();
        let is_respelled = folded.len() >= WORD_CHARS_MIN
            && folded.iter().all(|&c| is_word(c))
            && folded.iter().any(|c| c.is_alphabetic());
        let half = folded.len() / 2;
        is_respelled.then(|| {
            let (left, right) = folded.split_at(half);
            let mut exchanged = folded.clone();
            exchanged.swap(half - 1, half);
            let pieces = [left, right, exchanged.as_slice()];
            Self {
                term: term.clone(),
                sieves: pieces
                    .map(|piece| Sieve::of(&String::from_iter(piece)))
                    .into(),
                folded,
            }
        })
    }

    fn may_be_near(&self, raw: &mut Raw<'_>) -> bool {
        match raw.plain_words() {
            Some(text) => self.sieves.iter().any(|sieve| sieve.passes(text)),
            None => true,
        }
    }

    /// Returns whether a folded word is at distance 1.
    fn is_near(&self, other: &str) -> bool {
        let word = self.folded.as_slice();
        let lengths = word.len() - 1..=word.len() + 1;
        // Characters have up to four bytes.
        if other.len() > 4 * (word.len() + 1) {
            return false;
        }
        let other: Vec<char> = other.chars().collect();
        if !lengths.contains(&other.len()) {
            return false;
        }
        let same = word.iter().zip(&other).take_while(|(a, b)| a == b).count();
        let (a, b) = (&word[same..], &other[same..]);
        match (a, b) {
            ([], []) => false,
            ([], [_]) | ([_], []) => true,
            ([a0, a_rest @ ..], [b0, b_rest @ ..]) => {
                let is_exchanged = || match (a_rest, b_rest) {
                    ([a1, a_rest @ ..], [b1, b_rest @ ..]) => {
                        a0 == b1 && a1 == b0 && a_rest == b_rest
                    }
                    _ => false,
                };
                a_rest == b_rest || a_rest == b || a == b_rest || is_exchanged()
            }
            _ => false,
        }
    }
}

/// Returns a query's text with a word replaced, wherever it stands alone.
#[must_use]
pub fn respell(text: &str, respelling: &Respelling) -> String {
    let word = respelling.word.as_str();
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, found) in text.match_indices(word) {
        let end = at + found.len();
        if !text[..at].ends_with(is_letter) && !text[end..].starts_with(is_letter) {
            out.push_str(&text[done..at]);
            out.push_str(respelling.instead.as_str());
            done = end;
        }
    }
    out.push_str(&text[done..]);
    out
}
