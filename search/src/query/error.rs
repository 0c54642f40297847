//! The reasons why a query cannot be understood.

use std::fmt;

use cairn_proto::limits;
use cairn_proto::model::search::{QueryFault, TermFault};

/// The reasons why a query cannot be understood. The messages say what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The query has no words and no filters.
    #[error("the query is empty; write a word or a filter such as from:NAME")]
    Empty,
    /// The query is too long.
    #[error("the query is longer than {} bytes", limits::SEARCH_TEXT_BYTES_MAX)]
    TooLong,
    /// The query has too many words and filters.
    #[error(
        "the query has more than {} parts, or more than {} with their alternatives",
        limits::SEARCH_GROUPS_MAX,
        limits::SEARCH_CONDITIONS_MAX
    )]
    TooManyTerms,
    /// A word or phrase is too long.
    #[error(
        "{} is longer than {} bytes; write a part of it",
        Shown(.0),
        limits::SEARCH_TERM_BYTES_MAX
    )]
    TermTooLong(String),
    /// A word or phrase consists of characters that are not shown.
    #[error("{} has no visible characters", Shown(.0))]
    Blank(String),
    /// Nothing is between two quotation marks.
    #[error("the quotation marks are empty; write a phrase between them")]
    EmptyQuotes,
    /// `OR` has nothing on one of its sides.
    #[error("OR stands between two words or filters; write \"OR\" to search for the word")]
    LoneOr,
    /// A filter has no value.
    #[error("{0}: needs a value directly after it: {expected}", expected = .0.expected())]
    NoValue(Filter),
    /// A filter does not have such a value.
    #[error(
        "{filter}:{value} is not known; {filter}: takes {expected}",
        value = Shown(.value),
        expected = .filter.expected()
    )]
    UnknownValue {
        /// The filter.
        filter: Filter,
        /// The value.
        value: String,
    },
}

/// A filter of the query language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// `from:`
    From,
    /// `in:`
    In,
    /// `mentions:`
    Mentions,
    /// `before:`
    Before,
    /// `after:`
    After,
    /// `on:`
    On,
    /// `has:`
    Has,
    /// `is:`
    Is,
}

impl Filter {
    const ALL: [Self; 8] = [
        Self::From,
        Self::In,
        Self::Mentions,
        Self::Before,
        Self::After,
        Self::On,
        Self::Has,
        Self::Is,
    ];

    /// Returns the filter of this name, in any case.
    pub(super) fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|filter| name.eq_ignore_ascii_case(filter.name()))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::In => "in",
            Self::Mentions => "mentions",
            Self::Before => "before",
            Self::After => "after",
            Self::On => "on",
            Self::Has => "has",
            Self::Is => "is",
        }
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::From | Self::Mentions => "the name of a user, or me",
            Self::In => "the name of a group or user",
            Self::Before | Self::After | Self::On => {
                "a date such as 2026-11-28, 2026-11, yesterday, monday or \"last week\""
            }
            Self::Has => "file, image, video, link or reaction",
            Self::Is => "pinned, edited or unread",
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Displays the beginning of a part of a query, on one line.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const CHARS_MAX: usize = 40;
        let start: String = self.0.chars().take(CHARS_MAX).collect();
        let more = match start.len() < self.0.len() {
            true => "…",
            false => "",
        };
        write!(f, "{:?}{more}", start)
    }
}

impl From<QueryFault> for QueryError {
    fn from(fault: QueryFault) -> Self {
        match fault {
            QueryFault::Empty => Self::Empty,
            QueryFault::TooLarge => Self::TooManyTerms,
        }
    }
}

impl QueryError {
    pub(super) fn of_term(fault: TermFault, raw: &str) -> Self {
        match fault {
            TermFault::Empty => Self::EmptyQuotes,
            TermFault::TooLong => Self::TermTooLong(raw.to_owned()),
        }
    }
}
