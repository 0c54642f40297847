//! `cairn forward`

use std::fmt;

use cairn_proto::ids::{ConversationId, MsgId};
use clap::Args;
use serde::Serialize;

use crate::cli::args::target::Target;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// Say in another conversation what was said in one
///
/// The server copies the message as it is now, with its author, who is shown with it. Whom it mentioned is not asked to notice it again.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn forward '#team' 17 @bob
  cairn forward '#team' 17 '#news' --json

JSON
  {\"conversation\":4294967298,\"msgid\":3}")]
pub(crate) struct ForwardArgs {
    /// Where it was said: '#group', '@user' or '#id:NUMBER'
    from: Target,

    /// The message
    msgid: MsgId,

    /// Where to say it: '#group', '@user' or '#id:NUMBER'
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
    let msgid = client.forward(from, args.msgid, conversation).await?;
    output.print(&Forwarded {
        conversation,
        msgid,
    })
}
