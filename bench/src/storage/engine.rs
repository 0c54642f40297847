//! `engine`: the commit path without a network, compared with other storages, or by the size of
//! groups.

use cairn_store::limits::BATCH_BYTES_MAX;
use clap::Args;
use serde::Serialize;

use super::limits;
use super::messages::LoadSettings;
use super::race::{self, Contender, Outcome, Race, Supply};
use crate::args::{number, whole};
use crate::error::{BenchError, Result};
use crate::limits::SECONDS_DEFAULT;
use crate::results::{Column, Report, Results, Scale, Series, Unit, grouped};
use crate::watcher::Watcher;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Messages per durable commit; each size is a race of its own
    #[arg(long, value_name = "N,…", value_delimiter = ',',
        default_values_t = [1, 8, 64, 512, 4_096], value_parser = whole::<usize>(1..=65_536))]
    batches: Vec<usize>,

    /// Compare groups of these sizes instead, with cairn alone and commits of 64
    #[arg(long, value_name = "N,…", value_delimiter = ',',
        conflicts_with_all = ["batches", "conversations"],
        value_parser = whole::<u64>(1..=1_000_000))]
    members: Vec<u64>,

    /// Storing time of each contender per size, over all rounds
    #[arg(long, value_name = "S", default_value_t = SECONDS_DEFAULT.into(),
        value_parser = number(limits::SECONDS))]
    seconds: f64,

    #[command(flatten)]
    #[serde(flatten)]
    load: LoadSettings,
}

/// Runs the benchmark, with `others` in addition to the built-in contenders. An interrupted run
/// reports what it measured.
pub fn run(settings: Settings, others: Vec<Contender>, watcher: &Watcher) -> Result<Report> {
    let measured = measure(&settings, others, watcher)?;
    if measured.is_empty() {
        return Err(BenchError::Interrupted);
    }
    let subject = settings.load.scratch.subject();
    Ok(subject.report("engine", &settings, watcher.is_asked(), results(&measured)))
}

#[derive(Clone, Debug, Serialize)]
struct Measured {
    engine: String,
    batch: usize,
    /// The size of the group, if that is measured.
    members: Option<u64>,
    /// The ratio of the first contender's median rate, which is cairn's, to this one's.
    cairn_is_times: Option<f64>,
    #[serde(flatten)]
    outcome: Outcome,
}

fn measure(
    settings: &Settings,
    others: Vec<Contender>,
    watcher: &Watcher,
) -> Result<Vec<Measured>> {
    let (conversations, body) = (settings.load.conversations, settings.load.body);
    let scratch = &settings.load.scratch;
    let sizes = &settings.members;
    let (contenders, groups, batches) = if sizes.is_empty() {
        let mut contenders = vec![
            race::cairn("cairn", conversations, 1),
            race::raw_file(),
            // As in sled's documentation.
            race::sled("sled, flush (no fsync)", false),
            race::sled("sled, flush + fdatasync", true),
        ];
        contenders.extend(others);
        (contenders, conversations, settings.batches.as_slice())
    } else {
        let of_size = |&size| race::cairn(format!("{size} members"), 1, size);
        let contenders = sizes.iter().map(of_size).collect();
        (contenders, 1, limits::MEMBERS_BATCHES)
    };
    // Checked before the first race.
    let largest = batches.iter().copied().max().unwrap_or(0);
    if largest * (body + limits::MESSAGE_OVERHEAD_BYTES) > BATCH_BYTES_MAX {
        return Err(BenchError::Failed(format!(
            "{largest} messages of {body} bytes are more than a commit can take: choose smaller \
             --batches or a smaller --body"
        )));
    }
    let race = Race {
        contenders: &contenders,
        supply: &Supply::new(groups, body, scratch.seed)?,
        seconds: settings.seconds,
    };
    let mut measured = Vec::new();
    for &batch in batches {
        let title = format!("batches of {}", grouped(batch as f64));
        let outcomes = race.run(&title, batch, scratch.open()?.path(), watcher)?;
        let cairn = outcomes.first().and_then(Option::as_ref);
        let cairn = cairn.map(|outcome| outcome.messages_per_s.median);
        for (at, outcome) in outcomes.into_iter().enumerate() {
            measured.extend(outcome.map(|outcome| Measured {
                engine: contenders[at].name.clone(),
                batch,
                members: sizes.get(at).copied(),
                cairn_is_times: cairn.map(|cairn| cairn / outcome.messages_per_s.median),
                outcome,
            }));
        }
        if watcher.is_asked() {
            break;
        }
    }
    Ok(measured)
}

const MEDIAN: Column = Column::new("messages/s", "/messages_per_s/median", Unit::COUNT);
const MIN: Column = Column::new("min", "/messages_per_s/min", Unit::COUNT);
const MAX: Column = Column::new("max", "/messages_per_s/max", Unit::COUNT);
const HELD: Column = Column::new("all there", "/is_held", Unit::COUNT);

fn results(measured: &[Measured]) -> Results {
    let mut results = Results::default();
    match measured.iter().any(|of| of.members.is_some()) {
        true => list_members(measured, &mut results),
        false => list_storing(measured, &mut results),
    }
    results.check(measured.iter().all(|of| of.outcome.is_held != Some(false)));
    results
}

fn list_storing(storing: &[Measured], results: &mut Results) {
    let times = Column::new("cairn is", "/cairn_is_times", Unit::new(2, " ×"));
    let bytes = Column::new("disk B/message", "/disk_bytes_per_message", Unit::TENTHS);
    let engine = Column::new("engine", "/engine", Unit::COUNT);
    let batch = Column::new("batch", "/batch", Unit::COUNT);
    let columns = [engine, batch, MEDIAN, MIN, MAX, times, bytes, HELD];
    let meaning = "The median, the lowest and the highest of the rounds. Where the name says \
        nothing else, a batch is on disk when its commit returns. Of each message cairn also \
        decides who may send it, whether it is a retry, and its number.";
    let title = ("Durable messages a second", meaning);
    results.table("storing", title, &columns, storing);
    let mut lines: Vec<Series> = Vec::new();
    for of in storing {
        let point = (of.batch as f64, of.outcome.messages_per_s.median);
        match lines.iter_mut().find(|line| line.name == of.engine) {
            Some(line) => line.points.push(point),
            None => lines.push(Series::new(&of.engine, vec![point])),
        }
    }
    let lines = lines.into_iter().map(from_left).collect();
    let meaning = "Small batches cost what the disk takes for each fdatasync; large ones what the \
        engine does itself.";
    let title = ("Durable messages a second, by the size of a batch", meaning);
    let [x, y] = ["messages in a batch", "messages/s"].map(|label| Scale::Log.axis(label));
    results.plot(title, x, y, lines);
}

fn list_members(members: &[Measured], results: &mut Results) {
    let size = Column::new("members", "/members", Unit::COUNT);
    let bytes = Column::new("log B/message", "/log_bytes_per_message", Unit::TENTHS);
    let meaning = "The median, the lowest and the highest of the rounds. A message is stored once, \
        however many read it, so all lines should be alike.";
    let title = "What a message costs against the size of its group";
    let columns = [size, MEDIAN, MIN, MAX, bytes, HELD];
    results.table("members", (title, meaning), &columns, members);
    let size = |of: &Measured| of.members.unwrap_or_default() as f64;
    let point = |of: &Measured| (size(of), of.outcome.messages_per_s.median);
    let line = from_left(Series::new("cairn", members.iter().map(point).collect()));
    let meaning = "A level line: a message is stored once, however many read it.";
    let (x, y) = (Scale::Log.axis("members"), Scale::Linear.axis("messages/s"));
    let title = ("Messages a second, by the size of the group", meaning);
    results.plot(title, x, y, vec![line]);
}

fn from_left(mut line: Series) -> Series {
    line.points.sort_by(|one, other| one.0.total_cmp(&other.0));
    line
}

#[cfg(test)]
mod tests;
