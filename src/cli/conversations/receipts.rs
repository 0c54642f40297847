//! `cairn receipts`

use std::fmt;

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::model::receipts::{Reads, ReceiptCounts, ReceiptState};
use cairn_proto::text::UserName;
use clap::Args;
use serde::Serialize;

use crate::cli::args::target::Target;
use crate::cli::chat::recall::unless_recalled;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// Show who has received and read a message
///
/// It covers users who were members when the message was sent, and still are. Users who hide what
/// they read (`cairn me reads hidden`) count as delivered at most, and see no more about others.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn receipts '#team' 17
  cairn receipts @bob 3 --json

JSON; state is sent, delivered or read, reads is shown or hidden
  {\"conversation\":1,\"msgid\":17,\"of\":2,\"delivered\":2,\"read\":1,\"reads\":\"shown\",
   \"who\":[{\"user\":2,\"name\":\"bob\",\"state\":\"read\"},{\"user\":3,\"name\":\"eve\",\
      \"state\":\"delivered\"}]}")]
pub(crate) struct ReceiptsArgs {
    /// '#group', '@user' or '#id:NUMBER'
    target: Target,

    /// The message
    msgid: MsgId,
}

#[derive(Debug, Serialize)]
struct Receipts {
    conversation: ConversationId,
    msgid: MsgId,
    #[serde(flatten)]
    counts: ReceiptCounts,
    reads: Reads,
    who: Vec<Who>,
}

#[derive(Debug, Serialize)]
struct Who {
    user: UserId,
    name: Option<UserName>,
    state: ReceiptState,
}

impl fmt::Display for Receipts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ReceiptCounts {
            of,
            delivered,
            read,
        } = self.counts;
        match self.reads {
            Reads::Shown => write!(f, "delivered to {delivered}, read by {read} of {of}")?,
            Reads::Hidden => write!(
                f,
                "delivered to {delivered} of {of}; you hide what you read, so you cannot see who \
                    read it"
            )?,
        }
        for state in [
            ReceiptState::Read,
            ReceiptState::Delivered,
            ReceiptState::Sent,
        ] {
            let names: Vec<&str> = self
                .who
                .iter()
                .filter(|who| who.state == state)
                .filter_map(|who| who.name.as_ref().map(UserName::as_str))
                .collect();
            if !names.is_empty() {
                let what = match state {
                    ReceiptState::Read => "read",
                    ReceiptState::Delivered => "delivered",
                    ReceiptState::Sent => "sent",
                };
                write!(f, "\n  {what:<10} {}", names.join(", "))?;
            }
        }
        Ok(())
    }
}

pub(crate) async fn run(
    args: &ReceiptsArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let conversation = args.target.resolve(client).await?;
    let there = (conversation, args.msgid);
    let found = client.conversation(conversation).receipts(args.msgid).await;
    let cairn_client::Receipts { who, counts, reads } =
        unless_recalled(client, there, found).await?;
    let ids: Vec<UserId> = who.iter().map(|receipt| receipt.user).collect();
    let users = client.people().shown(&ids).await?;
    let name = |id| users.get(&id).map(|user| user.name.clone());
    let who = who.into_iter().map(|receipt| Who {
        user: receipt.user,
        name: name(receipt.user),
        state: receipt.state,
    });
    output.print(&Receipts {
        conversation,
        msgid: args.msgid,
        counts,
        reads,
        who: who.collect(),
    })
}
