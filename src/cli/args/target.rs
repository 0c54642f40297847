//! Targets: how people name a conversation on the command line.

use std::fmt;
use std::str::FromStr;

use cairn_client::Client;
use cairn_proto::ids::ConversationId;
use cairn_proto::model::conversation::{Conversation, ConversationKind};
use cairn_proto::model::user::UserInfo;
use cairn_proto::text::{EmojiName, GroupName, TextError, UserName};

use crate::cli::failure::{Exit, Failure};

/// A conversation as people name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// `#name`: the group of that name among one's own.
    Group(GroupName),
    /// `#id:NUMBER`: a conversation by its number, for groups that share a name.
    Id(ConversationId),
    /// `@name`: the direct chat with a user.
    User(UserName),
}

/// Why a string is no target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    /// Neither `#` nor `@`.
    #[error(
        "a target is '#group' or '@user' (in quotes, or the shell takes # for a comment), or '#id:NUMBER'"
    )]
    Sigil,
    /// The name cannot be one.
    #[error("{0}")]
    Name(#[from] TextError),
    /// The number is none.
    #[error("behind #id: stands the number of a conversation, as `cairn list --json` shows it")]
    Number,
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(raw: &str) -> Result<Self, TargetError> {
        if let Some(number) = raw.strip_prefix("#id:") {
            return number
                .parse()
                .map(Self::Id)
                .map_err(|_| TargetError::Number);
        }
        if let Some(name) = raw.strip_prefix('#') {
            return Ok(Self::Group(GroupName::new(name)?));
        }
        match raw.strip_prefix('@') {
            Some(name) => Ok(Self::User(UserName::new(name)?)),
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

/// A group as people name it where only groups make sense: with or without `#`.
pub(crate) fn parse_group(raw: &str) -> Result<Target, TargetError> {
    match raw.starts_with('#') {
        true => raw.parse(),
        false => Ok(Target::Group(GroupName::new(raw)?)),
    }
}

/// The name of a group that may not exist yet, with or without `#`.
pub(crate) fn parse_group_name(raw: &str) -> Result<GroupName, TextError> {
    GroupName::new(raw.strip_prefix('#').unwrap_or(raw))
}

/// A user where only users make sense: with or without `@`.
pub(crate) fn parse_user(raw: &str) -> Result<UserName, TextError> {
    UserName::new(raw.strip_prefix('@').unwrap_or(raw))
}

/// The name of an emoji, alone or between the colons that it is shown with.
pub(crate) fn parse_emoji(raw: &str) -> Result<EmojiName, TextError> {
    EmojiName::new(
        raw.strip_prefix(':')
            .and_then(|name| name.strip_suffix(':'))
            .unwrap_or(raw),
    )
}

impl Target {
    /// Which conversation this is.
    pub(crate) async fn resolve(&self, client: &Client) -> Result<ConversationId, Failure> {
        match self {
            Self::Id(id) => Ok(*id),
            Self::Group(name) => {
                let found = groups_named(&client.conversations().await?, name);
                one_of(&found, name)?.ok_or_else(|| {
                    let headline = format!("you are in no group named {name}");
                    Failure::new(Exit::Failed, headline)
                        .hint("`cairn list` shows your conversations")
                })
            }
            Self::User(name) => {
                let user = find_user(client, name).await?;
                client
                    .direct(user.id)
                    .ok_or_else(|| Failure::new(Exit::Failed, "there is no chat with oneself"))
            }
        }
    }

    /// How the conversation stands.
    pub(crate) async fn overview(&self, client: &Client) -> Result<Conversation, Failure> {
        let id = self.resolve(client).await?;
        let found = client
            .conversations()
            .await?
            .into_iter()
            .find(|conversation| conversation.id == id);
        found.ok_or_else(|| {
            let headline = format!("you are in no conversation {self} yet");
            Failure::new(Exit::Failed, headline)
                .hint("a direct chat begins with its first message: `cairn send`")
        })
    }
}

/// The user of a name, who must be there.
pub(crate) async fn find_user(client: &Client, name: &UserName) -> Result<UserInfo, Failure> {
    client
        .find_user(name.clone())
        .await?
        .ok_or_else(|| nobody(name))
}

fn nobody(name: &UserName) -> Failure {
    Failure::new(Exit::Failed, format!("there is no user named {name}"))
        .hint("names are compared to the letter")
}

/// The users of these names, who must all be there.
pub(crate) async fn find_users(
    client: &Client,
    names: Vec<UserName>,
) -> Result<Vec<UserInfo>, Failure> {
    let found = client.find_users(names.clone()).await?;
    match names
        .iter()
        .find(|name| !found.iter().any(|user| user.name == **name))
    {
        None => Ok(found),
        Some(name) => Err(nobody(name)),
    }
}

/// The groups of a name among one's own.
pub(crate) fn groups_named(
    conversations: &[Conversation],
    name: &GroupName,
) -> Vec<ConversationId> {
    let is_it = |conversation: &&Conversation| matches!(&conversation.kind, ConversationKind::Group { name: other } if other == name);
    conversations
        .iter()
        .filter(is_it)
        .map(|conversation| conversation.id)
        .collect()
}

/// The only one of the groups of a name; `None` when there is none.
pub(crate) fn one_of(
    found: &[ConversationId],
    name: &GroupName,
) -> Result<Option<ConversationId>, Failure> {
    match found {
        [] => Ok(None),
        [id] => Ok(Some(*id)),
        several => {
            let list: Vec<String> = several.iter().map(|id| format!("'#id:{id}'")).collect();
            let headline = format!("you are in {} groups named {name}", several.len());
            Err(Failure::new(Exit::Failed, headline)
                .hint(format!("say which one: {}", list.join(", "))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_written_as_they_are_read() {
        for raw in ["#ubuntu", "#the whole team", "@bob", "#id:17"] {
            assert_eq!(raw.parse::<Target>().unwrap().to_string(), raw);
        }
        assert_eq!("#id:17".parse(), Ok(Target::Id(ConversationId::new(17))));
    }

    #[test]
    fn what_is_no_target_says_why() {
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
    fn the_sigil_may_go_where_it_is_clear() {
        assert_eq!(parse_group("team"), "#team".parse());
        assert_eq!(parse_group("#team"), "#team".parse());
        assert_eq!(parse_group("#id:3"), "#id:3".parse());
        assert_eq!(parse_user("@bob"), parse_user("bob"));
        assert_eq!(parse_group_name("#team"), parse_group_name("team"));
        assert_eq!(parse_emoji(":wave:"), parse_emoji("wave"));
        assert_eq!(parse_emoji(":wave").unwrap().as_str(), ":wave");
    }

    #[test]
    fn groups_that_share_a_name_must_be_told_apart() {
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
