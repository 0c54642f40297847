//! `cairn group`

use std::fmt;

use cairn_client::Client;
use cairn_proto::hello::ServerRole;
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::limits::USERS_PER_REQUEST_MAX;
use cairn_proto::response::{Member, Role};
use cairn_proto::text::{GroupName, UserName};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::session::{Conduct, Context};
use super::target::{Target, parse_group, parse_group_name, parse_user};

/// Make groups, and say who is in them
///
/// NAME is the group's name, with or without #. Groups may share a name; then '#id:NUMBER' says which one.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn group create team ada bob
  cairn group add team carol
  cairn group remove team bob
  cairn group members team")]
pub(super) struct GroupArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a group; you are its owner
    #[command(after_help = "EXAMPLES\n  cairn group create team\n  cairn group create 'the whole team' ada bob --json")]
    Create {
        /// Its name
        #[arg(value_parser = parse_group_name)]
        name: GroupName,
        /// Its first members beside you
        #[arg(value_name = "USER", value_parser = parse_user)]
        users: Vec<UserName>,
    },
    /// Make users members of a group
    #[command(after_help = "EXAMPLES\n  cairn group add team carol dave")]
    Add {
        /// The group
        #[arg(value_name = "NAME", value_parser = parse_group)]
        group: Target,
        /// Who is to become a member
        #[arg(value_name = "USER", required = true, value_parser = parse_user)]
        users: Vec<UserName>,
    },
    /// End memberships; with your own name, leave
    #[command(after_help = "EXAMPLES\n  cairn group remove team bob")]
    Remove {
        /// The group
        #[arg(value_name = "NAME", value_parser = parse_group)]
        group: Target,
        /// Who is to be a member no more
        #[arg(value_name = "USER", required = true, value_parser = parse_user)]
        users: Vec<UserName>,
    },
    /// List the members of a group
    #[command(after_help = "EXAMPLES\n  cairn group members team\n  cairn group members team --json | jq -r .name")]
    Members {
        /// The group
        #[arg(value_name = "NAME", value_parser = parse_group)]
        group: Target,
    },
}

#[derive(Debug, Serialize)]
struct Created {
    conversation: ConversationId,
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "made '#id:{}'", self.conversation)
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
            1 => f.write_str("1 membership changed"),
            many => write!(f, "{many} memberships changed"),
        }
    }
}

#[derive(Debug, Serialize)]
struct Row {
    user: UserId,
    name: UserName,
    role: Role,
    server_role: ServerRole,
    joined: MsgId,
    read: MsgId,
}

impl From<Member> for Row {
    fn from(member: Member) -> Self {
        let Member { user, role, joined, read } = member;
        Self { user: user.id, name: user.name, role, server_role: user.role, joined, read }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:24}  {:6}  read up to {}", self.name, self.role.as_str(), self.read)
    }
}

pub(super) fn run(args: &GroupArgs, context: &Context) -> Result<(), Failure> {
    context.with_client(Conduct::Ask, async |client, output| match &args.action {
        Action::Create { name, users } => create(client, output, name, users).await,
        Action::Add { group, users } => {
            let (conversation, users) = (group.resolve(client).await?, find_all(client, users).await?);
            let mut changed = 0;
            for users in users.chunks(USERS_PER_REQUEST_MAX) {
                changed += client.add_members(conversation, users.to_vec()).await?;
            }
            output.print(&Changed { conversation, changed })
        }
        Action::Remove { group, users } => {
            let (conversation, users) = (group.resolve(client).await?, find_all(client, users).await?);
            let mut changed = 0;
            for users in users.chunks(USERS_PER_REQUEST_MAX) {
                changed += client.remove_members(conversation, users.to_vec()).await?;
            }
            output.print(&Changed { conversation, changed })
        }
        Action::Members { group } => {
            let conversation = group.resolve(client).await?;
            client.members(conversation).await?.into_iter().try_for_each(|member| output.print(&Row::from(member)))
        }
    })
}

async fn create(client: &Client, output: &mut Output, name: &GroupName, users: &[UserName]) -> Result<(), Failure> {
    let users = find_all(client, users).await?;
    let mut parts = users.chunks(USERS_PER_REQUEST_MAX);
    let first = parts.next().unwrap_or_default();
    let conversation = client.create_group(name.clone(), first.to_vec()).await?;
    for users in parts {
        client.add_members(conversation, users.to_vec()).await?;
    }
    output.print(&Created { conversation })
}

/// The users of these names. Nothing is done when one of them is nobody's.
async fn find_all(client: &Client, names: &[UserName]) -> Result<Vec<UserId>, Failure> {
    let found = client.find_users(names.to_vec()).await?;
    let is_missing = |name: &&UserName| !found.iter().any(|user| user.name == **name);
    let missing: Vec<&str> = names.iter().filter(is_missing).map(UserName::as_str).collect();
    if !missing.is_empty() {
        let failure = Failure::new(Exit::Failed, format!("there is no user named {}", missing.join(", ")));
        return Err(failure.hint("nothing was changed; users come with `cairn invite`"));
    }
    Ok(found.into_iter().map(|user| user.id).collect())
}
