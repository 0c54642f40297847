//! `cairn read`

use std::fmt;

use cairn_proto::ids::{ConversationId, MsgId};
use clap::Args;
use serde::Serialize;

use crate::cli::args::target::Target;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// Mark a conversation as read, on all your devices
///
/// Without MSGID, up to its newest message. The read cursor never moves back: a lower MSGID than
/// before changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn read '#team'
  cairn read @bob 17

JSON, the read cursor from now on
  {\"conversation\":1,\"read\":17}")]
pub(crate) struct ReadArgs {
    /// '#group', '@user' or '#id:NUMBER'
    target: Target,

    /// The last message that you have read
    msgid: Option<MsgId>,
}

#[derive(Debug, Serialize)]
struct Read {
    conversation: ConversationId,
    read: MsgId,
}

impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "read up to {}", self.read)
    }
}

pub(crate) async fn run(
    args: &ReadArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let conversation = args.target.overview(client).await?;
    let msgid = args.msgid.unwrap_or(conversation.head);
    client
        .conversation(conversation.id)
        .mark_read(msgid)
        .await?;
    output.print(&Read {
        conversation: conversation.id,
        read: msgid.max(conversation.read),
    })
}
