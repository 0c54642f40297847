//! `cairn desk reply` and `cairn desk note`.

use std::fmt;

use cairn_client::Client;
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::text::{Tag, Text};
use clap::Args;
use serde::Serialize;

use super::super::args::parse_inquiry;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;

#[derive(Debug, Args)]
pub(crate) struct ReplyArgs {
    /// The number of an inquiry that you hold
    #[arg(value_parser = parse_inquiry)]
    inquiry: ConversationId,

    /// What to say
    #[arg(required_unless_present = "canned")]
    text: Option<String>,

    /// Say a canned reply, by its name
    #[arg(long, value_name = "NAME", conflicts_with = "text")]
    canned: Option<Tag>,
}

#[derive(Debug, Args)]
pub(crate) struct NoteArgs {
    /// The number of the inquiry
    #[arg(value_parser = parse_inquiry)]
    inquiry: ConversationId,

    /// What the agents shall know
    text: String,
}

#[derive(Debug, Serialize)]
struct Sent {
    inquiry: ConversationId,
    conversation: ConversationId,
    msgid: MsgId,
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.inquiry == self.conversation {
            true => write!(f, "said in inquiry {}", self.inquiry),
            false => write!(f, "noted about inquiry {}", self.inquiry),
        }
    }
}

fn checked(text: &str) -> Result<Text, Failure> {
    Text::new(text)
        .map_err(|error| Failure::new(Exit::Failed, format!("the text cannot be sent: {error}")))
}

pub(crate) async fn reply(
    args: &ReplyArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let text = args.text.as_deref().map(checked).transpose()?;
    let client = context.client(Conduct::Deliver).await?;
    let text = match (text, &args.canned) {
        (Some(text), _) => text,
        (None, Some(name)) => checked(&canned(client, name).await?)?,
        (None, None) => return Err(Failure::new(Exit::Usage, "there is nothing to say")),
    };
    let inquiry = args.inquiry;
    let msgid = client.conversation(inquiry).send(text).await?;
    output.print(&Sent {
        inquiry,
        conversation: inquiry,
        msgid,
    })
}

async fn canned(client: &Client, name: &Tag) -> Result<String, Failure> {
    let found = client.desk().canned(Some(name.clone())).await?;
    let exact = found.into_iter().find(|canned| canned.name == *name);
    exact.map(|canned| canned.text.to_string()).ok_or_else(|| {
        Failure::new(
            Exit::Failed,
            format!("there is no canned reply named {name}"),
        )
        .hint("`cairn desk canned list` shows them")
    })
}

pub(crate) async fn note(
    args: &NoteArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let text = checked(&args.text)?;
    let client = context.client(Conduct::Deliver).await?;
    let inquiry = args.inquiry;
    let conversation = client.desk().back_room(inquiry).await?;
    let msgid = client.conversation(conversation).send(text).await?;
    output.print(&Sent {
        inquiry,
        conversation,
        msgid,
    })
}
