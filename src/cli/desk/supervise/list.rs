//! `cairn desk list`

use cairn_client::{Client, Error};
use cairn_proto::ids::ConversationId;
use cairn_proto::model::desk::{InquiryFilter, InquiryPage, InquiryPlace, InquiryState};
use cairn_proto::text::GroupName;
use cairn_proto::wire::error::ErrorCode;
use clap::{Args, ValueEnum};

use super::super::args::{Queues, parse_inquiry, parse_queue};
use super::super::view::{InquiryRow, users_of};
use crate::cli::chat::names::Names;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::limits;
use crate::cli::output::Output;

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// The queue [default: all of yours]
    #[arg(value_parser = parse_queue)]
    queue: Option<GroupName>,

    /// Which inquiries
    #[arg(long, default_value = "open")]
    state: StateArg,

    /// Those that are over, the last ones first; for supervisors
    #[arg(long, conflicts_with = "state")]
    closed: bool,

    /// At most this many of each queue
    #[arg(long, value_name = "N", default_value_t = limits::INQUIRIES_LISTED_DEFAULT)]
    limit: usize,

    /// Continue a list of closed ones: those that were closed before this one
    #[arg(long, value_name = "INQUIRY", value_parser = parse_inquiry, requires = "queue")]
    before: Option<ConversationId>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum StateArg {
    /// All that are not closed
    Open,
    /// Those that wait, or are offered to an agent
    Waiting,
    /// Those that an agent holds
    Held,
    /// Messages left while the queue was closed or full
    Left,
    /// Those that are over
    Closed,
}

pub(crate) async fn run(
    args: &ListArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let queues = Queues::load(client).await?;
    let chosen: Vec<_> = match &args.queue {
        Some(name) => vec![queues.named(name)?.counts.queue],
        None => queues.0.iter().map(|info| info.counts.queue).collect(),
    };
    let filter = match args.state {
        _ if args.closed || args.before.is_some() => InquiryFilter::Closed,
        StateArg::Open => InquiryFilter::Open,
        StateArg::Waiting => InquiryFilter::Waiting,
        StateArg::Held => InquiryFilter::Held,
        StateArg::Left => InquiryFilter::Left,
        StateArg::Closed => InquiryFilter::Closed,
    };
    let mut after = match args.before {
        Some(inquiry) => Some(place_of(client, inquiry).await?),
        None => None,
    };
    let mut names = Names::default();
    for queue in chosen {
        let page = client
            .desk()
            .inquiries(queue, filter, after.take(), args.limit);
        let InquiryPage {
            items: found,
            next_after,
        } = match page.await {
            // Of several queues, those that the user supervises.
            Err(Error::Refused(ErrorCode::Forbidden)) if args.queue.is_none() => continue,
            Err(Error::Refused(ErrorCode::Forbidden)) => {
                let headline = "closed inquiries are listed for supervisors of the queue";
                return Err(Failure::new(Exit::Failed, headline)
                    .hint("an admin makes one: `cairn desk agent set NAME --supervises QUEUE`"));
            }
            page => page?,
        };
        let users: Vec<_> = found.iter().flat_map(users_of).collect();
        names.learn_users(client, &users).await?;
        for info in &found {
            output.print(&InquiryRow::new(info, &queues, &names))?;
        }
        if let Some(last) = next_after {
            let (name, last) = (queues.name_of(queue), last.conversation);
            output.note(match filter {
                InquiryFilter::Closed => {
                    format!("there are more: `cairn desk list {name} --closed --before {last}`")
                }
                _ => format!("there are more in {name}: see --limit"),
            });
        }
    }
    Ok(())
}

/// Where the list of closed inquiries continues after one of them.
async fn place_of(client: &Client, inquiry: ConversationId) -> Result<InquiryPlace, Failure> {
    let info = client.desk().inquiry(inquiry).await?;
    match info.state {
        InquiryState::Closed { at, .. } => Ok(InquiryPlace {
            at,
            conversation: inquiry,
        }),
        _ => {
            let headline = format!("inquiry {inquiry} is not closed any more");
            Err(Failure::new(Exit::Failed, headline)
                .hint("continue with the number of an inquiry that is closed"))
        }
    }
}
