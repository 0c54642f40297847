//! `cairn edit`

use std::fmt;

use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::text::Text;
use clap::Args;
use serde::Serialize;

use crate::cli::args::target::Target;
use crate::cli::chat::recall::unless_recalled;
use crate::cli::chat::text::mentioning::Mentioning;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;

/// Edit one of your messages
///
/// Only the sender can edit a text, or the caption of a file, and only for a while: 15 minutes,
/// unless the owner of the server set something else (`cairn config get amend-minutes`). All
/// members see that it was edited. @name in the new text mentions that member, and those that only
/// the former text named are no longer mentioned.
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

    /// The new text
    text: String,

    /// Mention no one for an @name in the new text
    #[arg(long)]
    no_mentions: bool,
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
        no_mentions,
    } = args;
    let text = Text::new(text)
        .map_err(|error| Failure::new(Exit::Failed, format!("the text cannot be sent: {error}")))?;
    let client = context.client(Conduct::Ask).await?;
    let conversation = target.resolve(client).await?;
    let mut mentioning = Mentioning::new(no_mentions);
    let there = client.conversation(conversation);
    let edited = mentioning.edit(there, msgid, text).await;
    unless_recalled(client, (conversation, msgid), edited).await?;
    mentioning.warn(&target, output);
    output.print(&Edited {
        conversation,
        edited: msgid,
    })
}
