//! `cairn desk queue`

use std::fmt;

use cairn_client::Client;
use cairn_proto::ids::ConversationId;
use cairn_proto::model::desk::{AnswerMode, QueueConfig, QueueInfo, Strategy};
use cairn_proto::text::{GroupName, Tag};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::super::args::{Queues, parse_queue, parse_queue_name};
use super::super::help;
use super::super::table::print_table;
use super::hours::Shown;
use super::settings::SettingsArgs;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::ui::sanitize::Sanitized;
use crate::ui::time::{self, Span};

/// Create, change, list or remove queues
///
/// A queue is what agents serve, such as pre-sale and after-sale. For owners and admins of the
/// server; agents and supervisors can list theirs.
#[derive(Debug, Args)]
#[command(after_help = help::QUEUE)]
pub(crate) struct QueueArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Create a queue
    #[command(after_help = help::QUEUE_CREATE)]
    Create {
        /// Its name, which visitors see
        #[arg(value_parser = parse_queue_name)]
        name: GroupName,
        #[command(flatten)]
        settings: Box<SettingsArgs>,
    },
    /// Change a queue; what is left out stays as it is
    #[command(after_help = help::QUEUE_SET)]
    Set {
        /// The queue
        #[arg(value_parser = parse_queue)]
        name: GroupName,
        /// A new name
        #[arg(long, value_name = "NEW-NAME", value_parser = parse_queue_name)]
        rename: Option<GroupName>,
        #[command(flatten)]
        settings: Box<SettingsArgs>,
    },
    /// List the queues, and what they have to do
    #[command(after_help = help::QUEUE_LIST)]
    List,
    /// Remove a queue without open inquiries
    #[command(after_help = help::QUEUE_REMOVE)]
    Remove {
        /// The queue
        #[arg(value_parser = parse_queue)]
        name: GroupName,
    },
}

/// A queue. The fields match its JSON.
#[derive(Debug, Serialize)]
pub(in crate::cli::desk) struct Row {
    pub(in crate::cli::desk) queue: ConversationId,
    name: String,
    open: bool,
    waiting: u32,
    offered: u32,
    held: u32,
    left: u32,
    on_duty: u32,
    ready: u32,
    oldest_waiting_since_ms: Option<u64>,
    strategy: Strategy,
    answer: &'static str,
    seconds: Option<u16>,
    hours: Option<Vec<String>>,
    zone: Option<String>,
    greeting: String,
    offline: String,
    messages: bool,
    topics: Vec<String>,
    waiting_max: u32,
    overflow_after_s: Option<u32>,
    overflow_to: Option<String>,
    sticky_days: u16,
    idle_close_s: u32,
    absence_s: u16,
    may_take: bool,
    keep_days: u32,
}

impl Row {
    pub(in crate::cli::desk) fn new(info: &QueueInfo, queues: &Queues) -> Self {
        let QueueInfo { config, counts } = info;
        let (answer, seconds) = match config.answer {
            AnswerMode::Offer { seconds } => ("offer", Some(seconds)),
            AnswerMode::Assign => ("assign", None),
            AnswerMode::Manual => ("manual", None),
        };
        let hours = config.hours.as_ref();
        Self {
            queue: counts.queue,
            name: config.name.to_string(),
            open: counts.is_open,
            waiting: counts.waiting,
            offered: counts.offered,
            held: counts.held,
            left: counts.left,
            on_duty: counts.on_duty,
            ready: counts.ready,
            oldest_waiting_since_ms: counts.oldest_waiting_since.map(|at| at.get()),
            strategy: config.strategy,
            answer,
            seconds,
            hours: hours.map(|hours| Shown(hours).spans()),
            zone: hours.map(|hours| hours.zone.to_string()),
            greeting: config.greeting.to_string(),
            offline: config.offline.to_string(),
            messages: config.takes_messages,
            topics: config.topics.iter().map(Tag::to_string).collect(),
            waiting_max: config.waiting_max,
            overflow_after_s: config.overflow.map(|overflow| overflow.after_seconds),
            overflow_to: config
                .overflow
                .map(|overflow| queues.name_of(overflow.queue)),
            sticky_days: config.sticky_days,
            idle_close_s: config.idle_close_seconds,
            absence_s: config.absence_seconds,
            may_take: config.may_take,
            keep_days: config.retention_days,
        }
    }

    pub(in crate::cli::desk) const HEADER: [&'static str; 9] = [
        "queue", "", "waiting", "longest", "answered", "left", "ready", "strategy", "answer",
    ];

    /// The cells of the table for people.
    pub(in crate::cli::desk) fn cells(&self) -> Vec<String> {
        let now = time::timestamp().get();
        let oldest = self.oldest_waiting_since_ms;
        let answer = match self.seconds {
            Some(seconds) => format!("offer, {seconds} s"),
            None => self.answer.to_owned(),
        };
        let strategy = match self.strategy {
            Strategy::LeastBusy => "least-busy",
            Strategy::RoundRobin => "round-robin",
            Strategy::LongestIdle => "longest-idle",
        };
        vec![
            Sanitized(&self.name).to_string(),
            if self.open { "open" } else { "closed" }.to_owned(),
            self.waiting.to_string(),
            oldest.map_or_else(
                || "-".to_owned(),
                |at| Span(now.saturating_sub(at)).to_string(),
            ),
            self.held.to_string(),
            self.left.to_string(),
            format!("{} of {}", self.ready, self.on_duty),
            strategy.to_owned(),
            answer,
        ]
    }
}

/// What was done to a queue.
#[derive(Debug, Serialize)]
struct Done {
    queue: ConversationId,
    name: String,
    #[serde(skip)]
    done: &'static str,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} queue {}", self.done, Sanitized(&self.name))
    }
}

pub(crate) async fn run(
    args: &QueueArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    match &args.action {
        Action::Create { name, settings } => create(client, output, name, settings).await,
        Action::Set {
            name,
            rename,
            settings,
        } => {
            let queues = Queues::load(client).await?;
            let info = queues.named(name)?;
            let mut config = info.config.clone();
            if let Some(name) = rename {
                config.name = name.clone();
            }
            settings.apply(&mut config, &queues)?;
            let done = Done {
                queue: info.counts.queue,
                name: config.name.to_string(),
                done: "changed",
            };
            client.desk().set_queue(info.counts.queue, config).await?;
            output.print(&done)
        }
        Action::List => {
            let queues = Queues::load(client).await?;
            let rows: Vec<Row> = queues
                .0
                .iter()
                .map(|info| Row::new(info, &queues))
                .collect();
            if rows.is_empty() {
                output.note("there are no queues that you may see: `cairn desk queue create`");
                return Ok(());
            }
            print_table(output, &Row::HEADER, &rows, Row::cells)
        }
        Action::Remove { name } => {
            let queues = Queues::load(client).await?;
            let info = queues.named(name)?;
            client.desk().remove_queue(info.counts.queue).await?;
            output.print(&Done {
                queue: info.counts.queue,
                name: info.config.name.to_string(),
                done: "removed",
            })
        }
    }
}

async fn create(
    client: &Client,
    output: &mut Output,
    name: &GroupName,
    settings: &SettingsArgs,
) -> Result<(), Failure> {
    let queues = Queues::load(client).await?;
    let mut config = QueueConfig::new(name.clone());
    settings.apply(&mut config, &queues)?;
    let queue = client.desk().create_queue(config).await?;
    output.print(&Done {
        queue,
        name: name.to_string(),
        done: "created",
    })
}
