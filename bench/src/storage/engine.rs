//! `engine`: the commit path without a network, beside other ways to store the same messages, or
//! against the size of a group.

use std::time::Duration;

use cairn_store::limits::BATCH_BYTES_MAX;
use clap::Args;
use serde::Serialize;

use super::limits;
use super::messages::body_bytes;
use super::race::{self, Contender, LogBytes, Outcome, Race, Supply};
use super::scratch::{Scratch, seconds};
use super::spread::Spread;
use crate::args::whole;
use crate::error::BenchError;
use crate::limits::SECONDS_DEFAULT;
use crate::results::{Column, Report, Results, Scale, Series, Unit, grouped};
use crate::watcher::Watcher;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Messages in each durable commit; each size is a race of its own
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        default_values_t = [1, 8, 64, 512, 4_096],
        value_parser = whole::<usize>(1..=65_536)
    )]
    batches: Vec<usize>,

    /// Measure something else: what a message costs in a group of each of these sizes, with cairn
    /// alone and commits of 64
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        conflicts_with_all = ["batches", "conversations"],
        value_parser = whole::<u64>(1..=1_000_000)
    )]
    members: Vec<u64>,

    /// Bytes of each message's text
    #[arg(long, value_name = "BYTES", default_value_t = 200, value_parser = body_bytes())]
    body: usize,

    /// Groups that the messages go to, the n-th with a share of 1 / n
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1_000,
        value_parser = whole::<usize>(1..=100_000)
    )]
    conversations: usize,

    /// How long each contender stores for each size, all rounds together
    #[arg(
        long,
        value_name = "S",
        default_value_t = SECONDS_DEFAULT.into(),
        value_parser = seconds
    )]
    seconds: f64,

    #[command(flatten)]
    #[serde(flatten)]
    scratch: Scratch,
}

impl Settings {
    fn round(&self) -> Duration {
        Duration::from_secs_f64(self.seconds / f64::from(limits::ROUNDS))
    }

    /// Refuses oversized batches before the first race instead of after it.
    fn check(&self) -> Result<(), BenchError> {
        let (body, largest) = (self.body, self.batches.iter().copied().max().unwrap_or(0));
        let bytes = largest * (body + limits::MESSAGE_OVERHEAD_BYTES);
        if self.members.is_empty() && bytes > BATCH_BYTES_MAX {
            return Err(BenchError::Failed(format!(
                "{largest} messages of {body} bytes are more than a commit can take: choose \
                 smaller --batches or a smaller --body"
            )));
        }
        Ok(())
    }
}

/// Measures it, with `others` beside those that always take part. What was measured before an
/// interruption is reported.
pub fn run(
    settings: Settings,
    others: Vec<Contender>,
    watcher: &mut Watcher,
) -> Result<Report, BenchError> {
    settings.check()?;
    let results = if settings.members.is_empty() {
        let stored = storing(&settings, others, watcher)?;
        (!stored.is_empty()).then(|| storing_results(&stored))
    } else {
        let stored = members(&settings, watcher)?;
        (!stored.is_empty()).then(|| members_results(&stored))
    };
    let (interrupted, results) = (
        watcher.stop().is_asked(),
        results.ok_or(BenchError::Interrupted)?,
    );
    Ok(settings
        .scratch
        .report("engine", &settings, interrupted, results))
}

/// One contender with one size of batch.
#[derive(Clone, Debug, Serialize)]
struct Stored {
    engine: String,
    batch: usize,
    /// cairn's median rate over this one's.
    cairn_is_times: Option<f64>,
    #[serde(flatten)]
    outcome: Outcome,
}

/// Runs a race for each size of batch.
fn storing(
    settings: &Settings,
    others: Vec<Contender>,
    watcher: &mut Watcher,
) -> Result<Vec<Stored>, BenchError> {
    let folder = settings.scratch.open()?;
    let supply = Supply::new(settings.conversations, settings.body, settings.scratch.seed)?;
    let mut contenders = vec![
        race::cairn_with_groups(settings.conversations),
        race::raw_file(),
        race::sled_flushed(),
        race::sled_synced(),
    ];
    contenders.extend(others);
    let mut stored = Vec::new();
    for &batch in &settings.batches {
        let race = Race {
            contenders: &contenders,
            supply: &supply,
            batch,
            round: settings.round(),
        };
        let title = format!("batches of {}", grouped(batch as f64));
        let outcomes = race.run(&title, &folder.path().join(batch.to_string()), watcher)?;
        stored.extend(of_race(batch, &contenders, outcomes));
        if watcher.stop().is_asked() {
            break;
        }
    }
    Ok(stored)
}

/// The results of a race in which cairn ran first.
fn of_race(
    batch: usize,
    contenders: &[Contender],
    outcomes: Vec<Option<Outcome>>,
) -> impl Iterator<Item = Stored> {
    let cairn = outcomes.first().and_then(Option::as_ref);
    let cairn = cairn.map(|outcome| outcome.messages_per_s.median);
    let stored = move |(contender, outcome): (&Contender, Option<Outcome>)| {
        let outcome = outcome?;
        Some(Stored {
            engine: contender.name().to_owned(),
            batch,
            cairn_is_times: cairn.map(|cairn| cairn / outcome.messages_per_s.median),
            outcome,
        })
    };
    contenders.iter().zip(outcomes).filter_map(stored)
}

/// The cost of a message in a group of one size.
#[derive(Clone, Debug, Serialize)]
struct OfMembers {
    members: u64,
    messages_per_s: Spread,
    messages: u64,
    log_bytes_per_message: f64,
    is_held: Option<bool>,
}

/// Runs one race of groups against each other.
fn members(settings: &Settings, watcher: &mut Watcher) -> Result<Vec<OfMembers>, BenchError> {
    let folder = settings.scratch.open()?;
    let supply = Supply::new(1, settings.body, settings.scratch.seed)?;
    let group = |&members| (members, LogBytes::default());
    let groups: Vec<(u64, LogBytes)> = settings.members.iter().map(group).collect();
    let contenders: Vec<Contender> = groups
        .iter()
        .map(|(members, log_bytes)| race::cairn_with_members(*members, log_bytes.clone()))
        .collect();
    let race = Race {
        contenders: &contenders,
        supply: &supply,
        batch: limits::MEMBERS_BATCH,
        round: settings.round(),
    };
    let outcomes = race.run("sizes of groups", &folder.path().join("members"), watcher)?;
    let of_members = |((members, log_bytes), outcome): ((u64, LogBytes), Option<Outcome>)| {
        let outcome = outcome?;
        Some(OfMembers {
            members,
            messages_per_s: outcome.messages_per_s,
            messages: outcome.messages,
            log_bytes_per_message: log_bytes.get() as f64 / outcome.messages as f64,
            is_held: outcome.is_held,
        })
    };
    Ok(groups
        .into_iter()
        .zip(outcomes)
        .filter_map(of_members)
        .collect())
}

const MEDIAN: Column = Column::new("messages/s", "/messages_per_s/median", Unit::COUNT);
const MIN: Column = Column::new("min", "/messages_per_s/min", Unit::COUNT);
const MAX: Column = Column::new("max", "/messages_per_s/max", Unit::COUNT);
const HELD: Column = Column::new("all there", "/is_held", Unit::COUNT);

fn storing_results(storing: &[Stored]) -> Results {
    let mut results = Results::default();
    results.table(
        "storing",
        (
            "Durable messages a second",
            "The median, the lowest and the highest of the rounds. Where the name says nothing \
             else, a batch is on disk when its commit returns. Of each message cairn also decides \
             who may send it, whether it is a retry, and its number.",
        ),
        &[
            Column::new("engine", "/engine", Unit::COUNT),
            Column::new("batch", "/batch", Unit::COUNT),
            MEDIAN,
            MIN,
            MAX,
            Column::new("cairn is", "/cairn_is_times", Unit::new(2, " ×")),
            Column::new(
                "disk B/message",
                "/disk_bytes_per_message",
                Unit::new(1, ""),
            ),
            HELD,
        ],
        storing,
    );
    let mut series: Vec<Series> = Vec::new();
    for stored in storing {
        let point = (stored.batch as f64, stored.outcome.messages_per_s.median);
        match series
            .iter_mut()
            .find(|series| series.name == stored.engine)
        {
            Some(series) => series.points.push(point),
            None => series.push(Series {
                name: stored.engine.clone(),
                points: vec![point],
            }),
        }
    }
    results.plot(
        (
            "Durable messages a second, by the size of a batch",
            "Small batches cost what the disk takes for each fdatasync; large ones what the engine \
             does itself.",
        ),
        Scale::Log.axis("messages in a batch"),
        Scale::Log.axis("messages/s"),
        series.into_iter().map(from_left).collect(),
    );
    results.check(
        storing
            .iter()
            .all(|stored| stored.outcome.is_held != Some(false)),
    );
    results
}

fn members_results(members: &[OfMembers]) -> Results {
    let mut results = Results::default();
    results.table(
        "members",
        (
            "What a message costs against the size of its group",
            "The median, the lowest and the highest of the rounds. A message is stored once, \
             however many read it, so all lines should be alike.",
        ),
        &[
            Column::new("members", "/members", Unit::COUNT),
            MEDIAN,
            MIN,
            MAX,
            Column::new("log B/message", "/log_bytes_per_message", Unit::new(1, "")),
            HELD,
        ],
        members,
    );
    let point = |of: &OfMembers| (of.members as f64, of.messages_per_s.median);
    results.plot(
        (
            "Messages a second, by the size of the group",
            "A level line: a message is stored once, however many read it.",
        ),
        Scale::Log.axis("members"),
        Scale::Linear.axis("messages/s"),
        vec![from_left(Series {
            name: "cairn".to_owned(),
            points: members.iter().map(point).collect(),
        })],
    );
    results.check(members.iter().all(|of| of.is_held != Some(false)));
    results
}

fn from_left(mut series: Series) -> Series {
    series
        .points
        .sort_by(|one, other| one.0.total_cmp(&other.0));
    series
}

#[cfg(test)]
mod tests;
