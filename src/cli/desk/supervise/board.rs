//! `cairn desk watch`: the queues and their agents, as they change.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use cairn_client::Client;
use cairn_proto::content::body::{Body, SystemEntry};
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::limits::RUN_MESSAGES_MAX;
use cairn_proto::model::desk::QueueCounts;
use cairn_proto::text::GroupName;
use cairn_proto::wire::request::session::PullRange;
use clap::Args;
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};

use super::super::args::{Queues, parse_queue};
use super::super::setup::agent::AgentRow;
use super::super::setup::queue::Row as QueueRow;
use crate::cli::chat::names::Names;
use crate::cli::chat::text::routing;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::ui::sanitize::Sanitized;
use crate::ui::table;
use crate::ui::time::Local;

/// How often the board is read.
const INTERVAL: Duration = Duration::from_secs(1);

/// Steps of routing below the tables on a terminal.
const STEPS_SHOWN: usize = 12;

#[derive(Debug, Args)]
pub(crate) struct BoardArgs {
    /// A queue [default: all of yours]
    #[arg(value_parser = parse_queue)]
    queue: Option<GroupName>,

    /// Print the present state, and exit
    #[arg(long)]
    once: bool,
}

/// Something that changed. The fields match its JSON.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Seen<'a> {
    Queue(&'a QueueRow),
    Agent(&'a AgentRow),
    Step(&'a Step),
}

/// A step of routing.
#[derive(Clone, Debug, Serialize)]
struct Step {
    queue: String,
    msgid: MsgId,
    at_ms: u64,
    inquiry: ConversationId,
    text: String,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, queue) = (Local(self.at_ms), Sanitized(&self.queue));
        write!(f, "{at}  {queue}  {}", Sanitized(&self.text))
    }
}

impl fmt::Display for Seen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = match self {
            Self::Queue(row) => row.cells(),
            Self::Agent(row) => row.cells(),
            Self::Step(step) => return step.fmt(f),
        };
        f.write_str(&cells.join("  "))
    }
}

/// What was shown last.
struct Board<'a> {
    client: &'a Client,
    queue: Option<ConversationId>,
    names: Names,
    /// The next entry of the log of each queue.
    next: BTreeMap<ConversationId, MsgId>,
    counts: Vec<QueueCounts>,
    agents: Vec<String>,
    steps: Vec<Step>,
    is_once: bool,
}

pub(crate) async fn run(
    args: &BoardArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Deliver).await?;
    let queue = match &args.queue {
        Some(name) => Some(Queues::load(client).await?.named(name)?.counts.queue),
        None => None,
    };
    let mut board = Board {
        client,
        queue,
        names: Names::default(),
        next: BTreeMap::new(),
        counts: Vec::new(),
        agents: Vec::new(),
        steps: Vec::new(),
        is_once: args.once,
    };
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        output.flush_while_waiting(ticks.tick(), || {}).await?;
        board.read(output).await?;
        if args.once {
            return Ok(());
        }
    }
}

impl Board<'_> {
    /// Reads everything, and prints what changed.
    async fn read(&mut self, output: &mut Output) -> Result<(), Failure> {
        let all = Queues::load(self.client).await?;
        let chosen = self.queue;
        let is_shown = |queue: ConversationId| chosen.is_none_or(|only| only == queue);
        let mut queues = Vec::new();
        let mut agents = BTreeMap::new();
        for info in all.0.iter().filter(|info| is_shown(info.counts.queue)) {
            queues.push(QueueRow::new(info, &all));
            let serving = self.client.desk().agents(Some(info.counts.queue)).await?;
            for agent in serving {
                agents.insert(agent.user.id, AgentRow::new(&agent, &all));
            }
        }
        let mut steps = Vec::new();
        for info in all.0.iter().filter(|info| is_shown(info.counts.queue)) {
            steps.extend(self.steps_of(info.counts.queue, &all).await?);
        }
        let agents: Vec<AgentRow> = agents.into_values().collect();
        if output.is_styled() || (self.is_once && !output.is_json()) {
            self.steps.extend(steps);
            let old = self.steps.len().saturating_sub(STEPS_SHOWN);
            self.steps.drain(..old);
            return self.draw(&queues, &agents, output);
        }
        let known = std::mem::take(&mut self.counts);
        self.counts = all.0.iter().map(|info| info.counts).collect();
        for row in &queues {
            let now = self.counts.iter().find(|counts| counts.queue == row.queue);
            if now.is_some_and(|now| !known.contains(now)) {
                output.print(&Seen::Queue(row))?;
            }
        }
        let known = std::mem::take(&mut self.agents);
        for row in &agents {
            let shown = row.cells().join("  ");
            if !known.contains(&shown) {
                output.print(&Seen::Agent(row))?;
            }
            self.agents.push(shown);
        }
        steps
            .iter()
            .try_for_each(|step| output.print(&Seen::Step(step)))
    }

    /// The steps of routing since the last time. Who may not read the log sees none.
    async fn steps_of(
        &mut self,
        queue: ConversationId,
        all: &Queues,
    ) -> Result<Vec<Step>, Failure> {
        let log = self.client.conversation(queue);
        let from = self.next.get(&queue).copied();
        let first = from.unwrap_or(MsgId::ZERO.next());
        let page = match log.pull(PullRange::From(first), RUN_MESSAGES_MAX).await {
            Ok(page) => page,
            Err(cairn_client::Error::Refused(_)) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        if from.is_none() {
            // The board begins with now.
            self.next.insert(queue, page.head.next());
            return Ok(Vec::new());
        }
        let Some(last) = page.messages.last() else {
            return Ok(Vec::new());
        };
        self.next.insert(queue, last.msgid.next());
        self.names.learn(self.client, &page.messages).await?;
        let step = |entry: &cairn_client::Message| match &entry.body {
            Body::System(SystemEntry::Route(route)) => Some(Step {
                queue: all.name_of(queue),
                msgid: entry.msgid,
                at_ms: entry.sent_at.get(),
                inquiry: route.inquiry,
                text: routing::route_entry(route, &self.names),
            }),
            _ => None,
        };
        Ok(page.messages.iter().filter_map(step).collect())
    }

    /// Draws the whole board over the one before.
    fn draw(
        &self,
        queues: &[QueueRow],
        agents: &[AgentRow],
        output: &mut Output,
    ) -> Result<(), Failure> {
        let header = |names: &[&str]| {
            names
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>()
        };
        let queues: Vec<_> = queues.iter().map(QueueRow::cells).collect();
        let agents: Vec<_> = agents.iter().map(AgentRow::cells).collect();
        let mut text = match self.is_once {
            true => String::new(),
            false => "\u{1b}[H\u{1b}[J".to_owned(),
        };
        text.push_str(&table::render(&header(&QueueRow::HEADER), &queues));
        text.push('\n');
        text.push_str(&table::render(&header(&AgentRow::HEADER), &agents));
        text.push('\n');
        for step in &self.steps {
            text.push_str(&format!("{step}\n"));
        }
        output.text(&text)
    }
}
