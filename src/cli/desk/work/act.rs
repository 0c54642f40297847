//! What is done with one inquiry.

use std::fmt;

use cairn_proto::ids::ConversationId;
use cairn_proto::limits::PRIORITY_MAX;
use cairn_proto::text::{DeskText, GroupName, Tag, UserName};
use cairn_proto::wire::request::desk::TransferTarget;
use clap::Args;
use serde::Serialize;

use super::super::args::{parse_inquiry, parse_queue};
use crate::cli::args::target::{find_user, parse_user};
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;

#[derive(Debug, Args)]
pub(crate) struct InquiryArg {
    /// The number of the inquiry
    #[arg(value_parser = parse_inquiry)]
    pub(crate) inquiry: ConversationId,
}

#[derive(Debug, Args)]
pub(crate) struct TransferArgs {
    /// The number of the inquiry
    #[arg(value_parser = parse_inquiry)]
    inquiry: ConversationId,

    /// @agent, who then holds it at once, or the name of a queue, in which it waits
    #[arg(required_unless_present = "queue")]
    to: Option<String>,

    /// The name of a queue, also one that you do not serve
    #[arg(long, value_name = "NAME", value_parser = parse_queue, conflicts_with = "to")]
    queue: Option<GroupName>,

    /// A note for the next agent, which the visitor does not see
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: DeskText,
}

#[derive(Debug, Args)]
pub(crate) struct CloseArgs {
    /// The number of the inquiry
    #[arg(value_parser = parse_inquiry)]
    inquiry: ConversationId,

    /// Add this tag; can be given several times
    #[arg(long, value_name = "TAG")]
    tag: Vec<Tag>,
}

#[derive(Debug, Args)]
pub(crate) struct TagArgs {
    /// The number of the inquiry
    #[arg(value_parser = parse_inquiry)]
    inquiry: ConversationId,

    /// The tags to add
    #[arg(value_name = "TAG", required_unless_present = "remove")]
    tags: Vec<Tag>,

    /// Remove this tag; can be given several times
    #[arg(long, value_name = "TAG")]
    remove: Vec<Tag>,
}

#[derive(Debug, Args)]
pub(crate) struct PriorityArgs {
    /// The number of the inquiry
    #[arg(value_parser = parse_inquiry)]
    inquiry: ConversationId,

    /// From 0 to 9; 4 is normal, and a higher one goes first
    #[arg(value_parser = clap::value_parser!(u8).range(..=i64::from(PRIORITY_MAX)))]
    priority: u8,
}

#[derive(Debug, Args)]
pub(crate) struct AssignArgs {
    /// The number of the inquiry
    #[arg(value_parser = parse_inquiry)]
    inquiry: ConversationId,

    /// An agent of its queue who is on duty
    #[arg(value_parser = parse_user)]
    agent: UserName,
}

/// What was done.
#[derive(Debug, Serialize)]
pub(crate) struct Done {
    pub(crate) inquiry: ConversationId,
    pub(crate) done: &'static str,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} inquiry {}", self.done, self.inquiry)
    }
}

fn print(output: &mut Output, inquiry: ConversationId, done: &'static str) -> Result<(), Failure> {
    output.print(&Done { inquiry, done })
}

pub(crate) async fn accept(
    args: &InquiryArg,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    client.desk().accept(args.inquiry).await?;
    print(output, args.inquiry, "accepted")
}

pub(crate) async fn refuse(
    args: &InquiryArg,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    client.desk().refuse(args.inquiry).await?;
    print(output, args.inquiry, "refused")
}

pub(crate) async fn take(
    args: &InquiryArg,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    client.desk().take(args.inquiry).await?;
    print(output, args.inquiry, "took")
}

pub(crate) async fn transfer(
    args: &TransferArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let wrong = |error: &dyn std::error::Error| {
        Failure::caused(Exit::Usage, "the target is not @agent or a queue", error)
    };
    let name: Result<UserName, GroupName> = match (&args.queue, args.to.as_deref()) {
        (Some(queue), _) => Err(queue.clone()),
        (None, Some(to)) if to.trim().starts_with('@') => {
            Ok(parse_user(to).map_err(|error| wrong(&error))?)
        }
        (None, to) => Err(parse_queue(to.unwrap_or_default()).map_err(|error| wrong(&error))?),
    };
    let client = context.client(Conduct::Ask).await?;
    let to = match &name {
        Ok(agent) => TransferTarget::Agent(find_user(client, agent).await?.id),
        Err(queue) => TransferTarget::QueueNamed(queue.clone()),
    };
    let desk = client.desk();
    desk.transfer(args.inquiry, to, args.note.clone()).await?;
    print(output, args.inquiry, "passed on")
}

pub(crate) async fn close(
    args: &CloseArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    client.desk().close(args.inquiry, args.tag.clone()).await?;
    print(output, args.inquiry, "closed")
}

pub(crate) async fn reopen(
    args: &InquiryArg,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    client.desk().reopen(args.inquiry).await?;
    print(output, args.inquiry, "opened again")
}

pub(crate) async fn tag(
    args: &TagArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let (add, remove) = (args.tags.clone(), args.remove.clone());
    client.desk().tag(args.inquiry, add, remove).await?;
    print(output, args.inquiry, "tagged")
}

pub(crate) async fn set_priority(
    args: &PriorityArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let desk = client.desk();
    desk.set_priority(args.inquiry, args.priority).await?;
    print(output, args.inquiry, "set the priority of")
}

pub(crate) async fn join(
    args: &InquiryArg,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    client.desk().join(args.inquiry).await?;
    print(output, args.inquiry, "joined")
}

pub(crate) async fn assign(
    args: &AssignArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let agent = find_user(client, &args.agent).await?;
    client.desk().assign(args.inquiry, agent.id).await?;
    print(output, args.inquiry, "gave away")
}
