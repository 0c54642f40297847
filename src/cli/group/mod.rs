//! `cairn group`

pub(crate) mod moderation;
pub(crate) mod settings;

use std::fmt;

use cairn_client::view::Conversation;
use cairn_client::{Client, Error as ClientError};
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::limits::USERS_PER_REQUEST_MAX;
use cairn_proto::model::conversation::Member;
use cairn_proto::model::group::Role;
use cairn_proto::model::user::{ServerRole, UserState};
use cairn_proto::text::{GroupName, Topic, UserName};
use clap::{Args, Subcommand};
use serde::Serialize;

use self::moderation::{Done, MuteArgs};
use self::settings::{RoleArg, SettingsArgs};
use crate::cli::args::target::{
    Target, find_user, parse_group, parse_group_name, parse_group_prefix, parse_user,
};
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;
use crate::ui::time;

/// Manage groups: members, roles, settings
///
/// NAME is the name of the group, with or without #. Groups can share a name; '#id:NUMBER' selects
/// one of them.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn group create team ada bob
  cairn group add team carol
  cairn group remove team bob
  cairn group members team
  cairn group settings team --access open
  cairn group role team bob admin

JSON, unless the help of the subcommand says otherwise
  {\"conversation\":1}")]
pub(crate) struct GroupArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Create a group; you are its owner
    #[command(after_help = "EXAMPLES
  cairn group create team
  cairn group create 'the whole team' ada bob --json

JSON
  {\"conversation\":1}")]
    Create {
        /// Its name
        #[arg(value_parser = parse_group_name)]
        name: GroupName,
        /// Its first members besides you
        #[arg(value_name = "USER", value_parser = parse_user)]
        users: Vec<UserName>,
    },
    /// Add users to a group
    #[command(after_help = "EXAMPLES
  cairn group add team carol dave

JSON; changed is the number of users that it changed
  {\"conversation\":1,\"changed\":2}")]
    Add {
        /// The group
        #[arg(value_name = "NAME", value_parser = parse_group)]
        group: Target,
        /// The users to add
        #[arg(value_name = "USER", required = true, value_parser = parse_user)]
        users: Vec<UserName>,
    },
    /// Remove users from a group; admins of the server, deactivated users from any group
    #[command(after_help = "EXAMPLES
  cairn group remove team bob

JSON; changed is the number of users that it changed
  {\"conversation\":1,\"changed\":2}")]
    Remove {
        /// The group
        #[arg(value_name = "NAME", value_parser = parse_group)]
        group: Target,
        /// The users to remove
        #[arg(value_name = "USER", required = true, value_parser = parse_user)]
        users: Vec<UserName>,
    },
    /// List the members of a group
    #[command(after_help = "EXAMPLES
  cairn group members team
  cairn group members team --json | jq -r .name

JSON, one for each member; muted_until_ms is 0 or in the past for members
who are not muted; read is 0 where it is hidden
  {\"user\":2,\"name\":\"bob\",\"role\":\"member\",\"server_role\":\"member\",\
     \"state\":\"active\",\"joined\":1,\"read\":17,\"muted_until_ms\":0}")]
    Members {
        /// The group
        #[arg(value_name = "NAME", value_parser = parse_group)]
        group: Target,
    },
    /// Rename a group
    #[command(
        after_help = "EXAMPLES\n  cairn group rename team 'the whole team'\n\nJSON\n  \
            {\"conversation\":1}"
    )]
    Rename {
        /// The group
        #[arg(value_name = "NAME", value_parser = parse_group)]
        group: Target,
        /// The new name
        #[arg(value_name = "NEW-NAME", value_parser = parse_group_name)]
        to: GroupName,
    },
    /// Set the topic of a group
    #[command(after_help = "EXAMPLES
  cairn group topic team 'release on Friday'
  cairn group topic team ''        removes the topic

JSON
  {\"conversation\":1}")]
    Topic {
        /// The group
        #[arg(value_name = "NAME", value_parser = parse_group)]
        group: Target,
        /// The topic, in one line; empty for none
        topic: Topic,
    },
    /// Show or change who can join a group and what members can do
    #[command(after_help = "EXAMPLES
  cairn group settings team
  cairn group settings team --access open --history from-join
  cairn group settings news --post admin --pin admin

JSON, the settings now
  {\"conversation\":1,\"topic\":\"\",\"members\":3,\"settings\":{\"access\":\"invite-only\",\
     \"history\":\"all\",
   \"invite\":\"admin\",\"post\":\"member\",\"pin\":\"member\",\"rename\":\"admin\"}}")]
    Settings(SettingsArgs),
    /// Change the role of a member
    #[command(after_help = "EXAMPLES
  cairn group role team bob admin
  cairn group role team bob member

JSON
  {\"conversation\":1}")]
    Role {
        /// The group
        #[arg(value_name = "NAME", value_parser = parse_group)]
        group: Target,
        /// The member
        #[arg(value_name = "USER", value_parser = parse_user)]
        user: UserName,
        /// The new role
        role: RoleArg,
    },
    /// Hand over the ownership of a group; you become an admin
    #[command(
        after_help = "EXAMPLES\n  cairn group hand-over team bob\n\nJSON\n  {\"conversation\":1}"
    )]
    HandOver {
        /// The group
        #[arg(value_name = "NAME", value_parser = parse_group)]
        group: Target,
        /// The new owner
        #[arg(value_name = "USER", value_parser = parse_user)]
        user: UserName,
    },
    /// Ban users from a group
    #[command(after_help = "EXAMPLES
  cairn group ban team mallory

JSON; changed is the number of users that it changed
  {\"conversation\":1,\"changed\":2}")]
    Ban {
        /// The group
        #[arg(value_name = "NAME", value_parser = parse_group)]
        group: Target,
        /// The users to ban, members or not
        #[arg(value_name = "USER", required = true, value_parser = parse_user)]
        users: Vec<UserName>,
    },
    /// Lift bans
    #[command(after_help = "EXAMPLES
  cairn group unban team mallory

JSON; changed is the number of users that it changed
  {\"conversation\":1,\"changed\":2}")]
    Unban {
        /// The group
        #[arg(value_name = "NAME", value_parser = parse_group)]
        group: Target,
        /// The users to unban
        #[arg(value_name = "USER", required = true, value_parser = parse_user)]
        users: Vec<UserName>,
    },
    /// List the banned users of a group
    #[command(after_help = "EXAMPLES
  cairn group bans team --json | jq -r .name

JSON, one for each user
  {\"user\":4,\"name\":\"mallory\"}")]
    Bans {
        /// The group
        #[arg(value_name = "NAME", value_parser = parse_group)]
        group: Target,
    },
    /// Mute a member for a while
    #[command(after_help = "EXAMPLES
  cairn group mute team mallory --for 2h
  cairn group mute team mallory --off

JSON
  {\"conversation\":1}")]
    Mute(MuteArgs),
    /// List the open groups of the server
    #[command(after_help = "EXAMPLES
  cairn group find
  cairn group find rust --json | jq -r .name

JSON, one for each group
  {\"conversation\":17,\"name\":\"rust\",\"topic\":\"\",\"members\":12}")]
    Find {
        /// The beginning of the name
        #[arg(value_parser = parse_group_prefix)]
        prefix: Option<GroupName>,
    },
    /// Join an open group
    #[command(
        after_help = "EXAMPLES\n  cairn group join rust\n  cairn group join '#id:17'\n\nJSON\n  \
            {\"conversation\":17}"
    )]
    Join {
        /// The group
        #[arg(value_name = "NAME", value_parser = parse_group)]
        group: Target,
    },
    /// Leave a group
    #[command(after_help = "EXAMPLES\n  cairn group leave team\n\nJSON\n  {\"conversation\":1}")]
    Leave {
        /// The group
        #[arg(value_name = "NAME", value_parser = parse_group)]
        group: Target,
    },
}

#[derive(Debug, Serialize)]
struct Created<'a> {
    conversation: ConversationId,
    #[serde(skip)]
    name: &'a GroupName,
}

impl fmt::Display for Created<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "created #{}", self.name)
    }
}

#[derive(Debug, Serialize)]
struct Changed {
    conversation: ConversationId,
    changed: u32,
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.changed {
            0 => f.write_str("nothing to change"),
            1 => f.write_str("changed for 1 user"),
            many => write!(f, "changed for {many} users"),
        }
    }
}

#[derive(Debug, Serialize)]
struct Row {
    user: UserId,
    name: UserName,
    role: Role,
    server_role: ServerRole,
    state: &'static str,
    joined: MsgId,
    read: MsgId,
    muted_until_ms: u64,
}

impl From<Member> for Row {
    fn from(member: Member) -> Self {
        let Member {
            user,
            role,
            joined,
            read,
            muted_until,
        } = member;
        Self {
            user: user.id,
            name: user.name,
            role,
            server_role: user.role,
            state: user.state.as_str(),
            joined,
            read,
            muted_until_ms: muted_until.get(),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:24}  {:6}  read up to {}",
            self.name,
            self.role.as_str(),
            self.read
        )?;
        if u128::from(self.muted_until_ms) > time::now().as_millis() {
            write!(f, "  muted until {}", time::Local(self.muted_until_ms))?;
        }
        if self.state != UserState::Active.as_str() {
            write!(f, "  ({})", self.state)?;
        }
        Ok(())
    }
}

pub(crate) async fn run(
    args: &GroupArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    match &args.action {
        Action::Create { name, users } => create(client, output, name, users).await,
        Action::Add { group, users } => {
            each(client, output, group, users, Conversation::add_members).await
        }
        Action::Remove { group, users } => {
            each(client, output, group, users, Conversation::remove_members).await
        }
        Action::Ban { group, users } => each(client, output, group, users, Conversation::ban).await,
        Action::Unban { group, users } => {
            each(client, output, group, users, Conversation::unban).await
        }
        Action::Members { group } => {
            let conversation = group.resolve(client).await?;
            client
                .conversation(conversation)
                .members()
                .await?
                .into_iter()
                .try_for_each(|member| output.print(&Row::from(member)))
        }
        Action::Settings(args) => settings::settings(client, output, args).await,
        Action::Bans { group } => moderation::bans(client, output, group).await,
        Action::Find { prefix } => settings::find(client, output, prefix.clone()).await,
        Action::Rename { group, to } => {
            let conversation = group.resolve(client).await?;
            client.conversation(conversation).rename(to.clone()).await?;
            output.print(&Done { conversation })
        }
        Action::Topic { group, topic } => {
            let conversation = group.resolve(client).await?;
            client
                .conversation(conversation)
                .set_topic(topic.clone())
                .await?;
            output.print(&Done { conversation })
        }
        Action::Role { group, user, role } => {
            let (conversation, user) =
                (group.resolve(client).await?, find_user(client, user).await?);
            client
                .conversation(conversation)
                .set_role(user.id, (*role).into())
                .await?;
            output.print(&Done { conversation })
        }
        Action::HandOver { group, user } => {
            let (conversation, user) =
                (group.resolve(client).await?, find_user(client, user).await?);
            client.conversation(conversation).hand_over(user.id).await?;
            output.print(&Done { conversation })
        }
        Action::Mute(args) => output.print(&Done {
            conversation: moderation::mute(client, args).await?,
        }),
        Action::Join { group } => output.print(&Done {
            conversation: settings::join(client, group).await?,
        }),
        Action::Leave { group } => output.print(&Done {
            conversation: moderation::leave(client, group).await?,
        }),
    }
}

/// Applies an action to users of a group, in requests of the maximum size.
async fn each<'a>(
    client: &'a Client,
    output: &mut Output,
    group: &Target,
    users: &[UserName],
    act: impl AsyncFn(Conversation<'a>, Vec<UserId>) -> Result<u32, ClientError>,
) -> Result<(), Failure> {
    let (conversation, users) = (group.resolve(client).await?, find_all(client, users).await?);
    let mut changed = 0;
    for users in users.chunks(USERS_PER_REQUEST_MAX) {
        changed += act(client.conversation(conversation), users.to_vec()).await?;
    }
    output.print(&Changed {
        conversation,
        changed,
    })
}

async fn create(
    client: &Client,
    output: &mut Output,
    name: &GroupName,
    users: &[UserName],
) -> Result<(), Failure> {
    let users = find_all(client, users).await?;
    let mut parts = users.chunks(USERS_PER_REQUEST_MAX);
    let first = parts.next().unwrap_or_default();
    let conversation = client
        .conversations()
        .create_group(name.clone(), first.to_vec())
        .await?;
    for users in parts {
        client
            .conversation(conversation)
            .add_members(users.to_vec())
            .await?;
    }
    output.print(&Created { conversation, name })
}

/// Returns the users with these names, or fails if one does not exist.
async fn find_all(client: &Client, names: &[UserName]) -> Result<Vec<UserId>, Failure> {
    let found = client.people().addressed(names).await?;
    let missing: Vec<&str> = names
        .iter()
        .zip(&found)
        .filter(|(_, found)| found.is_none())
        .map(|(name, _)| name.as_str())
        .collect();
    if !missing.is_empty() {
        let failure = Failure::new(
            Exit::Failed,
            format!("there is no user named {}", missing.join(", ")),
        );
        return Err(failure.hint("nothing was changed; invite new users with `cairn invite`"));
    }
    Ok(found.into_iter().flatten().map(|user| user.id).collect())
}
