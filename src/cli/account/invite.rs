//! `cairn invite`

use std::fmt;
use std::time::Duration;

use cairn_proto::limits::{INVITE_LIFE_MAX, INVITE_USES_MAX};
use clap::Args;
use serde::Serialize;

use crate::cli::args::duration;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// Create an invite link
///
/// Anyone with the link can join, so share it over a channel that you trust. For owners and admins
/// of the server.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn invite
  cairn invite --uses 20 --expires 2d
  cairn invite --json | jq -r .invite

JSON
  {\"invite\":\"cairn://…\",\"uses\":1,\"life_seconds\":604800}")]
pub(crate) struct InviteArgs {
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
    uses: u32,
    life_seconds: u64,
}

impl fmt::Display for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.invite)
    }
}

pub(crate) async fn run(
    args: &InviteArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let link = client
        .admin()
        .create_invite(args.uses, args.expires)
        .await?;
    output.print(&Invite {
        invite: link.to_string(),
        uses: args.uses,
        life_seconds: args.expires.as_secs(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invites_are_valid_for_at_most_a_year() {
        assert_eq!(parse_life("366d"), Ok(INVITE_LIFE_MAX));
        assert_eq!(parse_life("367d"), Err(duration::DurationError::Range));
    }
}
