//! `cairn tail`

use std::cell::Cell;

use cairn_client::{Client, Timeline};
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::request::PullRange;
use clap::Args;

use super::failure::Failure;
use super::limits;
use super::line::Line;
use super::names::Names;
use super::output::Output;
use super::session::{Conduct, Context};
use super::target::Target;

/// Show the messages of a conversation
///
/// Without --from, the last 20. With --follow it goes on showing messages as they come, over broken connections and restarts of the
/// server, each exactly once. What was shown counts as delivered to this device, not as read: that is `cairn read`.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn tail '#team'
  cairn tail '#team' --follow
  cairn tail @bob --from 1 --json >bob.jsonl

JSON, one for each message; kind is text, emote, emoji, image, video, file, system, recalled, edit, recall, react, unreact, pin or unpin;
about (the message that the last six changed), edited_at_ms, reply_to, mentions, mentions_all and reactions are there when they say something
  {\"conversation\":1,\"msgid\":17,\"sender\":\"ada\",\"sent_at_ms\":1700000000000,\"kind\":\"text\",\"text\":\"lunch?\"}")]
pub(super) struct TailArgs {
    /// '#group', '@user' or '#id:NUMBER'
    target: Target,

    /// The first message to show; 1 for everything
    #[arg(long, value_name = "MSGID")]
    from: Option<MsgId>,

    /// Go on with new messages as they come, until Ctrl-C
    #[arg(short, long)]
    follow: bool,
}

pub(super) fn run(args: &TailArgs, context: &Context) -> Result<(), Failure> {
    let conduct = if args.follow { Conduct::Listen } else { Conduct::Ask };
    context.with_client(conduct, async |client, output| {
        let conversation = args.target.resolve(client).await?;
        let from = match args.from {
            Some(from) => from,
            None => recent(client, conversation).await?,
        };
        let timeline = if args.follow { client.follow(conversation, from) } else { client.history(conversation, from) };
        show(client, output, timeline).await
    })
}

/// Where the last few messages begin.
async fn recent(client: &Client, conversation: ConversationId) -> Result<MsgId, Failure> {
    let head = client.pull(conversation, PullRange::From(MsgId::ZERO.next()), 1).await?.head;
    Ok(MsgId::new(head.get().saturating_sub(limits::TAIL_MESSAGES_DEFAULT)).next())
}

async fn show(client: &Client, output: &mut Output, mut timeline: Timeline) -> Result<(), Failure> {
    let conversation = timeline.conversation();
    let mut names = Names::default();
    let shown = Cell::new(MsgId::ZERO);
    let ack = || {
        if shown.get() > MsgId::ZERO {
            client.ack(conversation, shown.get());
        }
    };
    while let Some(batch) = output.flush_while_waiting(timeline.next_batch(), ack).await? {
        let batch = batch?;
        names.learn(client, &batch).await?;
        for message in &batch {
            output.print(&Line::new(message, &names))?;
        }
        shown.set(batch.last().map_or(shown.get(), |last| last.msgid));
    }
    output.flush()?;
    ack();
    Ok(())
}
