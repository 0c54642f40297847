//! The settings of a queue on the command line.

use cairn_proto::limits::{OFFER_SECONDS, STICKY_DAYS_MAX, WAITING_MAX};
use cairn_proto::model::desk::{AnswerMode, OfficeHours, Overflow, QueueConfig, Strategy};
use cairn_proto::text::{DeskText, GroupName, Tag, TextError, ZoneName};
use clap::{Args, ValueEnum};

use super::super::args::{Queues, parse_queue, parse_seconds, parse_seconds_or_never};
use super::hours::{Dated, Weekly};
use crate::cli::failure::{Exit, Failure};

#[derive(Clone, Copy, Debug, ValueEnum)]
enum StrategyArg {
    /// To the agent with the fewest inquiries for their capacity
    LeastBusy,
    /// In turn
    RoundRobin,
    /// To the agent who has had nothing for longest
    LongestIdle,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AnswerArg {
    /// It is offered to one agent at a time, who has some seconds to accept
    Offer,
    /// An agent has it at once
    Assign,
    /// It waits until an agent takes it
    Manual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum YesNo {
    Yes,
    No,
}

#[derive(Debug, Args)]
pub(crate) struct SettingsArgs {
    /// Which agent is next, of those who are ready and of the lowest level
    #[arg(long)]
    strategy: Option<StrategyArg>,

    /// How an inquiry comes to its agent
    #[arg(long)]
    answer: Option<AnswerArg>,

    /// How many seconds an agent has to accept an offer
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16)
        .range(*OFFER_SECONDS.start() as i64..=*OFFER_SECONDS.end() as i64))]
    seconds: Option<u16>,

    /// Open at these hours of each week, such as 'mon-fri 09:00-18:00'; can be given several times
    #[arg(long, value_name = "HOURS")]
    hours: Vec<Weekly>,

    /// The hours of one day instead: '2026-12-24 9-12' or '2026-12-25 closed'
    #[arg(long, value_name = "DAY")]
    day: Vec<Dated>,

    /// The time zone of the hours, such as Asia/Shanghai [default: that of this machine]
    #[arg(long, value_name = "ZONE")]
    zone: Option<ZoneName>,

    /// Open at all hours
    #[arg(long, conflicts_with_all = ["hours", "day", "zone"])]
    always: bool,

    /// What visitors see before they ask
    #[arg(long, value_name = "TEXT")]
    greeting: Option<DeskText>,

    /// What visitors see instead while the queue is closed
    #[arg(long, value_name = "TEXT")]
    offline: Option<DeskText>,

    /// Whether visitors can leave a message while the queue is closed or full
    #[arg(long, value_name = "YES|NO")]
    messages: Option<YesNo>,

    /// A topic from which visitors choose; can be given several times, '' for none
    #[arg(long, value_name = "TOPIC", value_parser = parse_topic)]
    topic: Vec<Option<Tag>>,

    /// How many inquiries may wait
    #[arg(long, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(WAITING_MAX)))]
    waiting_max: Option<u32>,

    /// Move what has waited this long to the queue of --overflow-to; never for not at all
    #[arg(long, value_name = "TIME", value_parser = parse_seconds_or_never)]
    overflow_after: Option<u32>,

    /// Where it goes
    #[arg(long, value_name = "QUEUE", value_parser = parse_queue, requires = "overflow_after")]
    overflow_to: Option<GroupName>,

    /// For how many days a visitor comes back to their last agent, if that one is ready
    #[arg(long, value_name = "N",
        value_parser = clap::value_parser!(u16).range(..=i64::from(STICKY_DAYS_MAX)))]
    sticky_days: Option<u16>,

    /// Close an answered inquiry when the visitor was silent for this long; never for not at all
    #[arg(long, value_name = "TIME", value_parser = parse_seconds_or_never)]
    idle_close: Option<u32>,

    /// How long an agent who is gone keeps what they hold; never for not at all
    #[arg(long, value_name = "TIME", value_parser = parse_absence)]
    absence: Option<u16>,

    /// Whether agents may take what waits, beside what is given to them
    #[arg(long, value_name = "YES|NO")]
    may_take: Option<YesNo>,

    /// How many days closed inquiries are kept; 0 for the server's default
    #[arg(long, value_name = "DAYS")]
    keep_days: Option<u32>,
}

fn parse_topic(raw: &str) -> Result<Option<Tag>, TextError> {
    match raw.trim() {
        "" => Ok(None),
        raw => Tag::new(raw).map(Some),
    }
}

fn parse_absence(raw: &str) -> Result<u16, String> {
    let seconds = match raw {
        "never" => 0,
        raw => parse_seconds(raw).map_err(|error| error.to_string())?,
    };
    u16::try_from(seconds).map_err(|_| "it is at most 10m".to_owned())
}

impl SettingsArgs {
    /// Changes what was given.
    pub(crate) fn apply(&self, config: &mut QueueConfig, queues: &Queues) -> Result<(), Failure> {
        if let Some(strategy) = self.strategy {
            config.strategy = match strategy {
                StrategyArg::LeastBusy => Strategy::LeastBusy,
                StrategyArg::RoundRobin => Strategy::RoundRobin,
                StrategyArg::LongestIdle => Strategy::LongestIdle,
            };
        }
        self.apply_answer(config)?;
        self.apply_hours(config)?;
        if !self.topic.is_empty() {
            config.topics = self.topic.iter().flatten().cloned().collect();
        }
        match (self.overflow_after, &self.overflow_to) {
            (Some(0), _) => config.overflow = None,
            (Some(after_seconds), Some(to)) => {
                config.overflow = Some(Overflow {
                    after_seconds,
                    queue: queues.named(to)?.counts.queue,
                });
            }
            (Some(after_seconds), None) => match &mut config.overflow {
                Some(overflow) => overflow.after_seconds = after_seconds,
                None => {
                    let failure = Failure::new(Exit::Usage, "where does it overflow to?");
                    return Err(failure.hint("name the queue with --overflow-to QUEUE"));
                }
            },
            (None, _) => {}
        }
        let set = |field: &mut DeskText, value: &Option<DeskText>| {
            if let Some(value) = value {
                *field = value.clone();
            }
        };
        set(&mut config.greeting, &self.greeting);
        set(&mut config.offline, &self.offline);
        let is_yes = |answer: YesNo| answer == YesNo::Yes;
        config.takes_messages = self.messages.map_or(config.takes_messages, is_yes);
        config.may_take = self.may_take.map_or(config.may_take, is_yes);
        config.waiting_max = self.waiting_max.unwrap_or(config.waiting_max);
        config.sticky_days = self.sticky_days.unwrap_or(config.sticky_days);
        config.idle_close_seconds = self.idle_close.unwrap_or(config.idle_close_seconds);
        config.absence_seconds = self.absence.unwrap_or(config.absence_seconds);
        config.retention_days = self.keep_days.unwrap_or(config.retention_days);
        Ok(())
    }

    fn apply_answer(&self, config: &mut QueueConfig) -> Result<(), Failure> {
        let present = match config.answer {
            AnswerMode::Offer { seconds } => seconds,
            AnswerMode::Assign | AnswerMode::Manual => DEFAULT_SECONDS,
        };
        let seconds = self.seconds.unwrap_or(present);
        match (self.answer, config.answer) {
            (Some(AnswerArg::Offer), _) | (None, AnswerMode::Offer { .. }) => {
                config.answer = AnswerMode::Offer { seconds };
                return Ok(());
            }
            (Some(AnswerArg::Assign), _) => config.answer = AnswerMode::Assign,
            (Some(AnswerArg::Manual), _) => config.answer = AnswerMode::Manual,
            (None, _) => {}
        }
        match self.seconds {
            None => Ok(()),
            Some(_) => Err(Failure::new(
                Exit::Usage,
                "--seconds is for queues whose inquiries are offered",
            )
            .hint("add --answer offer")),
        }
    }

    fn apply_hours(&self, config: &mut QueueConfig) -> Result<(), Failure> {
        if self.always {
            config.hours = None;
            return Ok(());
        }
        if self.hours.is_empty() && self.day.is_empty() && self.zone.is_none() {
            return Ok(());
        }
        let known = config.hours.take();
        let zone = match (&self.zone, &known) {
            (Some(zone), _) => zone.clone(),
            (None, Some(known)) => known.zone.clone(),
            (None, None) => zone_here()?,
        };
        let (mut weekly, mut days) =
            known.map_or_else(Default::default, |known| (known.weekly, known.days));
        if !self.hours.is_empty() {
            weekly = self
                .hours
                .iter()
                .flat_map(|Weekly(spans)| spans.iter().copied())
                .collect();
        }
        if !self.day.is_empty() {
            days = self.day.iter().map(|Dated(span)| *span).collect();
        }
        config.hours = Some(OfficeHours { zone, weekly, days });
        Ok(())
    }
}

/// Of a queue whose inquiries were not offered before.
const DEFAULT_SECONDS: u16 = 30;

/// The time zone of this machine.
fn zone_here() -> Result<ZoneName, Failure> {
    let zone = jiff::tz::TimeZone::system();
    let name = zone.iana_name().unwrap_or("UTC");
    ZoneName::new(name).map_err(|error| {
        Failure::caused(Exit::Failed, "this machine has no time zone", &error)
            .hint("name it with --zone, such as --zone Asia/Shanghai")
    })
}
