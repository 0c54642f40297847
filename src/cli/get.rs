//! `cairn get`

use std::fmt;
use std::path::PathBuf;

use cairn_proto::attachment::Attachment;
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::request::PullRange;
use clap::Args;
use serde::Serialize;

use super::bar::Bar;
use super::clean::Clean;
use super::exit::Exit;
use super::failure::Failure;
use super::file::failure_of;
use super::session::{Conduct, Context};
use super::size::Size;
use super::target::Target;

/// Fetch the file of a message
///
/// Its bytes are checked against the hash that the message names. What has arrived lies beside the file under the same name with the
/// beginning of the hash and .part behind it: over broken connections the download goes on, and when the command is run again it goes on
/// where it stopped.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn get '#team' 17 -o plan.pdf
  cairn get @bob 3

JSON
  {\"conversation\":1,\"msgid\":17,\"path\":\"plan.pdf\",\"name\":\"plan.pdf\",\"size_bytes\":1258291,\"hash\":\"ab12…\"}")]
pub(super) struct GetArgs {
    /// '#group', '@user' or '#id:NUMBER'
    target: Target,

    /// The message
    msgid: MsgId,

    /// Where to put the file; what is there is replaced [default: attachment-CONVERSATION-MSGID in this folder]
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Fetched {
    conversation: ConversationId,
    msgid: MsgId,
    path: PathBuf,
    name: String,
    size_bytes: u64,
    hash: String,
}

impl fmt::Display for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, is in {}", Clean(&self.name), Size(self.size_bytes), self.path.display())
    }
}

pub(super) fn run(args: &GetArgs, context: &Context) -> Result<(), Failure> {
    context.with_client(Conduct::Deliver, async |client, output| {
        let (conversation, msgid) = (args.target.resolve(client).await?, args.msgid);
        let page = client.pull(conversation, PullRange::From(msgid), 1).await?;
        let message = page.messages.first().filter(|message| message.msgid == msgid);
        let message = message.ok_or_else(|| Failure::new(Exit::Failed, format!("there is no message {msgid}")))?;
        let attachment = message.body.attachment();
        let attachment = attachment.ok_or_else(|| Failure::new(Exit::Failed, format!("message {msgid} names no file")))?;
        // What the sender calls it is for people: where it goes is for whoever fetches it to say.
        let path = args.output.clone().unwrap_or_else(|| format!("attachment-{conversation}-{msgid}").into());
        let mut bar = Bar::new();
        let fetched = client.download(conversation, msgid, attachment, &path, |moved| bar.update(moved)).await;
        drop(bar);
        fetched.map_err(|error| failure_of(&path, error))?;
        let Attachment { hash, name, size_bytes, .. } = attachment;
        let (name, hash) = (name.as_str().to_owned(), hash.to_string());
        output.print(&Fetched { conversation, msgid, path, name, size_bytes: *size_bytes, hash })
    })
}
