//! Search queries in their structured form, and what a search returns about a message.
//!
//! Clients parse what a user typed; the server sees no syntax. `docs/SEARCH.md` describes which
//! messages each [`Test`] accepts.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::ids::{ConversationId, Timestamp, UserId};
use crate::limits;
use crate::wire::codec;

/// A conjunction of groups. A message satisfies a group if it satisfies one of its conditions.
///
/// There are 1 to [`limits::SEARCH_GROUPS_MAX`] groups, none of them empty, with
/// [`limits::SEARCH_CONDITIONS_MAX`] conditions in all.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Query(Vec<Vec<Condition>>);

/// A test, or its opposite.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Condition {
    /// Set if the messages are wanted that fail the test.
    pub negated: bool,
    /// The test.
    pub test: Test,
}

/// What is tested of a message. The enum grows at the end only: a variant's position is its number
/// on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Test {
    /// It contains the word, or the run of characters of a script without blanks.
    Word(Term),
    /// It contains a word that begins so.
    Prefix(Term),
    /// It contains these words, in this order, with nothing but blanks between them.
    Phrase(Term),
    /// It contains these characters, also within words.
    Literal(Term),
    /// This user sent it.
    From(UserId),
    /// It is in this conversation.
    In(ConversationId),
    /// It was sent in this period.
    Sent(Period),
    /// It has such a part.
    Has(Feature),
    /// It is in such a state.
    Is(Mark),
    /// It mentions this user, alone or with all members.
    Mentions(UserId),
}

/// A part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Feature {
    /// An attachment of any kind.
    File,
    /// An attachment that is an image.
    Image,
    /// An attachment that is a video.
    Video,
    /// A link in the text or caption.
    Link,
    /// A reaction.
    Reaction,
}

/// A state of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// Pinned in its conversation.
    Pinned,
    /// Edited since it was sent.
    Edited,
    /// Unread by the searching user.
    Unread,
}

/// The time from an instant to before another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Period {
    /// The first millisecond.
    pub from: Timestamp,
    /// The millisecond after the last one.
    pub until: Timestamp,
}

impl Period {
    /// All of time.
    pub const ALL: Self = Self {
        from: Timestamp::new(0),
        until: Timestamp::new(u64::MAX),
    };

    /// Returns whether an instant is in the period.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// Words to search for: 1 to [`limits::SEARCH_TERM_BYTES_MAX`] bytes of UTF-8.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Term(Box<str>);

/// A string is not a [`Term`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermFault {
    /// The string is empty.
    #[error("a search term is empty")]
    Empty,
    /// The string is too long.
    #[error("a search term is longer than {} bytes", limits::SEARCH_TERM_BYTES_MAX)]
    TooLong,
}

/// A list of groups is not a [`Query`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryFault {
    /// There is no group, or one without conditions.
    #[error("a query or a part of it is empty")]
    Empty,
    /// There are more groups or conditions than the limits allow.
    #[error(
        "a query has more than {} parts, or {} with alternatives",
        limits::SEARCH_GROUPS_MAX,
        limits::SEARCH_CONDITIONS_MAX
    )]
    TooLarge,
}

impl Query {
    /// Wraps groups of conditions.
    ///
    /// # Errors
    /// Returns an error if there are none, or more than the limits allow.
    pub fn new(groups: Vec<Vec<Condition>>) -> Result<Self, QueryFault> {
        let conditions: usize = groups.iter().map(Vec::len).sum();
        if groups.is_empty() || groups.iter().any(Vec::is_empty) {
            Err(QueryFault::Empty)
        } else if groups.len() > limits::SEARCH_GROUPS_MAX
            || conditions > limits::SEARCH_CONDITIONS_MAX
        {
            Err(QueryFault::TooLarge)
        } else {
            Ok(Self(groups))
        }
    }

    /// Returns the groups.
    #[must_use]
    pub fn groups(&self) -> &[Vec<Condition>] {
        &self.0
    }

    /// Returns all conditions, over all groups.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.0.iter().flatten()
    }
}

impl Term {
    /// Validates and wraps a string.
    ///
    /// # Errors
    /// Returns the rule that the string breaks.
    pub fn new(raw: impl Into<Box<str>>) -> Result<Self, TermFault> {
        let raw = raw.into();
        Self::check(&raw)?;
        Ok(Self(raw))
    }

    fn check(raw: &str) -> Result<(), TermFault> {
        match raw.len() {
            0 => Err(TermFault::Empty),
            1..=limits::SEARCH_TERM_BYTES_MAX => Ok(()),
            _ => Err(TermFault::TooLong),
        }
    }

    /// Returns the string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Term {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        codec::checked_text(reader, |raw| Self::check(raw).map(|()| Self(raw.into())))
    }
}

impl<'de> Deserialize<'de> for Query {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let Groups(groups) = Groups::deserialize(reader)?;
        Self::new(groups).map_err(D::Error::custom)
    }
}

struct Groups(Vec<Vec<Condition>>);

impl<'de> Deserialize<'de> for Groups {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        /// Refuses a query at its first item above a limit.
        struct Bounded;

        impl<'de> Visitor<'de> for Bounded {
            type Value = Groups;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("groups of conditions")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Groups, A::Error> {
                let mut groups = Vec::new();
                while let Some(Group(conditions)) = seq.next_element()? {
                    if groups.len() == limits::SEARCH_GROUPS_MAX {
                        return Err(A::Error::custom(QueryFault::TooLarge));
                    }
                    groups.push(conditions);
                }
                Ok(Groups(groups))
            }
        }

        reader.deserialize_seq(Bounded)
    }
}

struct Group(Vec<Condition>);

impl<'de> Deserialize<'de> for Group {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let conditions: Vec<Condition> = codec::list(reader)?;
        match conditions.len() {
            0..=limits::SEARCH_CONDITIONS_MAX => Ok(Self(conditions)),
            _ => Err(D::Error::custom(QueryFault::TooLarge)),
        }
    }
}

/// A part of a text, in bytes of UTF-8: from `start` to before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
}

/// The parts of a message that match a query: at most [`limits::SEARCH_SPANS_MAX`] of each text, in
/// order and without overlaps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Highlights {
    /// In the text of the message, or in the caption of its attachment.
    #[serde(deserialize_with = "codec::list")]
    pub words: Vec<Span>,
    /// In the name of the attached file.
    #[serde(deserialize_with = "codec::list")]
    pub file_name: Vec<Span>,
}

/// A word of a query that is in no message, and one at edit distance 1 with which the query would
/// have found something.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Respelling {
    /// The word of the query, as it is there.
    pub word: Term,
    /// The word that messages contain, in lower case.
    pub instead: Term,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::codec::DecodeError;

    fn word(raw: &str) -> Condition {
        Condition {
            negated: false,
            test: Test::Word(Term::new(raw).unwrap()),
        }
    }

    fn decoded(groups: &[Vec<Condition>]) -> Result<Query, DecodeError> {
        codec::decode(&codec::encode(groups), limits::FRAME_BYTES_MAX)
    }

    #[test]
    fn queries_are_bounded_everywhere() {
        let many = |groups: usize, conditions: usize| vec![vec![word("a"); conditions]; groups];
        for groups in [many(1, 1), many(32, 2), many(1, 64)] {
            let query = Query::new(groups.clone()).unwrap();
            assert_eq!(decoded(&groups), Ok(query));
        }
        for (groups, fault) in [
            (many(0, 0), QueryFault::Empty),
            (many(2, 0), QueryFault::Empty),
            (many(33, 1), QueryFault::TooLarge),
            (many(1, 65), QueryFault::TooLarge),
            (many(13, 5), QueryFault::TooLarge),
        ] {
            assert_eq!(decoded(&groups), Err(DecodeError::Malformed));
            assert_eq!(Query::new(groups), Err(fault));
        }
    }

    #[test]
    fn terms_are_bounded_everywhere() {
        let longest = "x".repeat(limits::SEARCH_TERM_BYTES_MAX);
        assert_eq!(Term::new(longest.as_str()).unwrap().as_str(), longest);
        let longer = longest + "x";
        assert_eq!(Term::new(longer.as_str()), Err(TermFault::TooLong));
        assert_eq!(Term::new(""), Err(TermFault::Empty));
        for raw in ["", &longer] {
            let read: Result<Term, _> = codec::decode(&codec::encode(raw), 1024);
            assert_eq!(read, Err(DecodeError::Malformed));
        }
    }
}
