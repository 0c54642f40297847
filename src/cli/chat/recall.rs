//! `cairn recall`

use std::fmt;

use cairn_client::{Client, Error};
use cairn_proto::content::body::Body;
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::wire::error::ErrorCode;
use clap::Args;
use serde::Serialize;

use crate::cli::args::target::Target;
use crate::cli::chat::names::Names;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure, hint_for_code};
use crate::cli::output::Output;

/// Delete one of your messages for everyone
///
/// The sender can for a while: 15 minutes, unless the owner of the server set something else
/// (`cairn config get amend-minutes`). Owners and admins of a group can delete any of its messages
/// at any time. A placeholder stays; the text and the file are gone.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn recall '#team' 17
  cairn recall @bob 3 --json

JSON
  {\"conversation\":1,\"recalled\":17}")]
pub(crate) struct RecallArgs {
    /// '#group', '@user' or '#id:NUMBER'
    target: Target,

    /// The message
    msgid: MsgId,
}

/// Names the user who recalled the message, if a request was refused for that.
pub(crate) async fn unless_recalled<T>(
    client: &Client,
    (conversation, msgid): (ConversationId, MsgId),
    answer: Result<T, Error>,
) -> Result<T, Failure> {
    if !matches!(answer, Err(Error::Refused(ErrorCode::Recalled))) {
        return Ok(answer?);
    }
    let entry = client.conversation(conversation).message(msgid).await?;
    let by = entry.and_then(|entry| match entry.body {
        Body::Recalled { by } => Some(by),
        _ => None,
    });
    let mut names = Names::default();
    names.learn_users(client, by.as_slice()).await?;
    let by = by.map_or_else(String::new, |by| format!(" by {}", names.of(by)));
    Err(
        Failure::new(Exit::Failed, format!("message {msgid} was recalled{by}"))
            .hint(hint_for_code(ErrorCode::Recalled).unwrap_or_default()),
    )
}

#[derive(Debug, Serialize)]
struct Recalled {
    conversation: ConversationId,
    recalled: MsgId,
}

impl fmt::Display for Recalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "recalled message {}", self.recalled)
    }
}

pub(crate) async fn run(
    args: &RecallArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let conversation = args.target.resolve(client).await?;
    client.conversation(conversation).recall(args.msgid).await?;
    output.print(&Recalled {
        conversation,
        recalled: args.msgid,
    })
}
