//! `cairn invite`

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::time::Duration;

use cairn_client::{Client, Error};
use cairn_proto::ids::{LinkId, UserId};
use cairn_proto::limits::{INVITE_LIFE_MAX, INVITE_USES_MAX};
use cairn_proto::model::user::{InviteInfo, ServerRole};
use cairn_proto::text::UserName;
use cairn_proto::wire::error::ErrorCode;
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cli::args::duration;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;
use crate::ui::time;

/// Create an invite link, list or revoke invites
///
/// Anyone with the link can join, so share it over a channel that you trust. For owners and admins
/// of the server.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "EXAMPLES
  cairn invite
  cairn invite --uses 20 --expires 2d
  cairn invite --json | jq -r .invite
  cairn invite list
  cairn invite revoke 9f86d081

JSON
  {\"invite\":\"cairn://…\",\"id\":\"9f86d081\",\"uses\":1,\"life_seconds\":604800}"
)]
pub(crate) struct InviteArgs {
    #[command(subcommand)]
    action: Option<Action>,

    /// How many users can join with it
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(INVITE_USES_MAX)),
    )]
    uses: u32,

    /// How long it is valid: 45s, 30m, 12h, 7d, 2w; at most 366d
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = parse_life)]
    expires: Duration,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the invites that have not expired, and who joined with them
    #[command(after_help = "EXAMPLES
  cairn invite list
  cairn invite list --json | jq -r 'select(.uses_left > 0) | .id'

JSON, one for each invite; maker is null if the server made it or for old ones,
used_by names at most 100 of uses users, and is null for old ones
  {\"id\":\"9f86d081\",\"role\":\"member\",\"maker\":\"ada\",\"uses_left\":0,\"uses\":1,\
     \"used_by\":[\"bob\"],\"expires_at_ms\":1700604800000}")]
    List,

    /// Revoke an invite: it lets no further user join
    #[command(after_help = "EXAMPLES\n  cairn invite revoke 9f86d081\n\nJSON\n  \
            {\"revoked\":\"9f86d081\"}")]
    Revoke {
        /// The invite, as `cairn invite list` shows it
        #[arg(value_parser = parse_id)]
        id: LinkId,
    },
}

fn parse_id(raw: &str) -> Result<LinkId, &'static str> {
    raw.parse()
        .map_err(|_| "it is the 8 digits that `cairn invite list` shows")
}

fn parse_life(raw: &str) -> Result<Duration, duration::DurationError> {
    let life = duration::parse(raw)?;
    if life <= INVITE_LIFE_MAX {
        Ok(life)
    } else {
        Err(duration::DurationError::Range)
    }
}

#[derive(Debug, Serialize)]
struct Invite {
    invite: String,
    id: String,
    uses: u32,
    life_seconds: u64,
}

impl fmt::Display for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.invite)
    }
}

/// An invite in the list.
#[derive(Debug, Serialize)]
struct Listed {
    id: String,
    role: ServerRole,
    maker: Option<UserName>,
    uses_left: u32,
    uses: u32,
    used_by: Option<Vec<UserName>>,
    expires_at_ms: u64,
}

impl Listed {
    /// Names the users of an invite.
    fn new(invite: InviteInfo, names: &HashMap<UserId, UserName>) -> Self {
        let InviteInfo {
            id,
            role,
            maker,
            uses_left,
            expires_at,
            uses,
            used_by,
        } = invite;
        let name = |user| names.get(&user).cloned();
        // Before makers were recorded, the users of an invite were not either.
        let is_known = maker.is_some() || uses > 0;
        let used_by = is_known.then(|| used_by.into_iter().filter_map(name).collect());
        Self {
            id: id.to_string(),
            role,
            maker: maker.and_then(name),
            uses_left,
            uses,
            used_by,
            expires_at_ms: expires_at.get(),
        }
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let maker = self.maker.as_ref().map_or("-", UserName::as_str);
        write!(
            f,
            "{}  by {maker:16}  {:>5} left  until {}  used by ",
            self.id,
            self.uses_left,
            time::Local(self.expires_at_ms)
        )?;
        match self.used_by.as_deref() {
            None => f.write_str("unknown users"),
            Some([]) => f.write_str("no one"),
            Some(users) => {
                let names: Vec<&str> = users.iter().map(UserName::as_str).collect();
                f.write_str(&names.join(", "))?;
                match self.uses as usize - users.len() {
                    0 => Ok(()),
                    more => write!(f, " and {more} more"),
                }
            }
        }
    }
}

#[derive(Debug, Serialize)]
struct Revoked {
    revoked: String,
}

impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "revoked invite {}", self.revoked)
    }
}

pub(crate) async fn run(
    args: &InviteArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    match args.action {
        None => create(args, client, output).await,
        Some(Action::List) => list(client, output).await,
        Some(Action::Revoke { id }) => revoke(id, client, output).await,
    }
}

async fn create(args: &InviteArgs, client: &Client, output: &mut Output) -> Result<(), Failure> {
    let (link, id) = client.admin().new_invite(args.uses, args.expires).await?;
    output.print(&Invite {
        invite: link.to_string(),
        id: id.to_string(),
        uses: args.uses,
        life_seconds: args.expires.as_secs(),
    })
}

async fn list(client: &Client, output: &mut Output) -> Result<(), Failure> {
    let mut invites = client.admin().invites().await?;
    invites.sort_by_key(|invite| invite.expires_at);
    let named = invites
        .iter()
        .flat_map(|invite| invite.maker.iter().chain(&invite.used_by));
    let named: Vec<UserId> = named
        .copied()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let users = client.people().shown(&named).await?;
    let names = users
        .into_iter()
        .map(|(id, user)| (id, user.name))
        .collect();
    invites
        .into_iter()
        .try_for_each(|invite| output.print(&Listed::new(invite, &names)))
}

async fn revoke(id: LinkId, client: &Client, output: &mut Output) -> Result<(), Failure> {
    match client.admin().revoke_invite(id).await {
        Err(Error::Refused(ErrorCode::BadInvite)) => {
            let failure = Failure::new(Exit::Failed, format!("there is no invite {id}"));
            return Err(failure.hint("`cairn invite list` shows the invites"));
        }
        other => other?,
    }
    output.print(&Revoked {
        revoked: id.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use cairn_proto::ids::Timestamp;

    use super::*;

    #[test]
    fn invites_are_valid_for_at_most_a_year() {
        assert_eq!(parse_life("366d"), Ok(INVITE_LIFE_MAX));
        assert_eq!(parse_life("367d"), Err(duration::DurationError::Range));
    }
    #[test]
    fn users_of_old_invites_are_unknown() {
        let listed = |maker: Option<u32>, used_by: &[u32]| {
            let invite = InviteInfo {
                id: LinkId::new(0x9f86_d081),
                role: ServerRole::Member,
                maker: maker.map(UserId::new),
                uses_left: 1,
                expires_at: Timestamp::new(0),
                uses: used_by.len() as u32,
                used_by: used_by.iter().copied().map(UserId::new).collect(),
            };
            let names = [(1, "ada"), (2, "bob")]
                .map(|(user, name)| (UserId::new(user), UserName::new(name).unwrap()));
            Listed::new(invite, &HashMap::from(names)).to_string()
        };
        for (maker, used_by, expected) in [
            (None, &[][..], "used by unknown users"),
            (Some(1), &[], "used by no one"),
            (Some(1), &[2], "used by bob"),
            (None, &[1, 2], "used by ada, bob"),
        ] {
            let shown = listed(maker, used_by);
            assert!(shown.ends_with(expected), "{shown}");
        }
    }
}
