//! `cairn edit`

use std::fmt;

use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::text::Text;
use clap::Args;
use serde::Serialize;

use crate::cli::args::target::Target;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;

/// Say something else in the place of a message
///
/// Only its sender can edit a text, or the caption of a file, for a while (15 minutes, unless the server's owner says otherwise: `cairn
/// config`). Everybody sees that it was edited; whoever reads it later sees the new text.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn edit '#team' 17 'lunch at noon?'
  cairn edit @bob 3 'see you tomorrow' --json
  cairn edit '#team' 18 'the last page, corrected'      # the caption of a file

JSON
  {\"conversation\":1,\"edited\":17}")]
pub(crate) struct EditArgs {
    /// '#group', '@user' or '#id:NUMBER'
    target: Target,

    /// The message
    msgid: MsgId,

    /// What it says from now on
    text: String,
}

#[derive(Debug, Serialize)]
struct Edited {
    conversation: ConversationId,
    edited: MsgId,
}

impl fmt::Display for Edited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "edited message {}", self.edited)
    }
}

pub(crate) async fn run(
    args: EditArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let EditArgs {
        target,
        msgid,
        text,
    } = args;
    let text = Text::new(text)
        .map_err(|error| Failure::new(Exit::Failed, format!("the text cannot be sent: {error}")))?;
    let client = context.client(Conduct::Ask).await?;
    let conversation = target.resolve(client).await?;
    client.edit(conversation, msgid, text).await?;
    output.print(&Edited {
        conversation,
        edited: msgid,
    })
}
