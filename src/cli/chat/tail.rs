//! `cairn tail`

use std::cell::Cell;
use std::fmt;

use anstyle::Style;
use cairn_client::{Client, Error, Message, Timeline};
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::model::presence::DeviceKind;
use cairn_proto::wire::request::session::PullRange;
use clap::Args;
use serde::Serialize;

use crate::cli::args::target::Target;
use crate::cli::chat::message_view::MessageView;
use crate::cli::chat::names::Names;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::limits;
use crate::cli::output::Output;
use cairn_text::Keywords;

/// Show the messages of a conversation
///
/// Without --from, the last 20. With --follow, it continues with new messages as they come, each
/// exactly once, and reconnects when the connection breaks. Shown messages count as delivered, not
/// as read (`cairn read`). With --follow, others see you online.
///
/// A terminal shows markup and emoji; elsewhere, texts are as they were typed.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn tail '#team'
  cairn tail '#team' --follow
  cairn tail '#alarms' --follow --away
  cairn tail @bob --from 1 --json >bob.jsonl
  cairn tail '#team' --around 1234           a message that `cairn search` found, in its context

JSON, one for each message
  {\"conversation\":1,\"msgid\":17,\"sender\":\"ada\",\"sent_at_ms\":1700000000000,\
     \"kind\":\"text\",\"text\":\"lunch?\"}
kind is text, emote, emoji, image, video, file, system, recalled, edit, recall, react, unreact, \
   pin, unpin or unknown. text is what was said,
the name of an emoji, the caption of a file, or what happened in words. These fields are there \
   when they say something:
  about                    the message that an edit, recall, react, unreact, pin or unpin changed
  edited_at_ms             when it was last edited
  forwarded_from           the author of a forwarded message
  imported_by              the admin who imported the message in the sender's name
  reply_to                 the message that it answers
  mentions, mentions_all   mentioned users: names; true for all members
  keywords                 your keywords in the text (cairn me keywords)
  reactions                [{\"emoji\":\"wave\",\"count\":2,\"users\":[\"ada\",\"bob\"]}]
  attachment               {\"name\":\"walk.mp4\",\"media_type\":\"video/mp4\",\
     \"size_bytes\":1258291,\"hash\":\"ab12…\",\"width\":1920,
                           \"height\":1080,\"duration_ms\":12500,\"preview_bytes\":2310}: width \
                              and height of pictures and videos,
                           duration_ms of videos, preview_bytes where there is a preview: `cairn \
                              get --preview`")]
pub(crate) struct TailArgs {
    /// '#group', '@user' or '#id:NUMBER'
    target: Target,

    /// The first message to show; 1 for everything
    #[arg(long, value_name = "MSGID")]
    from: Option<MsgId>,

    /// Show this message and those before and after it
    #[arg(long, value_name = "MSGID", conflicts_with_all = ["from", "follow"])]
    around: Option<MsgId>,

    /// With --around, how many before and how many after
    #[arg(long, value_name = "N", requires = "around",
        default_value_t = limits::TAIL_CONTEXT_DEFAULT,
        value_parser = clap::value_parser!(u32).range(..=200))]
    context: u32,

    /// Continue with new messages as they come, until Ctrl-C
    #[arg(short, long)]
    follow: bool,

    /// Leave out the numbers of the messages
    #[arg(long)]
    no_numbers: bool,

    /// Appear as away
    #[arg(long, requires = "follow")]
    away: bool,
}

/// How the numbers of messages are shown to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Numbers {
    Hidden,
    Plain,
    /// Less bright than the message, for a terminal.
    Dim,
}

/// Columns of a number. Longer ones move the message to the right.
const NUMBER_WIDTH: usize = 4;

#[derive(Serialize)]
#[serde(transparent)]
struct Numbered<'a> {
    view: MessageView<'a>,
    #[serde(skip)]
    numbers: Numbers,
}

impl fmt::Display for Numbered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.view.msgid().get();
        match self.numbers {
            Numbers::Hidden => {}
            Numbers::Plain => write!(f, "{number:NUMBER_WIDTH$}  ")?,
            Numbers::Dim => {
                let dim = Style::new().dimmed();
                write!(f, "{dim}{number:NUMBER_WIDTH$}{dim:#}  ")?;
            }
        }
        self.view.fmt(f)
    }
}

pub(crate) async fn run(
    args: &TailArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let conduct = if args.follow {
        Conduct::Listen
    } else {
        Conduct::Ask
    };
    let client = context.client(conduct).await?;
    let conversation = args.target.resolve(client).await?;
    let numbers = match (args.no_numbers, output.is_styled()) {
        (true, _) => Numbers::Hidden,
        (false, false) => Numbers::Plain,
        (false, true) => Numbers::Dim,
    };
    let keywords = keywords(client, output).await?;
    let looks = (numbers, &keywords);
    if let Some(msgid) = args.around {
        let page = around(client, conversation, msgid, args.context).await?;
        return print(client, output, &mut Names::default(), &page, looks).await;
    }
    let from = match args.from {
        Some(from) => from,
        None => recent(client, conversation).await?,
    };
    if !args.follow {
        let history = client.conversation(conversation).history(from);
        return show(client, output, history, looks).await;
    }
    client
        .me()
        .set_presence(DeviceKind::Terminal, args.away)
        .await?;
    focus(client, conversation).await?;
    let timeline = client.conversation(conversation).follow(from);
    show(client, output, timeline, looks).await
}

/// Focuses the conversation if possible. A direct chat that has not begun, or with a blocked user,
/// can be read but not focused.
async fn focus(client: &Client, conversation: ConversationId) -> Result<(), Error> {
    match client.conversation(conversation).focus().await {
        Err(Error::Refused(_)) => Ok(()),
        focused => focused,
    }
}

/// Returns the first of the most recent messages.
async fn recent(client: &Client, conversation: ConversationId) -> Result<MsgId, Failure> {
    let head = client
        .conversation(conversation)
        .pull(PullRange::From(MsgId::ZERO.next()), 1)
        .await?
        .head;
    Ok(MsgId::new(head.get().saturating_sub(limits::TAIL_MESSAGES_DEFAULT)).next())
}

/// Returns a message with `context` messages before it, and after it.
async fn around(
    client: &Client,
    conversation: ConversationId,
    msgid: MsgId,
    context: u32,
) -> Result<Vec<Message>, Failure> {
    let first = MsgId::new(msgid.get().saturating_sub(u64::from(context)).max(1));
    let last = msgid.plus(u64::from(context));
    let mut messages = Vec::new();
    let mut next = first;
    while next <= last {
        let limit = u32::try_from(last.next().above(next)).unwrap_or(u32::MAX);
        let view = client.conversation(conversation);
        let page = view.pull(PullRange::From(next), limit).await?;
        let read = page.messages.last().map(|message| message.msgid.next());
        let wanted = page.messages.into_iter();
        messages.extend(wanted.filter(|message| message.msgid <= last));
        match read {
            Some(read) => next = read,
            None => break,
        }
    }
    if messages.iter().any(|message| message.msgid == msgid) {
        return Ok(messages);
    }
    let headline = format!("there is no message {msgid} that you can see");
    Err(Failure::new(Exit::Failed, headline).hint("it may have expired; see `cairn tail`"))
}

async fn print(
    client: &Client,
    output: &mut Output,
    names: &mut Names,
    messages: &[Message],
    (numbers, keywords): (Numbers, &Keywords),
) -> Result<(), Failure> {
    let is_styled = output.is_styled();
    let own = client.whoami().user;
    names.learn(client, messages).await?;
    for message in messages {
        let words = message.body.words().filter(|_| message.sender != own);
        let view = MessageView::new(message, names)
            .styled(is_styled)
            .with_keywords(keywords.find(words.unwrap_or_default()));
        output.print(&Numbered { view, numbers })?;
    }
    Ok(())
}

/// Returns the user's keywords, where the output shows them.
async fn keywords(client: &Client, output: &Output) -> Result<Keywords, Error> {
    if !output.is_json() {
        return Ok(Keywords::default());
    }
    let keywords = client.me().keywords().await?;
    Ok(Keywords::new(keywords.iter().map(|word| word.as_str())))
}

async fn show(
    client: &Client,
    output: &mut Output,
    mut timeline: Timeline,
    looks: (Numbers, &Keywords),
) -> Result<(), Failure> {
    let conversation = timeline.conversation();
    let mut names = Names::default();
    let shown = Cell::new(MsgId::ZERO);
    let ack = || {
        if shown.get() > MsgId::ZERO {
            client.conversation(conversation).ack(shown.get());
        }
    };
    while let Some(batch) = output
        .flush_while_waiting(timeline.next_batch(), ack)
        .await?
    {
        let batch = batch?;
        print(client, output, &mut names, &batch, looks).await?;
        shown.set(batch.last().map_or(shown.get(), |last| last.msgid));
    }
    output.flush()?;
    ack();
    Ok(())
}
