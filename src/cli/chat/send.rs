//! `cairn send`

mod stream;

use std::fmt;

use bytesize::ByteSize;
use cairn_client::Client;
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::{Extra, Extras};
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::limits::TEXT_BYTES_MAX;
use cairn_proto::model::user::UserState;
use cairn_proto::text::{EmojiName, Text, UserName};
use clap::Args;
use serde::Serialize;

use crate::cli::args::target::{Target, find_users, parse_emoji, parse_user};
use crate::cli::chat::stdin_lines::Lines;
use crate::cli::chat::text::mentioning::Mentioning;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::files::attachment::{FileArgs, Prepared};
use crate::cli::input::cannot_read;
use crate::cli::limits;
use crate::cli::output::Output;

use stream::Sending;

/// Send a message
///
/// Returns once the server has accepted it: it is on disk and has its number. When the connection
/// breaks, the command reconnects; each message is stored exactly once. Where the server limits how
/// much a user sends, the command waits.
///
/// @name in the text mentions that member, and @all every member, for owners and admins of a group.
/// Names in code, addresses and links mention no one.
///
/// With - (or without TEXT), each line of standard input is a message. A line ends with LF, CR LF
/// or CR; blank lines are skipped. Bytes that are not UTF-8 become U+FFFD, and a line of more than
/// 16 KiB becomes several messages; with --strict, either stops the command.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn send '#team' 'lunch?'
  cairn send @bob -- '-1 from me'
  cairn send '#team' '@bob at noon?' --reply-to 17
  cairn send '#team' 'at noon' --mention @bob
  cairn send '#team' --emoji party
  cairn send '#team' --file plan.pdf 'the plan'
  cairn send '#team' --file walk.mp4 --as video --pixels 1920x1080 --duration 12.5 --preview \
     walk.jpg
  tail -F /var/log/build.log | cairn send '#builds' -
  git diff | cairn send '#team' --whole
  seq 1000 | cairn send '#load' - --json | tail -n 1

JSON, one for each accepted message, in order
  {\"conversation\":1,\"msgid\":17}
with --file also how much of it the server had already, from an earlier upload that broke off, or \
   all of it
  {\"conversation\":1,\"msgid\":18,\"resumed_at_bytes\":0}")]
pub(crate) struct SendArgs {
    /// '#group', '@user' or '#id:NUMBER'
    target: Target,

    /// The text, up to 16 KiB; - for the lines of standard input
    #[arg(default_value = "-")]
    text: String,

    /// Send standard input as one message, with its line ends
    #[arg(long, conflicts_with_all = ["file", "emoji", "strict"])]
    whole: bool,

    /// Stop at a line of standard input that is not UTF-8 or too long for a message
    #[arg(long, conflicts_with_all = ["file", "emoji"])]
    strict: bool,

    /// Send one large emoji or a sticker, by its name
    #[arg(
        long,
        value_name = "NAME",
        value_parser = parse_emoji,
        conflicts_with_all = ["text", "file"],
    )]
    emoji: Option<EmojiName>,

    #[command(flatten)]
    with: With,

    #[command(flatten)]
    file: FileArgs,
}

/// Extras for each message.
#[derive(Debug, Args)]
struct With {
    /// Reply to this message of the conversation
    #[arg(long, value_name = "MSGID")]
    reply_to: Option<MsgId>,

    /// Mention this user; can be given several times
    #[arg(long, value_name = "USER", value_parser = parse_user)]
    mention: Vec<UserName>,

    /// Mention every member; for owners and admins of a group
    #[arg(long)]
    mention_all: bool,

    /// Mention no one for an @name in the text
    #[arg(long)]
    no_mentions: bool,
}

impl With {
    async fn extras(self, client: &Client) -> Result<Extras, Failure> {
        let mentions = find_users(client, &self.mention)
            .await?
            .into_iter()
            .map(|user| Extra::Mention(user.id));
        let all = self.mention_all.then_some(Extra::MentionAll);
        let extras = self
            .reply_to
            .map(Extra::ReplyTo)
            .into_iter()
            .chain(mentions)
            .chain(all)
            .collect();
        Extras::new(extras).map_err(|error| {
            Failure::caused(Exit::Usage, "too many extras for one message", &error)
        })
    }
}

#[derive(Debug, Serialize)]
struct Sent<'a> {
    conversation: ConversationId,
    msgid: MsgId,
    #[serde(skip)]
    target: &'a Target,
    /// Only for messages with a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    resumed_at_bytes: Option<u64>,
}

impl<'a> Sent<'a> {
    const fn new(conversation: ConversationId, msgid: MsgId, target: &'a Target) -> Self {
        Self {
            conversation,
            msgid,
            target,
            resumed_at_bytes: None,
        }
    }
}

impl fmt::Display for Sent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "accepted as {} {}", self.target, self.msgid)?;
        match self.resumed_at_bytes {
            Some(bytes) if bytes > 0 => {
                write!(f, "; {} were on the server already", ByteSize(bytes))
            }
            _ => Ok(()),
        }
    }
}

pub(crate) async fn run(
    args: SendArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let SendArgs {
        target,
        text,
        whole,
        strict,
        emoji,
        with,
        mut file,
    } = args;
    if (whole || strict) && text != "-" {
        return Err(Failure::new(
            Exit::Usage,
            "--whole and --strict are for standard input: give no text",
        ));
    }
    let message = match (file.file.take(), emoji) {
        (Some(path), _) => {
            Outgoing::File(file.prepare(path, if text == "-" { "" } else { &text })?)
        }
        (None, Some(emoji)) => Outgoing::Body(Body::Emoji(emoji)),
        (None, None) if whole => Outgoing::Body(whole_input(context).await?),
        (None, None) if text == "-" => Outgoing::Lines,
        (None, None) => Outgoing::Body(Body::Text(Text::new(text).map_err(|error| {
            Failure::new(Exit::Failed, format!("the text cannot be sent: {error}"))
        })?)),
    };
    let client = context.client(Conduct::Deliver).await?;
    let (conversation, peer) = target.resolve_with_peer(client).await?;
    if let Some(author) = peer.filter(|peer| peer.state == UserState::Imported) {
        output.note(format_args!(
            "{} is the author of imported messages and has no device: no one will read this",
            author.name
        ));
    }
    let mut mentioning = Mentioning::new(with.no_mentions);
    let extras = with.extras(client).await?;
    let (body, resumed_at_bytes) = match message {
        Outgoing::Body(body) => (body, None),
        Outgoing::File(prepared) => {
            let (body, resumed_at) = prepared.upload(client, output.progress()).await?;
            (body, Some(resumed_at))
        }
        Outgoing::Lines => {
            let input = context.input().parts()?;
            let lines = Lines::new(TEXT_BYTES_MAX, strict);
            let to = (conversation, &target);
            return Sending::new(client, to, (extras, mentioning), lines, output)
                .all(input)
                .await;
        }
    };
    let there = client.conversation(conversation);
    let words = body.words().unwrap_or_default();
    let extras = mentioning.extras(there, words, &extras).await?;
    let accepted = there.enqueue_with(body, extras).await?;
    mentioning.warn(&target, output);
    output.print(&Sent {
        resumed_at_bytes,
        ..Sent::new(conversation, accepted.await?, &target)
    })
}

/// Reads all input as one text, without the line ends after it.
async fn whole_input(context: &Context<'_>) -> Result<Body, Failure> {
    let mut input = context.input().parts()?;
    let mut lines = Lines::new(TEXT_BYTES_MAX, true);
    let mut whole = String::new();
    // The end of the last line that is not blank.
    let mut end = 0;
    let mut add = |line: String| {
        let said = line.trim_end();
        if !said.is_empty() {
            end = whole.len() + said.len();
        }
        whole.push_str(&line);
        whole.push('\n');
        // Further input is not read, even if it has no end.
        if end > TEXT_BYTES_MAX || whole.len() > limits::WHOLE_INPUT_BYTES_MAX {
            let headline = format!("the input is longer than {TEXT_BYTES_MAX} bytes");
            return Err(Failure::new(Exit::Failed, headline)
                .hint("without --whole, each line is a message; --file sends a file"));
        }
        Ok(())
    };
    let invalid = |error| Failure::new(Exit::Failed, error).hint("nothing was sent");
    while let Some(part) = input.recv().await {
        let part = part.map_err(|error| cannot_read(&error))?;
        let mut rest = part.as_slice();
        while let Some(line) = lines.next(&mut rest).map_err(invalid)? {
            add(line)?;
        }
    }
    while let Some(line) = lines.last().map_err(invalid)? {
        add(line)?;
    }
    whole.truncate(end);
    if cairn_text::is_blank(&whole) {
        return Err(Failure::new(Exit::Failed, "there is no text in the input"));
    }
    Text::new(whole)
        .map(Body::Text)
        .map_err(|error| Failure::new(Exit::Failed, format!("the text cannot be sent: {error}")))
}

/// What is sent.
enum Outgoing {
    Body(Body),
    File(Prepared),
    /// Each line of the input.
    Lines,
}
