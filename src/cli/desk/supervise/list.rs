//! `cairn desk list`

use cairn_proto::model::desk::InquiryFilter;
use cairn_proto::text::GroupName;
use clap::{Args, ValueEnum};

use super::super::args::{Queues, parse_queue};
use super::super::view::{InquiryRow, users_of};
use crate::cli::chat::names::Names;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
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

    /// At most this many of each queue
    #[arg(long, value_name = "N", default_value_t = limits::INQUIRIES_LISTED_DEFAULT)]
    limit: usize,
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
        StateArg::Open => InquiryFilter::Open,
        StateArg::Waiting => InquiryFilter::Waiting,
        StateArg::Held => InquiryFilter::Held,
        StateArg::Left => InquiryFilter::Left,
        StateArg::Closed => InquiryFilter::Closed,
    };
    let mut names = Names::default();
    for queue in chosen {
        let found = client.desk().inquiries(queue, filter, args.limit).await?;
        let users: Vec<_> = found.iter().flat_map(users_of).collect();
        names.learn_users(client, &users).await?;
        for info in &found {
            output.print(&InquiryRow::new(info, &queues, &names))?;
        }
    }
    Ok(())
}
