//! The decision whether a message satisfies a query.

mod facts;
mod plain;
pub(crate) mod sieve;
mod spans;
pub(crate) mod words;

use std::ops::Range;

use cairn_proto::content::message::peek_entry;
use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::search::{Condition, Highlights, Mark, Period, Query, Test};

pub use self::facts::{Facts, Scratch};
pub(crate) use self::facts::{Fields, Raw};
use self::plain::is_plain;
use self::words::Words;

/// A query, prepared for being compared with many messages.
#[derive(Debug)]
pub struct Matcher {
    /// Cheap groups first.
    groups: Vec<Vec<Prepared>>,
}

/// A condition.
#[derive(Debug)]
pub(crate) struct Prepared {
    negated: bool,
    pub(crate) test: Test,
    /// The same test of the aliases of its user.
    of_aliases: Vec<Test>,
    /// The test, if it is one of words.
    pub(crate) words: Option<Words>,
}

impl Matcher {
    /// Prepares a query.
    #[must_use]
    pub fn new(query: &Query) -> Self {
        Self::with_aliases(query, &[])
    }

    /// Prepares a query in which an alias, the first of each pair, stands for the same user as the
    /// second.
    #[must_use]
    pub fn with_aliases(query: &Query, aliases: &[(UserId, UserId)]) -> Self {
        let mut unique: Vec<_> = query.groups().iter().collect();
        let mut seen = std::collections::HashSet::new();
        unique.retain(|group| seen.insert(*group));
        let prepare = |group: &Vec<_>| {
            let conditions = group.iter();
            conditions
                .map(|condition| Prepared::new(condition, aliases))
                .collect()
        };
        let mut groups: Vec<Vec<Prepared>> = unique.into_iter().map(prepare).collect();
        groups.sort_by_key(|group| {
            let costs = group.iter().map(Prepared::cost);
            costs.max().unwrap_or_default()
        });
        Self { groups }
    }

    pub(crate) fn groups(&self) -> &[Vec<Prepared>] {
        &self.groups
    }

    /// Returns `false` only if the query excludes all messages of a conversation.
    #[must_use]
    pub fn may_match_in(&self, conversation: ConversationId) -> bool {
        self.every_group(|condition| match condition.test {
            Test::In(wanted) => (wanted == conversation) != condition.negated,
            _ => true,
        })
    }

    /// Returns a period within which all messages were sent that satisfy the query. Imported
    /// messages are not in the order of their times.
    #[must_use]
    pub fn period(&self) -> Period {
        let mut all = Period::ALL;
        for group in &self.groups {
            let periods = group.iter().map(|condition| match condition.test {
                Test::Sent(period) if !condition.negated => period,
                _ => Period::ALL,
            });
            let covered = periods.reduce(|a, b| Period {
                from: a.from.min(b.from),
                until: a.until.max(b.until),
            });
            if let Some(covered) = covered {
                all.from = all.from.max(covered.from);
                all.until = all.until.min(covered.until);
            }
        }
        all
    }

    /// Returns whether [`Facts::is_pinned`] matters.
    #[must_use]
    pub fn needs_pins(&self) -> bool {
        self.tests(&Test::Is(Mark::Pinned))
    }

    /// Returns whether [`Facts::is_unread`] matters.
    #[must_use]
    pub fn needs_unread(&self) -> bool {
        self.tests(&Test::Is(Mark::Unread))
    }

    fn tests(&self, test: &Test) -> bool {
        self.groups.iter().flatten().any(|one| one.test == *test)
    }

    /// Returns `false` only if an entry does not satisfy the query. Reads the bytes of a packed
    /// entry, prefix included, without decoding all of it.
    #[must_use]
    pub fn may_match(&self, conversation: ConversationId, entry: &[u8]) -> bool {
        let Ok(head) = peek_entry(entry) else {
            // Decoding it reports the damage.
            return true;
        };
        let mut raw = Raw::new(conversation, head);
        head.is_message && self.every_group(|condition| condition.may_hold(&mut raw))
    }

    /// Returns whether these packed entries lack a term that all hits contain, as far as their
    /// texts are plain: [`Matcher::may_match_unplain`] finds the others.
    #[must_use]
    pub fn is_absent_from(&self, entries: &[u8]) -> bool {
        let is_absent = |condition: &Prepared| {
            let sieve = condition
                .words
                .as_ref()
                .and_then(|words| words.sieve.as_ref());
            !condition.negated && sieve.is_some_and(|sieve| !sieve.passes(entries))
        };
        self.groups.iter().any(|group| group.iter().all(is_absent))
    }

    /// As [`Matcher::may_match`], for an entry among some that lack a term.
    #[must_use]
    pub fn may_match_unplain(&self, entry: &[u8]) -> bool {
        peek_entry(entry).map_or(true, |head| {
            head.is_message && head.words.is_none_or(|words| !is_plain(words))
        })
    }

    fn every_group(&self, mut test: impl FnMut(&Prepared) -> bool) -> bool {
        let mut groups = self.groups.iter();
        groups.all(|group| group.iter().any(&mut test))
    }

    /// Returns the parts to highlight if a message satisfies the query. Other entries do not.
    #[must_use]
    pub fn check(&self, facts: &Facts<'_>, scratch: &mut Scratch) -> Option<Highlights> {
        let mut fields = Fields::new(facts.entry, scratch);
        let is_found = facts.entry.body.is_message()
            && self.every_group(|condition| condition.holds(facts, &mut fields));
        is_found.then(|| Highlights {
            words: spans::spans(fields.words, self.places(fields.folded().words)),
            file_name: spans::spans(fields.file_name, self.places(fields.folded().file_name)),
        })
    }

    fn places(&self, folded: &str) -> Vec<Range<usize>> {
        let conditions = self.groups.iter().flatten();
        let wanted = conditions.filter(|condition| !condition.negated);
        let words = wanted.filter_map(|condition| condition.words.as_ref());
        words.flat_map(|words| words.places(folded)).collect()
    }
}

impl Prepared {
    fn new(condition: &Condition, aliases: &[(UserId, UserId)]) -> Self {
        let of = |user| {
            let aliases = aliases.iter().filter(move |&&(_, of)| of == user);
            aliases.map(|&(alias, _)| alias)
        };
        let of_aliases = match condition.test {
            Test::From(user) => of(user).map(Test::From).collect(),
            Test::Mentions(user) => of(user).map(Test::Mentions).collect(),
            _ => Vec::new(),
        };
        Self {
            of_aliases,
            negated: condition.negated,
            test: condition.test.clone(),
            words: Words::new(&condition.test),
        }
    }

    /// The relative cost of the test, so that cheap and selective ones are made first.
    fn cost(&self) -> usize {
        const LONGEST: usize = 64;
        match (&self.test, &self.words) {
            (_, Some(words)) if !self.negated => {
                let rarity = words.sieve.as_ref().map_or(0, sieve::Sieve::len);
                2 + LONGEST - rarity.min(LONGEST)
            }
            (_, Some(_)) => 3 + LONGEST,
            (Test::Has(_), _) => 1,
            _ => 0,
        }
    }

    pub(crate) fn is_negated(&self) -> bool {
        self.negated
    }

    pub(crate) fn may_hold(&self, raw: &mut Raw<'_>) -> bool {
        let holds = match &self.words {
            Some(words) => (!raw.may_contain(words)).then_some(false),
            // The raw bytes decide on all of these tests or on none.
            None => raw.satisfies(&self.test).map(|holds| {
                let mut aliases = self.of_aliases.iter();
                holds || aliases.any(|test| raw.satisfies(test) == Some(true))
            }),
        };
        holds.is_none_or(|holds| holds != self.negated)
    }

    pub(crate) fn holds(&self, facts: &Facts<'_>, fields: &mut Fields<'_>) -> bool {
        let holds = match &self.words {
            Some(words) => {
                let folded = fields.folded();
                words.is_in(folded.words) || words.is_in(folded.file_name)
            }
            None => {
                facts.satisfy(&self.test) || self.of_aliases.iter().any(|test| facts.satisfy(test))
            }
        };
        holds != self.negated
    }
}
