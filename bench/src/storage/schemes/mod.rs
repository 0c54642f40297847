//! `schemes`: four complete ways to store the messages of a group, compared with cairn's engine.

mod cairn;
mod crash;
mod plain;
mod results;
mod rows;
mod scheme;
#[cfg(test)]
mod tests;
mod trial;

use std::time::Duration;

use clap::{Args, ValueEnum as _};
use serde::Serialize;

use self::scheme::{Group, Kind};
use self::trial::{Cell, Pace, Trial};
use super::limits;
use super::messages::Load;
use crate::args::{number, whole};
use crate::error::{BenchError, Result};
use crate::results::{Report, grouped};
use crate::scratch::Scratch;
use crate::watcher::Watcher;

pub use crash::{VictimArgs, live};

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Members of the group
    #[arg(long, value_name = "N,…", value_delimiter = ',',
        default_values_t = [10, 100, 1_000, 10_000],
        value_parser = whole::<u32>(1..=limits::SCHEME_MEMBERS_MAX.into()))]
    sizes: Vec<u32>,

    /// Percentage of members who are online when a message is sent
    #[arg(long, value_name = "PERCENT,…", value_delimiter = ',',
        default_values_t = [20, 80], value_parser = whole::<u8>(0..=100))]
    online: Vec<u8>,

    /// Messages, or acks, per durable commit
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = whole::<usize>(1..=4_096))]
    batch: usize,

    /// Bytes of each message's text
    #[arg(long, value_name = "BYTES", default_value_t = 200,
        value_parser = whole::<usize>(1..=1_000))]
    body: usize,

    /// Sending time per scheme and group, in four rounds, of which the first is not counted
    #[arg(long, value_name = "S", default_value_t = 2.0, value_parser = number(limits::SECONDS))]
    seconds: f64,

    #[command(flatten)]
    #[serde(flatten)]
    scratch: Scratch,
}

/// Compares the schemes. An interrupted run reports what it measured.
pub fn run(settings: Settings, watcher: &Watcher) -> Result<Report> {
    let mut cells = Vec::new();
    match measure(&settings, &mut cells, watcher) {
        Err(BenchError::Interrupted) if !cells.is_empty() => {}
        result => result?,
    }
    let results = results::results(&cells);
    let subject = settings.scratch.subject();
    Ok(subject.report("schemes", &settings, watcher.is_asked(), results))
}

fn measure(settings: &Settings, cells: &mut Vec<Cell>, watcher: &Watcher) -> Result<()> {
    // Generated in advance, so that the generation is not measured.
    let mut load = Load::new(1, settings.body, settings.scratch.seed);
    let messages = load.messages(limits::SCHEME_TEXTS)?.into_iter();
    let texts: Vec<_> = messages.map(|(_, text)| text).collect();
    let pace = Pace {
        texts: &texts,
        batch: settings.batch,
        time: Duration::from_secs_f64(settings.seconds / (1 + limits::SCHEME_ROUNDS) as f64),
        watcher,
    };
    for &online_percent in &settings.online {
        for &size in &settings.sizes {
            let group = Group {
                size,
                online_percent,
            };
            let scratch = settings.scratch.open()?;
            let trial = |&kind: &Kind| Trial::new(kind, group, scratch.path());
            let mut trials: Vec<Trial> = Kind::value_variants().iter().map(trial).collect();
            let result = compare(&mut trials, &pace, watcher);
            let measured = trials.into_iter().map(|trial| trial.cell);
            cells.extend(measured.filter(|cell| cell.lost.is_some()));
            result?;
        }
    }
    Ok(())
}

/// Measures the schemes with one group. They take turns in timed parts.
fn compare(trials: &mut [Trial], pace: &Pace<'_>, watcher: &Watcher) -> Result<()> {
    let begin = |what: &str, Cell { scheme, group, .. }: &Cell| {
        watcher.tell(|| {
            let (members, label) = (grouped(group.size.into()), scheme.label());
            let online = group.online_percent;
            format!("{members} members, {online} % online: {what}, {label}")
        });
        pace.check()
    };
    for trial in &mut *trials {
        begin("killing", &trial.cell)?;
        trial.crash(pace)?;
        trial.create()?;
    }
    for round in 0..=limits::SCHEME_ROUNDS {
        for trial in &mut *trials {
            begin(&format!("sending, round {round}"), &trial.cell)?;
            trial.send(pace)?;
        }
    }
    for trial in &mut *trials {
        trial.weigh()?;
    }
    for sample in 0..limits::SCHEME_ROUNDS {
        for trial in &mut *trials {
            begin("catching up", &trial.cell)?;
            trial.catch_up(sample)?;
        }
    }
    for trial in trials {
        begin("acking", &trial.cell)?;
        trial.ack(pace)?;
    }
    Ok(())
}
