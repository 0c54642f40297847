//! `cairn get`

use std::fmt;
use std::path::{Path, PathBuf};

use cairn_client::{Client, Progress, Step, TransferError};
use cairn_proto::content::attachment::Attachment;
use cairn_proto::content::body::Body;
use cairn_proto::content::message::Message;
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::session::PullRange;
use clap::Args;
use serde::Serialize;

use crate::cli::args::target::Target;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure, hint_for_code};
use crate::cli::files::attachment::failure_of;
use crate::cli::files::standard_output::{self, StandardOutput};
use crate::cli::output::Output;
use crate::ui::sanitize::Sanitized;
use bytesize::ByteSize;

/// Download the file of a message
///
/// Its bytes are checked against the hash in the message. An interrupted download resumes where it
/// stopped, also when the command is run again; until it is complete, it is in a .part file next to
/// the path.
///
/// With -o - the file goes to standard output as it arrives, and cannot be resumed by another run.
/// A terminal gets text only, unless --force is given.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn get '#team' 17 -o plan.pdf
  cairn get @bob 3
  cairn get '#team' 18 --preview small.jpg
  cairn get '#team' 19 -o - | tar xz

JSON; resumed_at_bytes is how much an earlier run had saved
  {\"conversation\":1,\"msgid\":17,\"path\":\"plan.pdf\",\"name\":\"plan.pdf\",\
     \"size_bytes\":1258291,\"hash\":\"ab12…\",
   \"resumed_at_bytes\":0}
with --preview
  {\"conversation\":1,\"msgid\":18,\"path\":\"small.jpg\",\"name\":\"walk.mp4\",\
     \"preview_bytes\":2310}")]
pub(crate) struct GetArgs {
    /// '#group', '@user' or '#id:NUMBER'
    target: Target,

    /// The message
    msgid: MsgId,

    /// Where to save the file, replacing an existing one; - for standard output [default:
    /// attachment-CONVERSATION-MSGID in this folder]
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,

    /// Save only the preview of the message, into this file
    #[arg(long, value_name = "PATH", conflicts_with = "output")]
    preview: Option<PathBuf>,

    /// Write to a terminal whatever is in the file
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Serialize)]
struct Fetched<'a> {
    conversation: ConversationId,
    msgid: MsgId,
    path: &'a Path,
    name: &'a str,
    size_bytes: u64,
    hash: String,
    resumed_at_bytes: u64,
}

impl fmt::Display for Fetched<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, {}, is in {}",
            Sanitized(self.name),
            ByteSize(self.size_bytes),
            self.path.display()
        )?;
        match self.resumed_at_bytes {
            0 => Ok(()),
            bytes => write!(f, "; {} were here before", ByteSize(bytes)),
        }
    }
}

#[derive(Debug, Serialize)]
struct Previewed<'a> {
    conversation: ConversationId,
    msgid: MsgId,
    path: &'a Path,
    name: &'a str,
    preview_bytes: usize,
}

impl fmt::Display for Previewed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the preview of {}, {}, is in {}",
            Sanitized(self.name),
            ByteSize(self.preview_bytes as u64),
            self.path.display()
        )
    }
}

pub(crate) async fn run(
    args: &GetArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let path = args.preview.as_deref().or(args.output.as_deref());
    let standard_output = match path == Some(Path::new("-")) {
        true => Some(StandardOutput::of(output, args.force)?),
        false => None,
    };
    let client = context.client(Conduct::Deliver).await?;
    let message = find(client, args.target.resolve(client).await?, args.msgid).await?;
    match (standard_output, &args.preview) {
        (Some(stdout), Some(_)) => stdout.write_all(preview_of(&message)?),
        (Some(stdout), None) => write_out(client, &message, stdout, output).await,
        (None, Some(path)) => save_preview(&message, path, output),
        (None, None) => fetch(client, &message, args.output.as_deref(), output).await,
    }
}

/// Writes the file of a message to standard output.
async fn write_out(
    client: &Client,
    message: &Message,
    stdout: StandardOutput,
    output: &Output,
) -> Result<(), Failure> {
    let mut progress = output.progress();
    let written = client
        .conversation(message.conversation)
        .download_into(message.msgid, named(message)?, stdout, |moved| {
            progress.transfer(moved);
        })
        .await;
    drop(progress);
    written.map_err(|error| match error {
        TransferError::Writer(error) => standard_output::failure_of(error),
        error => failure_of(Path::new("standard output"), error),
    })
}

/// Returns the message, unless it has expired.
async fn find(
    client: &Client,
    conversation: ConversationId,
    msgid: MsgId,
) -> Result<Message, Failure> {
    let page = client
        .conversation(conversation)
        .pull(PullRange::From(msgid), 1)
        .await?;
    if let Some(message) = page
        .messages
        .into_iter()
        .next()
        .filter(|message| message.msgid == msgid)
    {
        return Ok(message);
    }
    // The floor of the page also covers messages before the user joined, which have not expired.
    let is_below = msgid > MsgId::ZERO && msgid <= page.floor;
    if is_below
        && msgid
            <= client
                .conversation(conversation)
                .explain(client.whoami().user)
                .await?
                .floor
    {
        let failure = Failure::new(
            Exit::Failed,
            format!(
                "message {msgid} has expired: the conversation keeps messages for a limited time"
            ),
        );
        return Err(failure.hint(hint_for_code(ErrorCode::Expired).unwrap_or_default()));
    }
    Err(
        Failure::new(Exit::Failed, format!("there is no message {msgid}"))
            .hint("`cairn tail --json` shows the messages and their numbers"),
    )
}

/// Returns the attachment of a message.
fn named(message: &Message) -> Result<&Attachment, Failure> {
    let msgid = message.msgid;
    message.body.attachment().ok_or_else(|| match message.body {
        Body::Recalled { .. } => Failure::new(
            Exit::Failed,
            format!("message {msgid} was recalled, together with its file"),
        ),
        _ => Failure::new(Exit::Failed, format!("message {msgid} has no file"))
            .hint("`cairn tail` shows which messages do"),
    })
}

async fn fetch(
    client: &Client,
    message: &Message,
    target: Option<&Path>,
    output: &mut Output,
) -> Result<(), Failure> {
    let &Message {
        conversation,
        msgid,
        ..
    } = message;
    let attachment = named(message)?;
    // The sender's file name is only displayed: it must not choose the path.
    let path = target.map_or_else(
        || format!("attachment-{conversation}-{msgid}").into(),
        Path::to_owned,
    );
    let (mut progress, mut resumed_at_bytes) = (output.progress(), 0);
    let watched = |moved: Progress| {
        match moved.step {
            Step::Reading => resumed_at_bytes = moved.done_bytes,
            // The partial file belonged to another file.
            Step::Moving if moved.done_bytes < resumed_at_bytes => resumed_at_bytes = 0,
            Step::Moving => {}
        }
        progress.transfer(moved);
    };
    let fetched = client
        .conversation(conversation)
        .download(msgid, attachment, &path, watched)
        .await;
    drop(progress);
    fetched.map_err(|error| failure_of(&path, error))?;
    let Attachment {
        hash,
        name,
        size_bytes,
        ..
    } = attachment;
    let (name, hash, size_bytes) = (name.as_str(), hash.to_string(), *size_bytes);
    output.print(&Fetched {
        conversation,
        msgid,
        path: &path,
        name,
        size_bytes,
        hash,
        resumed_at_bytes,
    })
}

/// Returns the preview of a message.
fn preview_of(message: &Message) -> Result<&[u8], Failure> {
    named(message)?;
    let preview = message.body.media().map(|media| media.preview.as_bytes());
    let preview = preview.filter(|bytes| !bytes.is_empty());
    let preview = preview.ok_or_else(|| {
        let headline = format!("message {} has no preview", message.msgid);
        Failure::new(Exit::Failed, headline)
    })?;
    Ok(preview)
}

fn save_preview(message: &Message, path: &Path, output: &mut Output) -> Result<(), Failure> {
    let &Message {
        conversation,
        msgid,
        ..
    } = message;
    let name = named(message)?.name.as_str();
    let preview = preview_of(message)?;
    let failed = |error| {
        Failure::caused(
            Exit::Failed,
            format!("cannot write {}", path.display()),
            &error,
        )
    };
    std::fs::write(path, preview).map_err(failed)?;
    output.print(&Previewed {
        conversation,
        msgid,
        path,
        name,
        preview_bytes: preview.len(),
    })
}
