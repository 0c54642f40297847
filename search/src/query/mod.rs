//! The query language: from what a user types to a query.

mod date;
mod error;
mod parse;

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::search::{Condition, Query, Test};
use serde::Serialize;

pub use self::error::{Filter, QueryError};
pub use self::parse::parse;

/// A query whose names are not resolved yet. It has the structure and the bounds of a [`Query`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Parsed {
    groups: Vec<Vec<Clause>>,
}

/// A condition whose name is not resolved yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Clause {
    /// Set if the messages are wanted that fail the test.
    pub negated: bool,
    /// The test.
    pub criterion: Criterion,
}

/// What is tested of a message. Names are as the user typed them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Criterion {
    /// The user of this name sent it.
    From(String),
    /// It is in the conversation of this name.
    In(String),
    /// It mentions the user of this name.
    Mentions(String),
    /// A test without a name.
    #[serde(untagged)]
    Test(Test),
}

impl Parsed {
    /// Returns the groups, all of which a message must satisfy by one of their clauses.
    #[must_use]
    pub fn groups(&self) -> &[Vec<Clause>] {
        &self.groups
    }

    fn criteria(&self) -> impl Iterator<Item = &Criterion> {
        self.groups.iter().flatten().map(|clause| &clause.criterion)
    }

    /// Returns the names of users, as typed: `me`, `@ada`, `Ada Lovelace`.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.criteria().filter_map(|criterion| match criterion {
            Criterion::From(name) | Criterion::Mentions(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Returns the names of conversations, as typed: `#crew`, `crew`, `@ada`.
    pub fn conversations(&self) -> impl Iterator<Item = &str> {
        self.criteria().filter_map(|criterion| match criterion {
            Criterion::In(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Returns the query with an id in place of each name.
    ///
    /// # Errors
    /// Returns the first error of a look-up.
    pub fn resolve<E>(
        &self,
        mut user: impl FnMut(&str) -> Result<UserId, E>,
        mut conversation: impl FnMut(&str) -> Result<ConversationId, E>,
    ) -> Result<Query, E> {
        let mut condition = |clause: &Clause| {
            let test = match &clause.criterion {
                Criterion::From(name) => Test::From(user(name)?),
                Criterion::In(name) => Test::In(conversation(name)?),
                Criterion::Mentions(name) => Test::Mentions(user(name)?),
                Criterion::Test(test) => test.clone(),
            };
            Ok(Condition {
                negated: clause.negated,
                test,
            })
        };
        let groups = self.groups.iter();
        let groups = groups.map(|group| group.iter().map(&mut condition).collect());
        let groups = groups.collect::<Result<_, E>>()?;
        #[expect(clippy::expect_used, reason = "the parser has the same bounds")]
        Ok(Query::new(groups).expect("a parsed query is within the bounds of a query"))
    }
}
