//! `cairn desk agent`

use std::fmt;
use std::str::FromStr;

use cairn_client::Client;
use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::limits::CAPACITY_MAX;
use cairn_proto::model::desk::{AgentConfig, AgentInfo, AgentQueue};
use cairn_proto::text::{DisplayName, GroupName, UserName};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::super::args::{Queues, parse_queue, parse_seconds};
use super::super::help;
use super::super::table::print_table;
use crate::cli::args::target::{find_user, parse_user};
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;
use crate::ui::sanitize::Sanitized;
use crate::ui::time::Span;

/// Make users agents, and set what they serve
///
/// For owners and admins of the server; supervisors can list the agents of their queues.
#[derive(Debug, Args)]
#[command(after_help = help::AGENT)]
pub(crate) struct AgentArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a user an agent
    #[command(after_help = help::AGENT_ADD)]
    Add {
        /// The user
        #[arg(value_parser = parse_user)]
        user: UserName,
        #[command(flatten)]
        settings: SettingsArgs,
    },
    /// Change an agent; what is left out stays as it is
    #[command(after_help = help::AGENT_SET)]
    Set {
        /// The agent
        #[arg(value_parser = parse_user)]
        user: UserName,
        #[command(flatten)]
        settings: SettingsArgs,
    },
    /// Make an agent a mere user; what they hold waits again
    #[command(after_help = help::AGENT_REMOVE)]
    Remove {
        /// The agent
        #[arg(value_parser = parse_user)]
        user: UserName,
    },
    /// List agents, with their duty and load
    #[command(after_help = help::AGENT_LIST)]
    List {
        /// The agents of this queue
        #[arg(value_parser = parse_queue)]
        queue: Option<GroupName>,
    },
}

#[derive(Debug, Args)]
struct SettingsArgs {
    /// A queue that they serve: QUEUE, QUEUE:LEVEL or QUEUE:LEVEL:DELAY; can be given several times
    ///
    /// Agents of a lower level come first; 0 is the lowest. DELAY is how long an inquiry must have
    /// waited until it goes to the agent: 30s, 5m.
    #[arg(long, value_name = "QUEUE[:LEVEL[:DELAY]]")]
    queue: Vec<Served>,

    /// How many inquiries they have at once
    #[arg(long, value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..=i64::from(CAPACITY_MAX)))]
    capacity: Option<u16>,

    /// A queue that they supervise; can be given several times, '' for none
    #[arg(long, value_name = "QUEUE", value_parser = parse_supervised)]
    supervises: Vec<Option<GroupName>>,

    /// The name that visitors see; '' for the name of the user
    #[arg(long, value_name = "NAME", value_parser = parse_public_name)]
    name: Option<PublicName>,
}

/// Inquiries at once of a new agent.
const CAPACITY_DEFAULT: u16 = 3;

#[derive(Clone, Debug)]
struct PublicName(Option<DisplayName>);

fn parse_public_name(raw: &str) -> Result<PublicName, cairn_proto::text::TextError> {
    match raw.trim() {
        "" => Ok(PublicName(None)),
        raw => DisplayName::new(raw).map(|name| PublicName(Some(name))),
    }
}

fn parse_supervised(raw: &str) -> Result<Option<GroupName>, cairn_proto::text::TextError> {
    match raw.trim() {
        "" => Ok(None),
        raw => parse_queue(raw).map(Some),
    }
}

/// A queue that an agent serves.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Served {
    queue: GroupName,
    level: u8,
    delay_seconds: u32,
}

impl FromStr for Served {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        let mut parts = raw.splitn(3, ':');
        let queue = parts.next().unwrap_or_default();
        let queue = parse_queue(queue).map_err(|error| error.to_string())?;
        let level = parts.next().map_or(Ok(0), str::parse);
        let level = level.map_err(|_| "the level after : is a number from 0 to 255".to_owned())?;
        let delay_seconds = match parts.next() {
            None => 0,
            Some(raw) => parse_seconds(raw).map_err(|error| error.to_string())?,
        };
        Ok(Self {
            queue,
            level,
            delay_seconds,
        })
    }
}

impl SettingsArgs {
    fn apply(&self, config: &mut AgentConfig, queues: &Queues) -> Result<(), Failure> {
        if !self.queue.is_empty() {
            let served = self.queue.iter().map(|served| {
                Ok(AgentQueue {
                    queue: queues.named(&served.queue)?.counts.queue,
                    level: served.level,
                    delay_seconds: served.delay_seconds,
                })
            });
            config.queues = served.collect::<Result<_, Failure>>()?;
        }
        if !self.supervises.is_empty() {
            let named = self.supervises.iter().flatten();
            let queues = named.map(|name| Ok(queues.named(name)?.counts.queue));
            config.supervises = queues.collect::<Result<_, Failure>>()?;
        }
        config.capacity = self.capacity.unwrap_or(config.capacity);
        if let Some(PublicName(name)) = &self.name {
            config.public_name = name.clone();
        }
        Ok(())
    }
}

/// An agent. The fields match its JSON.
#[derive(Debug, Serialize)]
pub(in crate::cli::desk) struct AgentRow {
    user: UserId,
    agent: String,
    name: Option<String>,
    duty: &'static str,
    present: bool,
    load: u32,
    capacity: u16,
    missed: u32,
    given_at_ms: u64,
    queues: Vec<ServedRow>,
    supervises: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ServedRow {
    queue: String,
    level: u8,
    delay_s: u32,
}

impl AgentRow {
    pub(in crate::cli::desk) fn new(info: &AgentInfo, queues: &Queues) -> Self {
        let config = &info.config;
        let served = config.queues.iter().map(|served| ServedRow {
            queue: queues.name_of(served.queue),
            level: served.level,
            delay_s: served.delay_seconds,
        });
        let supervised = config.supervises.iter();
        Self {
            user: info.user.id,
            agent: info.user.name.to_string(),
            name: config.public_name.as_ref().map(DisplayName::to_string),
            duty: info.duty.as_str(),
            present: info.present,
            load: info.load,
            capacity: config.capacity,
            missed: info.missed,
            given_at_ms: info.given_at.get(),
            queues: served.collect(),
            supervises: supervised.map(|&queue| queues.name_of(queue)).collect(),
        }
    }

    pub(in crate::cli::desk) const HEADER: [&'static str; 6] = [
        "agent",
        "duty",
        "connected",
        "inquiries",
        "missed",
        "queues",
    ];

    pub(in crate::cli::desk) fn cells(&self) -> Vec<String> {
        let served = self.queues.iter().map(|served| {
            let mut text = Sanitized(&served.queue).to_string();
            if served.level > 0 || served.delay_s > 0 {
                text.push_str(&format!(":{}", served.level));
            }
            if served.delay_s > 0 {
                text.push_str(&format!(":{}", Span(u64::from(served.delay_s) * 1_000)));
            }
            text
        });
        let supervised = self.supervises.iter();
        let supervised = supervised.map(|queue| format!("supervises {}", Sanitized(queue)));
        vec![
            Sanitized(&self.agent).to_string(),
            self.duty.to_owned(),
            if self.present { "yes" } else { "no" }.to_owned(),
            format!("{} of {}", self.load, self.capacity),
            self.missed.to_string(),
            served.chain(supervised).collect::<Vec<_>>().join(", "),
        ]
    }
}

/// What was done to an agent.
#[derive(Debug, Serialize)]
struct Done {
    user: UserId,
    agent: UserName,
    #[serde(skip)]
    done: &'static str,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.agent, self.done)
    }
}

pub(crate) async fn run(
    args: &AgentArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    match &args.action {
        Action::Add { user, settings } => set(client, output, user, settings, true).await,
        Action::Set { user, settings } => set(client, output, user, settings, false).await,
        Action::Remove { user } => {
            let user = find_user(client, user).await?;
            client.desk().remove_agent(user.id).await?;
            output.print(&Done {
                user: user.id,
                agent: user.name,
                done: "is no longer an agent",
            })
        }
        Action::List { queue } => list(client, output, queue.as_ref()).await,
    }
}

async fn set(
    client: &Client,
    output: &mut Output,
    name: &UserName,
    settings: &SettingsArgs,
    is_new: bool,
) -> Result<(), Failure> {
    let user = find_user(client, name).await?;
    let queues = Queues::load(client).await?;
    let agents = client.desk().agents(None).await?;
    let known = agents.into_iter().find(|agent| agent.user.id == user.id);
    let mut config = match (known, is_new) {
        (None, true) => AgentConfig {
            public_name: None,
            capacity: CAPACITY_DEFAULT,
            queues: Vec::new(),
            supervises: Vec::new(),
        },
        (Some(known), false) => known.config,
        (Some(_), true) => {
            let headline = format!("{} is an agent already", user.name);
            return Err(Failure::new(Exit::Failed, headline)
                .hint("`cairn desk agent set` changes what they serve"));
        }
        (None, false) => {
            let headline = format!("{} is no agent", user.name);
            return Err(Failure::new(Exit::Failed, headline)
                .hint("`cairn desk agent add` makes a user an agent"));
        }
    };
    settings.apply(&mut config, &queues)?;
    if config.queues.is_empty() && config.supervises.is_empty() {
        let failure = Failure::new(Exit::Usage, "an agent without a queue gets nothing");
        return Err(failure.hint("name one with --queue QUEUE, or --supervises QUEUE"));
    }
    client.desk().set_agent(user.id, config).await?;
    output.print(&Done {
        user: user.id,
        agent: user.name,
        done: if is_new {
            "is an agent now"
        } else {
            "is changed"
        },
    })
}

async fn list(
    client: &Client,
    output: &mut Output,
    queue: Option<&GroupName>,
) -> Result<(), Failure> {
    let queues = Queues::load(client).await?;
    let queue: Option<ConversationId> = match queue {
        Some(name) => Some(queues.named(name)?.counts.queue),
        None => None,
    };
    let agents = client.desk().agents(queue).await?;
    let rows: Vec<AgentRow> = agents
        .iter()
        .map(|info| AgentRow::new(info, &queues))
        .collect();
    if rows.is_empty() {
        output.note("there are no agents yet: `cairn desk agent add`");
        return Ok(());
    }
    print_table(output, &AgentRow::HEADER, &rows, AgentRow::cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn served_queues_have_levels_and_delays() {
        let served = |raw: &str| {
            let served: Served = raw.parse()?;
            Ok::<_, String>((served.queue.to_string(), served.level, served.delay_seconds))
        };
        assert_eq!(served("sales"), Ok(("sales".into(), 0, 0)));
        assert_eq!(served("sales:2"), Ok(("sales".into(), 2, 0)));
        assert_eq!(served("after sale:1:5m"), Ok(("after sale".into(), 1, 300)));
        for raw in ["", ":1", "sales:x", "sales:256", "sales:1:", "sales:1:5"] {
            assert!(served(raw).is_err(), "{raw}");
        }
    }
}
