//! `cairn users`

use std::fmt;

use cairn_proto::hello::ServerRole;
use cairn_proto::ids::UserId;
use cairn_proto::people::{Profile, UserProfile};
use cairn_proto::text::UserName;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::clean::Clean;
use super::failure::Failure;
use super::limits;
use super::session::{Conduct, Context};
use super::target::parse_user;

/// Find the users of this server
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn users find ad
  cairn users find ad --json | jq -r .name

JSON
  {\"user\":2,\"name\":\"ada\",\"role\":\"member\",\"display_name\":\"Ada Lovelace\",\"about\":null}")]
pub(super) struct UsersArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Find users by the beginning of their names, upper and lower case alike
    #[command(after_help = "EXAMPLES\n  cairn users find ad\n  cairn users find @Ad --limit 5")]
    Find {
        /// How their names begin
        #[arg(value_parser = parse_user)]
        prefix: UserName,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = limits::USERS_FOUND_DEFAULT)]
        limit: usize,
    },
}

/// A user, as he presents himself.
#[derive(Debug, Serialize)]
pub(super) struct Person {
    user: UserId,
    name: UserName,
    role: ServerRole,
    display_name: Option<String>,
    about: Option<String>,
}

impl From<UserProfile> for Person {
    fn from(found: UserProfile) -> Self {
        let UserProfile { user, profile: Profile { display_name, about } } = found;
        let display_name = display_name.map(|name| name.to_string());
        Self { user: user.id, name: user.name, role: user.role, display_name, about: about.map(|about| about.to_string()) }
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:24}  {}", self.name, self.display_name.as_deref().unwrap_or_default())?;
        match &self.about {
            Some(about) => write!(f, "  {}", Clean(about)),
            None => Ok(()),
        }
    }
}

pub(super) fn run(args: &UsersArgs, context: &Context) -> Result<(), Failure> {
    let Action::Find { prefix, limit } = &args.action;
    context.with_client(Conduct::Ask, async |client, output| {
        let found = client.search_users(prefix.clone(), *limit).await?;
        let ids: Vec<UserId> = found.iter().map(|user| user.id).collect();
        client.profiles(&ids).await?.into_iter().try_for_each(|found| output.print(&Person::from(found)))
    })
}
