//! Targets: conversations on the command line.

use std::fmt;
use std::str::FromStr;

use cairn_client::Client;
use cairn_proto::ids::ConversationId;
use cairn_proto::model::conversation::Conversation;
use cairn_proto::model::user::UserInfo;
use cairn_proto::text::{EmojiName, GroupName, TextError, UserName};

use crate::cli::args::same_name::group_named;
use crate::cli::failure::{Exit, Failure};

/// A conversation on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// `#name`: the group with this name that the user has been in for longest.
    Group(GroupName),
    /// `#id:NUMBER`: a conversation by its number, for groups that share a name.
    Id(ConversationId),
    /// `@name`: the direct chat with a user.
    User(UserName),
}

/// Why a string is not a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    #[error(
        "a target is '#group' or '@user' (quote it: # begins a comment in shells), or '#id:NUMBER'"
    )]
    Sigil,
    #[error("{0}")]
    Name(#[from] TextError),
    #[error(
        "the number after #id: is not one; `cairn list --json` shows the numbers of conversations"
    )]
    Number,
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(raw: &str) -> Result<Self, TargetError> {
        let raw = raw.trim();
        if let Some(number) = raw.strip_prefix("#id:") {
            return number
                .parse()
                .map(Self::Id)
                .map_err(|_| TargetError::Number);
        }
        if let Some(name) = raw.strip_prefix('#') {
            return Ok(Self::Group(GroupName::sought(name)?));
        }
        match raw.strip_prefix('@') {
            Some(name) => Ok(Self::User(UserName::sought(name)?)),
            None => Err(TargetError::Sigil),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(name) => write!(f, "#{name}"),
            Self::Id(id) => write!(f, "#id:{id}"),
            Self::User(name) => write!(f, "@{name}"),
        }
    }
}

/// Parses a group where only groups are allowed: with or without `#`.
pub(crate) fn parse_group(raw: &str) -> Result<Target, TargetError> {
    match raw.starts_with('#') {
        true => raw.parse(),
        false => Ok(Target::Group(GroupName::sought(raw)?)),
    }
}

/// Parses the name of a new group, with or without `#`.
pub(crate) fn parse_group_name(raw: &str) -> Result<GroupName, TextError> {
    GroupName::typed(without(raw, '#'))
}

/// Parses the beginning of a group's name, with or without `#`.
pub(crate) fn parse_group_prefix(raw: &str) -> Result<GroupName, TextError> {
    GroupName::sought(without(raw, '#'))
}

/// Parses a user where only users are allowed: with or without `@`.
pub(crate) fn parse_user(raw: &str) -> Result<UserName, TextError> {
    UserName::sought(without(raw, '@'))
}

/// Parses the name of a new user, with or without `@`.
pub(crate) fn parse_new_user(raw: &str) -> Result<UserName, TextError> {
    let name = UserName::typed(without(raw, '@'))?;
    match name.is_reserved() {
        true => Err(TextError::Reserved),
        false => Ok(name),
    }
}

fn without(raw: &str, sigil: char) -> &str {
    let raw = raw.trim();
    raw.strip_prefix(sigil).unwrap_or(raw)
}

/// Parses an emoji, or its name with or without colons around it.
pub(crate) fn parse_emoji(raw: &str) -> Result<EmojiName, TextError> {
    let raw = raw.trim();
    EmojiName::typed(
        raw.strip_prefix(':')
            .and_then(|name| name.strip_suffix(':'))
            .unwrap_or(raw),
    )
}

impl Target {
    pub(crate) async fn resolve(&self, client: &Client) -> Result<ConversationId, Failure> {
        Ok(self.resolve_with_peer(client).await?.0)
    }

    /// As [`Target::resolve`], with the other user of a direct chat that was named by them.
    pub(crate) async fn resolve_with_peer(
        &self,
        client: &Client,
    ) -> Result<(ConversationId, Option<UserInfo>), Failure> {
        match self {
            Self::Id(id) => Ok((*id, None)),
            Self::Group(name) => {
                let found = group_named(client, name).await?;
                let id = found.ok_or_else(|| {
                    let headline = format!("you are in no group named {name}");
                    Failure::new(Exit::Failed, headline)
                        .hint("`cairn list` shows your conversations")
                })?;
                Ok((id, None))
            }
            Self::User(name) => {
                let peer = find_user(client, name).await?;
                let id = client.conversations().direct(peer.id);
                let id =
                    id.ok_or_else(|| Failure::new(Exit::Failed, "there is no chat with yourself"))?;
                Ok((id, Some(peer)))
            }
        }
    }

    pub(crate) async fn overview(&self, client: &Client) -> Result<Conversation, Failure> {
        let id = self.resolve(client).await?;
        let found = client
            .conversations()
            .list()
            .await?
            .into_iter()
            .find(|conversation| conversation.id == id);
        found.ok_or_else(|| {
            let headline = format!("you are in no conversation {self} yet");
            Failure::new(Exit::Failed, headline)
                .hint("a direct chat starts with its first message: `cairn send`")
        })
    }
}

/// Returns the user with this name, or fails if there is none.
pub(crate) async fn find_user(client: &Client, name: &UserName) -> Result<UserInfo, Failure> {
    let found = client
        .people()
        .addressed(std::slice::from_ref(name))
        .await?;
    found
        .into_iter()
        .flatten()
        .next()
        .ok_or_else(|| unknown_user(name))
}

/// Returns the account with this name, be it that of an imported author.
pub(crate) async fn find_account(client: &Client, name: &UserName) -> Result<UserInfo, Failure> {
    client
        .people()
        .find(name.clone())
        .await?
        .ok_or_else(|| unknown_user(name))
}

fn unknown_user(name: &UserName) -> Failure {
    Failure::new(Exit::Failed, format!("there is no user named {name}"))
        .hint("`cairn users find` lists users by the beginning of their names")
}

/// Returns the users with these names, or fails if one does not exist.
pub(crate) async fn find_users(
    client: &Client,
    names: &[UserName],
) -> Result<Vec<UserInfo>, Failure> {
    let found = client.people().addressed(names).await?;
    let named = names.iter().zip(found);
    named
        .map(|(name, user)| user.ok_or_else(|| unknown_user(name)))
        .collect()
}

/// Returns the open group if there is exactly one, or `None` if there is none.
pub(crate) fn one_of(
    found: &[ConversationId],
    name: &GroupName,
) -> Result<Option<ConversationId>, Failure> {
    match found {
        [] => Ok(None),
        [id] => Ok(Some(*id)),
        several => {
            let list: Vec<String> = several.iter().map(|id| format!("'#id:{id}'")).collect();
            let headline = format!("there are {} open groups named {name}", several.len());
            Err(Failure::new(Exit::Failed, headline)
                .hint(format!("choose one: {}", list.join(", "))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_round_trip() {
        for raw in ["#ubuntu", "#the whole team", "@bob", "#id:17"] {
            assert_eq!(raw.parse::<Target>().unwrap().to_string(), raw);
        }
        assert_eq!("#id:17".parse(), Ok(Target::Id(ConversationId::new(17))));
    }

    #[test]
    fn invalid_targets_are_refused() {
        assert_eq!("ubuntu".parse::<Target>(), Err(TargetError::Sigil));
        assert_eq!("".parse::<Target>(), Err(TargetError::Sigil));
        assert_eq!(
            "#".parse::<Target>(),
            Err(TargetError::Name(TextError::Empty))
        );
        assert_eq!(
            "@two words".parse::<Target>(),
            Err(TargetError::Name(TextError::Character(32)))
        );
        assert_eq!("#id:x".parse::<Target>(), Err(TargetError::Number));
    }

    #[test]
    fn sigil_is_optional_where_it_is_clear() {
        assert_eq!(parse_group("team"), "#team".parse());
        assert_eq!(parse_group("#team"), "#team".parse());
        assert_eq!(parse_group("#id:3"), "#id:3".parse());
        assert_eq!(parse_user("@bob"), parse_user("bob"));
        assert_eq!(parse_group_name("#team"), parse_group_name("team"));
        assert_eq!(parse_emoji(":wave:"), parse_emoji("wave"));
        assert_eq!(parse_emoji(":wave").unwrap().as_str(), ":wave");
        assert_eq!(parse_emoji("🏳️‍🌈").unwrap().as_str(), "🏳️‍🌈");
        assert_eq!(parse_user(" @Zoe\u{308} ").unwrap().as_str(), "Zoë");
        assert_eq!(parse_new_user("@here"), Err(TextError::Reserved));
    }

    #[test]
    fn ambiguous_group_names_are_refused() {
        let (name, ids) = (
            GroupName::new("team").unwrap(),
            [ConversationId::new(3), ConversationId::new(9)],
        );
        assert_eq!(one_of(&[], &name).unwrap(), None);
        assert_eq!(one_of(&ids[..1], &name).unwrap(), Some(ids[0]));
        let failure = one_of(&ids, &name).unwrap_err();
        assert!(failure.text(false).contains("'#id:3', '#id:9'"));
    }
}
