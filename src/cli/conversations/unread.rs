//! `cairn unread`

use std::fmt;

use cairn_proto::ids::{ConversationId, MsgId};
use clap::Args;
use serde::Serialize;

use crate::cli::args::target::Target;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// Mark a conversation as unread from a message on
///
/// It applies to all your devices, until you send a message there or run `cairn read`. Receipts
/// that others have seen stay as they are.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn unread '#team' 17
  cairn unread @bob 3

JSON; read is the last message that counts as read
  {\"conversation\":1,\"read\":16,\"unread\":3,\"mentions\":1}")]
pub(crate) struct UnreadArgs {
    /// '#group', '@user' or '#id:NUMBER'
    target: Target,

    /// The first message that you have not read; at most 1,000 back
    msgid: MsgId,
}

#[derive(Debug, Serialize)]
struct Unread {
    conversation: ConversationId,
    read: MsgId,
    unread: u64,
    mentions: u64,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} unread, {} of them mentions",
            self.unread, self.mentions
        )
    }
}

pub(crate) async fn run(
    args: &UnreadArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let id = args.target.resolve(client).await?;
    client.conversation(id).mark_unread(args.msgid).await?;
    let explained = client
        .conversation(id)
        .explain(client.whoami().user)
        .await?;
    output.print(&Unread {
        conversation: id,
        read: explained.read,
        unread: explained.unread,
        mentions: explained.mentions,
    })
}
