//! Searching the user's conversations.

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::limits::USERS_PER_REQUEST_MAX;
use cairn_proto::model::conversation::{Conversation, ConversationKind};
use cairn_proto::model::search::Query;
use cairn_proto::text::{GroupName, UserName};
use cairn_search::{Parsed, QueryError};

use crate::api::client::Client;
use crate::error::Error;
use crate::stream::search::Search;

/// Why a text is no query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// The text is malformed.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// No user has this name.
    #[error("there is no user named {0}")]
    NoSuchUser(String),
    /// The user is in no conversation of this name.
    #[error("you are in no conversation named {0}")]
    NoSuchConversation(String),
    /// A lookup failed.
    #[error(transparent)]
    Client(#[from] Error),
}

/// Searching
impl Client {
    /// Searches the user's conversations, those that the server's limit
    /// [`cairn_proto::limits::SEARCH_CONVERSATIONS_MAX`] covers. Sends nothing until the first
    /// message is requested.
    #[must_use]
    pub fn search(&self, query: Query) -> Search {
        Search::new(self.clone(), query)
    }

    /// Parses what a user typed, and looks up the names in it. `now` gives the time, and the zone
    /// in which dates are meant.
    ///
    /// Of groups that share a name, `in:#name` is that with the lowest id, and `in:#id:NUMBER` any.
    ///
    /// # Errors
    /// [`SearchError`].
    pub async fn parse_query(&self, text: &str, now: &jiff::Zoned) -> Result<Query, SearchError> {
        let parsed = cairn_search::parse(text, now)?;
        self.resolve_query(&parsed).await
    }

    /// Looks up the names in a parsed query.
    ///
    /// # Errors
    /// As [`Self::parse_query`].
    pub async fn resolve_query(&self, parsed: &Parsed) -> Result<Query, SearchError> {
        let mut names: Vec<&str> = parsed.users().collect();
        let peers = parsed.conversations().filter(|name| name.starts_with('@'));
        names.extend(peers);
        let users = self.users_named(&names).await?;
        let conversations = match parsed.conversations().next() {
            Some(_) => self.conversations().list().await?,
            None => Vec::new(),
        };
        let me = self.whoami().user;
        let user = |name: &str| {
            let found = users.iter().find(|(typed, _)| typed == name);
            match found {
                _ if is_me(name) => Ok(me),
                Some((_, id)) => Ok(*id),
                None => Err(SearchError::NoSuchUser(name.to_owned())),
            }
        };
        let conversation = |name: &str| {
            let found = match name.starts_with('@') {
                true => user(name)
                    .ok()
                    .and_then(|peer| ConversationId::direct(me, peer)),
                false => group_named(&conversations, name),
            };
            found.ok_or_else(|| SearchError::NoSuchConversation(name.to_owned()))
        };
        parsed.resolve(user, conversation)
    }

    /// Returns the users with these names as they were typed. An imported author may be another
    /// user, who is returned.
    async fn users_named(&self, typed: &[&str]) -> Result<Vec<(String, UserId)>, SearchError> {
        let sought = |typed: &&str| {
            let name = UserName::sought(without(typed, '@')).ok()?;
            Some((typed.to_string(), name))
        };
        let mut named: Vec<_> = typed
            .iter()
            .filter(|name| !is_me(name))
            .filter_map(sought)
            .collect();
        named.truncate(USERS_PER_REQUEST_MAX);
        if named.is_empty() {
            return Ok(Vec::new());
        }
        let (typed, names): (Vec<String>, Vec<UserName>) = named.into_iter().unzip();
        let found = self.people().addressed(&names).await?;
        let users = typed.into_iter().zip(found);
        Ok(users
            .filter_map(|(typed, user)| Some((typed, user?.id)))
            .collect())
    }
}

fn is_me(name: &str) -> bool {
    name.eq_ignore_ascii_case("me") || name.eq_ignore_ascii_case("@me")
}

fn without(typed: &str, sigil: char) -> &str {
    let typed = typed.trim();
    typed.strip_prefix(sigil).unwrap_or(typed)
}

fn group_named(conversations: &[Conversation], typed: &str) -> Option<ConversationId> {
    let name = without(typed, '#');
    if let Some(number) = name.strip_prefix("id:") {
        return number.parse().ok();
    }
    let key = GroupName::sought(name).ok()?.folded();
    let mut groups = conversations.iter().filter_map(|found| match &found.kind {
        ConversationKind::Group { name } if name.folded() == key => Some(found.id),
        _ => None,
    });
    groups.next()
}
