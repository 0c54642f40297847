//! `cairn react`

use std::fmt;

use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::text::EmojiName;
use clap::Args;
use serde::Serialize;

use crate::cli::args::target::{Target, parse_emoji};
use crate::cli::chat::recall::unless_recalled;
use crate::cli::chat::text::terminal::emoji_name;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// React to a message, or remove a reaction
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn react '#team' 17 thumbsup
  cairn react '#team' 17 🏳️‍🌈
  cairn react '#team' 17 thumbsup --remove

JSON
  {\"conversation\":1,\"msgid\":17,\"emoji\":\"thumbsup\",\"removed\":false}")]
pub(crate) struct ReactArgs {
    /// '#group', '@user' or '#id:NUMBER'
    target: Target,

    /// The message
    msgid: MsgId,

    /// The emoji, or its name
    #[arg(value_parser = parse_emoji)]
    emoji: EmojiName,

    /// Remove your reaction
    #[arg(long)]
    remove: bool,
}

#[derive(Debug, Serialize)]
struct Reacted<'a> {
    conversation: ConversationId,
    msgid: MsgId,
    emoji: &'a str,
    removed: bool,
}

impl fmt::Display for Reacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            msgid,
            emoji,
            removed,
            ..
        } = self;
        let emoji = emoji_name(emoji, false);
        if *removed {
            write!(f, "took {emoji} back from message {msgid}")
        } else {
            write!(f, "reacted to message {msgid} with {emoji}")
        }
    }
}

pub(crate) async fn run(
    args: &ReactArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let &ReactArgs {
        ref target,
        msgid,
        ref emoji,
        remove,
    } = args;
    let client = context.client(Conduct::Ask).await?;
    let conversation = target.resolve(client).await?;
    let there = client.conversation(conversation);
    let reacted = match remove {
        true => there.unreact(msgid, emoji.clone()).await,
        false => there.react(msgid, emoji.clone()).await,
    };
    unless_recalled(client, (conversation, msgid), reacted).await?;
    output.print(&Reacted {
        conversation,
        msgid,
        emoji: emoji.as_str(),
        removed: remove,
    })
}
