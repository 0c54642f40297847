//! `cairn group settings`, `find` and `join`.

use std::fmt;

use cairn_client::Client;
use cairn_proto::ids::ConversationId;
use cairn_proto::model::group::{
    Access, GroupDetails, GroupSettings, JoinerHistory, OpenGroup, Role,
};
use cairn_proto::text::{GroupName, Topic};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::args::target::{Target, parse_group};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;

/// New settings. Omitted ones stay unchanged.
#[derive(Debug, Args)]
pub(crate) struct SettingsArgs {
    /// The group
    #[arg(value_name = "NAME", value_parser = parse_group)]
    group: Target,

    /// Who can join without being added
    #[arg(long, value_name = "WHO")]
    access: Option<AccessArg>,

    /// What new members see of older messages
    #[arg(long, value_name = "WHAT")]
    history: Option<HistoryArg>,

    /// The lowest role that can add members
    #[arg(long, value_name = "ROLE")]
    invite: Option<RoleArg>,

    /// The lowest role that can send messages
    #[arg(long, value_name = "ROLE")]
    post: Option<RoleArg>,

    /// The lowest role that can pin messages
    #[arg(long, value_name = "ROLE")]
    pin: Option<RoleArg>,

    /// The lowest role that can change name and topic
    #[arg(long, value_name = "ROLE")]
    rename: Option<RoleArg>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArg {
    Member,
    Admin,
    Owner,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Member => Self::Member,
            RoleArg::Admin => Self::Admin,
            RoleArg::Owner => Self::Owner,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum AccessArg {
    InviteOnly,
    Open,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum HistoryArg {
    All,
    FromJoin,
}

impl SettingsArgs {
    fn onto(&self, old: GroupSettings) -> GroupSettings {
        let role = |arg: Option<RoleArg>, old| arg.map_or(old, Role::from);
        GroupSettings {
            access: self.access.map_or(old.access, |access| match access {
                AccessArg::InviteOnly => Access::InviteOnly,
                AccessArg::Open => Access::Open,
            }),
            history: self.history.map_or(old.history, |history| match history {
                HistoryArg::All => JoinerHistory::All,
                HistoryArg::FromJoin => JoinerHistory::FromJoin,
            }),
            invite: role(self.invite, old.invite),
            post: role(self.post, old.post),
            pin: role(self.pin, old.pin),
            rename: role(self.rename, old.rename),
        }
    }
}

/// Displays settings as text.
pub(crate) struct Agreed<'a>(pub(crate) &'a GroupSettings);

impl fmt::Display for Agreed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let GroupSettings {
            access,
            history,
            invite,
            post,
            pin,
            rename,
        } = self.0;
        write!(
            f,
            "access {}, history {}, invite {}, ",
            access.as_str(),
            history.as_str(),
            invite.as_str()
        )?;
        write!(
            f,
            "post {}, pin {}, rename {}",
            post.as_str(),
            pin.as_str(),
            rename.as_str()
        )
    }
}

#[derive(Debug, Serialize)]
struct Details {
    conversation: ConversationId,
    topic: Topic,
    members: u32,
    settings: GroupSettings,
}

impl fmt::Display for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            conversation,
            topic,
            members,
            settings,
        } = self;
        write!(
            f,
            "{}\nmembers: {members}  (#id:{conversation})",
            Agreed(settings)
        )?;
        if topic.is_empty() {
            Ok(())
        } else {
            write!(f, "\ntopic: {topic}")
        }
    }
}

#[derive(Debug, Serialize)]
struct Found {
    conversation: ConversationId,
    name: GroupName,
    topic: Topic,
    members: u32,
}

impl From<OpenGroup> for Found {
    fn from(group: OpenGroup) -> Self {
        let OpenGroup {
            conversation,
            name,
            topic,
            members,
        } = group;
        Self {
            conversation,
            name,
            topic,
            members,
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            conversation,
            name,
            topic,
            members,
        } = self;
        write!(f, "{members:>8} in  #{name}  (#id:{conversation})")?;
        if topic.is_empty() {
            Ok(())
        } else {
            write!(f, "  {topic}")
        }
    }
}

pub(crate) async fn settings(
    client: &Client,
    output: &mut Output,
    args: &SettingsArgs,
) -> Result<(), Failure> {
    let conversation = args.group.resolve(client).await?;
    let GroupDetails { settings: old, .. } = client.conversation(conversation).group().await?;
    let new = args.onto(old);
    if new != old {
        client
            .conversation(conversation)
            .set_group_settings(new)
            .await?;
    }
    let GroupDetails {
        topic,
        settings,
        members,
    } = client.conversation(conversation).group().await?;
    output.print(&Details {
        conversation,
        topic,
        members,
        settings,
    })
}

pub(crate) async fn find(
    client: &Client,
    output: &mut Output,
    prefix: Option<GroupName>,
) -> Result<(), Failure> {
    client
        .conversations()
        .find_groups(prefix)
        .await?
        .into_iter()
        .try_for_each(|group| output.print(&Found::from(group)))
}

/// Joins the only open group of this name, or the one with this number.
pub(crate) async fn join(client: &Client, group: &Target) -> Result<ConversationId, Failure> {
    let conversation = match group {
        Target::Group(name) => {
            let found = client
                .conversations()
                .find_groups(Some(name.clone()))
                .await?;
            let key = name.folded();
            let same: Vec<_> = found
                .iter()
                .filter(|group| group.name.folded() == key)
                .map(|group| group.conversation)
                .collect();
            crate::cli::args::target::one_of(&same, name)?.ok_or_else(|| {
                let failure =
                    Failure::new(Exit::Failed, format!("there is no open group named {name}"));
                failure.hint(
                    "`cairn group find` lists open groups; an admin can add you to any other group",
                )
            })?
        }
        Target::Id(id) => *id,
        Target::User(_) => {
            return Err(Failure::new(Exit::Failed, "a direct chat cannot be joined")
                .hint("start it with `cairn send`"));
        }
    };
    client.conversation(conversation).join().await?;
    Ok(conversation)
}
