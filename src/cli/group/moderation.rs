//! Roles, bans and mutes in a group.

use std::fmt;
use std::time::Duration;

use cairn_client::Client;
use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::text::UserName;
use clap::Args;
use serde::Serialize;

use crate::cli::args::duration;
use crate::cli::args::target::{Target, find_user, parse_group, parse_user};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::ui::time;

#[derive(Debug, Args)]
pub(crate) struct MuteArgs {
    /// The group
    #[arg(value_name = "NAME", value_parser = parse_group)]
    group: Target,

    /// The member to mute
    #[arg(value_name = "USER", value_parser = parse_user)]
    user: UserName,

    /// For how long: 45s, 30m, 12h, 7d, 2w
    #[arg(long = "for", value_name = "TIME", default_value = "1h", value_parser = duration::parse)]
    time: Duration,

    /// Unmute the member
    #[arg(long, conflicts_with = "time")]
    off: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Done {
    pub(crate) conversation: ConversationId,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "done in '#id:{}'", self.conversation)
    }
}

#[derive(Debug, Serialize)]
struct Banned {
    user: UserId,
    name: UserName,
}

impl fmt::Display for Banned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

pub(crate) async fn mute(client: &Client, args: &MuteArgs) -> Result<ConversationId, Failure> {
    let (conversation, user) = (
        args.group.resolve(client).await?,
        find_user(client, &args.user).await?,
    );
    let until = if args.off {
        Duration::ZERO
    } else {
        time::now().saturating_add(args.time)
    };
    let until = Timestamp::new(u64::try_from(until.as_millis()).unwrap_or(u64::MAX));
    client
        .conversation(conversation)
        .mute(user.id, until)
        .await?;
    Ok(conversation)
}

pub(crate) async fn bans(
    client: &Client,
    output: &mut Output,
    group: &Target,
) -> Result<(), Failure> {
    let banned = client
        .conversation(group.resolve(client).await?)
        .banned_users()
        .await?;
    banned.into_iter().try_for_each(|user| {
        output.print(&Banned {
            user: user.id,
            name: user.name,
        })
    })
}

pub(crate) async fn leave(client: &Client, group: &Target) -> Result<ConversationId, Failure> {
    let conversation = group.resolve(client).await?;
    client
        .conversation(conversation)
        .remove_members(vec![client.whoami().user])
        .await?;
    Ok(conversation)
}
