//! `cairn pin`

use std::fmt;

use cairn_proto::ids::{ConversationId, MsgId};
use clap::Args;
use serde::Serialize;

use crate::cli::args::target::Target;
use crate::cli::chat::recall::unless_recalled;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// Pin a message, unpin it, or list the pinned messages
///
/// All members of a group can pin, unless its settings say otherwise (`cairn group settings`); in a
/// direct chat, both can. A message that is recalled is unpinned.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn pin '#team' 17
  cairn pin '#team' 17 --remove
  cairn pin '#team'

JSON, one for each pinned message, or for the one that was changed
  {\"conversation\":1,\"msgid\":17,\"pinned\":true}")]
pub(crate) struct PinArgs {
    /// '#group', '@user' or '#id:NUMBER'
    target: Target,

    /// The message; without it, the pinned ones are listed
    msgid: Option<MsgId>,

    /// Unpin it
    #[arg(long, requires = "msgid")]
    remove: bool,
}

#[derive(Debug, Serialize)]
struct Pin {
    conversation: ConversationId,
    msgid: MsgId,
    pinned: bool,
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "message {} is {}",
            self.msgid,
            if self.pinned { "pinned" } else { "not pinned" }
        )
    }
}

pub(crate) async fn run(
    args: &PinArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let conversation = args.target.resolve(client).await?;
    let Some(msgid) = args.msgid else {
        let mut pins = client.conversation(conversation).pins().await?.into_iter();
        return pins.try_for_each(|msgid| {
            output.print(&Pin {
                conversation,
                msgid,
                pinned: true,
            })
        });
    };
    let there = client.conversation(conversation);
    let pinned = match args.remove {
        true => there.unpin(msgid).await,
        false => there.pin(msgid).await,
    };
    unless_recalled(client, (conversation, msgid), pinned).await?;
    output.print(&Pin {
        conversation,
        msgid,
        pinned: !args.remove,
    })
}
