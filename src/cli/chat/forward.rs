//! `cairn forward`

use std::fmt;

use cairn_proto::ids::{ConversationId, MsgId};
use clap::Args;
use serde::Serialize;

use crate::cli::args::target::Target;
use crate::cli::chat::recall::unless_recalled;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// Forward a message to another conversation
///
/// The server copies the message as it is now, together with the name of its author. Mentions in it
/// do not notify again.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn forward '#team' 17 @bob
  cairn forward '#team' 17 '#news' --json

JSON
  {\"conversation\":4294967298,\"msgid\":3}")]
pub(crate) struct ForwardArgs {
    /// The conversation of the message: '#group', '@user' or '#id:NUMBER'
    from: Target,

    /// The message
    msgid: MsgId,

    /// Where to send it: '#group', '@user' or '#id:NUMBER'
    to: Target,
}

#[derive(Debug, Serialize)]
struct Forwarded {
    conversation: ConversationId,
    msgid: MsgId,
}

impl fmt::Display for Forwarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "forwarded as message {}", self.msgid)
    }
}

pub(crate) async fn run(
    args: &ForwardArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let (from, conversation) = (
        args.from.resolve(client).await?,
        args.to.resolve(client).await?,
    );
    let forwarded = client
        .conversation(from)
        .forward(args.msgid, conversation)
        .await;
    let msgid = unless_recalled(client, (from, args.msgid), forwarded).await?;
    output.print(&Forwarded {
        conversation,
        msgid,
    })
}
