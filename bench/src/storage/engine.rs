//! `engine`: the commit path without a network, beside other ways to store the same messages, or
//! against the size of a group.

use cairn_store::limits::BATCH_BYTES_MAX;
use clap::Args;
use serde::Serialize;

use super::limits;
use super::messages::LoadSettings;
use super::race::{self, Contender, LogBytes, Outcome, Race, Supply};
use super::scratch::seconds;
use super::spread::Spread;
use crate::args::whole;
use crate::error::BenchError;
use crate::limits::SECONDS_DEFAULT;
use crate::results::{Column, Report, Results, Scale, Series, Unit, grouped};
use crate::watcher::Watcher;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Messages in each durable commit; each size is a race of its own
    #[arg(long, value_name = "N,…", value_delimiter = ',',
        default_values_t = [1, 8, 64, 512, 4_096], value_parser = whole::<usize>(1..=65_536))]
    batches: Vec<usize>,

    /// Measure something else: what a message costs in a group of each of these sizes, with cairn
    /// alone and commits of 64
    #[arg(long, value_name = "N,…", value_delimiter = ',',
        conflicts_with_all = ["batches", "conversations"],
        value_parser = whole::<u64>(1..=1_000_000))]
    members: Vec<u64>,

    /// How long each contender stores for each size, all rounds together
    #[arg(long, value_name = "S", default_value_t = SECONDS_DEFAULT.into(), value_parser = seconds)]
    seconds: f64,

    #[command(flatten)]
    #[serde(flatten)]
    load: LoadSettings,
}

/// Measures it, with `others` beside those that always take part. What was measured before an
/// interruption is reported.
pub fn run(
    settings: Settings,
    others: Vec<Contender>,
    watcher: &mut Watcher,
) -> Result<Report, BenchError> {
    let results = match settings.members.is_empty() {
        true => storing_results(&storing(&settings, others, watcher)?),
        false => members_results(&members(&settings, watcher)?),
    };
    if results.tables[0].rows.is_empty() {
        return Err(BenchError::Interrupted);
    }
    let (scratch, interrupted) = (&settings.load.scratch, watcher.stop().is_asked());
    Ok(scratch.report("engine", &settings, interrupted, results))
}

#[derive(Clone, Debug, Serialize)]
struct Stored {
    engine: String,
    batch: usize,
    /// cairn's median rate over this one's.
    cairn_is_times: Option<f64>,
    #[serde(flatten)]
    outcome: Outcome,
}

fn storing(
    settings: &Settings,
    others: Vec<Contender>,
    watcher: &mut Watcher,
) -> Result<Vec<Stored>, BenchError> {
    let LoadSettings {
        conversations,
        body,
        ref scratch,
    } = settings.load;
    // Before the first race instead of after it.
    let largest = settings.batches.iter().copied().max().unwrap_or(0);
    if largest * (body + limits::MESSAGE_OVERHEAD_BYTES) > BATCH_BYTES_MAX {
        return Err(BenchError::Failed(format!(
            "{largest} messages of {body} bytes are more than a commit can take: choose smaller \
             --batches or a smaller --body"
        )));
    }
    let mut contenders = vec![
        race::cairn("cairn", conversations, 1, LogBytes::default()),
        race::raw_file(),
        // As its documentation uses it.
        race::sled("sled, flush (no fsync)", false),
        race::sled("sled, flush + fdatasync", true),
    ];
    contenders.extend(others);
    let race = Race {
        contenders: &contenders,
        supply: &Supply::new(conversations, body, scratch.seed)?,
        seconds: settings.seconds,
    };
    let mut stored = Vec::new();
    for &batch in &settings.batches {
        let title = format!("batches of {}", grouped(batch as f64));
        let outcomes = race.run(&title, batch, scratch.open()?.path(), watcher)?;
        // cairn runs first.
        let cairn = outcomes.first().and_then(Option::as_ref);
        let cairn = cairn.map(|outcome| outcome.messages_per_s.median);
        for (contender, outcome) in contenders.iter().zip(outcomes) {
            stored.extend(outcome.map(|outcome| Stored {
                engine: contender.name.clone(),
                batch,
                cairn_is_times: cairn.map(|cairn| cairn / outcome.messages_per_s.median),
                outcome,
            }));
        }
        if watcher.stop().is_asked() {
            break;
        }
    }
    Ok(stored)
}

#[derive(Clone, Debug, Serialize)]
struct OfMembers {
    members: u64,
    messages_per_s: Spread,
    messages: u64,
    log_bytes_per_message: f64,
    is_held: Option<bool>,
}

fn members(settings: &Settings, watcher: &mut Watcher) -> Result<Vec<OfMembers>, BenchError> {
    let LoadSettings { body, scratch, .. } = &settings.load;
    let group = |&members| (members, LogBytes::default());
    let groups: Vec<(u64, LogBytes)> = settings.members.iter().map(group).collect();
    let contender = |(members, log_bytes): &(u64, LogBytes)| {
        race::cairn(format!("{members} members"), 1, *members, log_bytes.clone())
    };
    let race = Race {
        contenders: &groups.iter().map(contender).collect::<Vec<_>>(),
        supply: &Supply::new(1, *body, scratch.seed)?,
        seconds: settings.seconds,
    };
    let (title, batch, folder) = ("sizes of groups", limits::MEMBERS_BATCH, scratch.open()?);
    let outcomes = race.run(title, batch, folder.path(), watcher)?;
    let mut measured = Vec::new();
    for ((members, log_bytes), outcome) in groups.into_iter().zip(outcomes) {
        measured.extend(outcome.map(|of| OfMembers {
            members,
            messages_per_s: of.messages_per_s,
            messages: of.messages,
            log_bytes_per_message: log_bytes.get() as f64 / of.messages as f64,
            is_held: of.is_held,
        }));
    }
    Ok(measured)
}

const BYTES: Unit = Unit::new(1, "");
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
            Column::new("disk B/message", "/disk_bytes_per_message", BYTES),
            HELD,
        ],
        storing,
    );
    let is_first = |(at, of): &(usize, &Stored)| {
        let earlier = &storing[..*at];
        earlier.iter().all(|earlier| earlier.engine != of.engine)
    };
    let engines = storing.iter().enumerate().filter(is_first);
    let line = |(_, Stored { engine, .. }): (usize, &Stored)| {
        let of_engine = storing.iter().filter(|stored| stored.engine == *engine);
        let point = |of: &Stored| (of.batch as f64, of.outcome.messages_per_s.median);
        from_left(engine, of_engine.map(point).collect())
    };
    results.plot(
        (
            "Durable messages a second, by the size of a batch",
            "Small batches cost what the disk takes for each fdatasync; large ones what the engine \
             does itself.",
        ),
        Scale::Log.axis("messages in a batch"),
        Scale::Log.axis("messages/s"),
        engines.map(line).collect(),
    );
    let is_held = |stored: &Stored| stored.outcome.is_held != Some(false);
    results.check(storing.iter().all(is_held));
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
            Column::new("log B/message", "/log_bytes_per_message", BYTES),
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
        vec![from_left("cairn", members.iter().map(point).collect())],
    );
    results.check(members.iter().all(|of| of.is_held != Some(false)));
    results
}

fn from_left(name: &str, mut points: Vec<(f64, f64)>) -> Series {
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    Series::new(name, points)
}

#[cfg(test)]
mod tests;
