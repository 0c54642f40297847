//! `schemes`: four ways to store the messages of a group, each complete, beside cairn's own engine.

mod cairn;
mod cell;
mod crash;
mod measure;
mod plain;
mod results;
mod rows;
mod scheme;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Duration;

use cairn_proto::text::Text;
use clap::Args;
use serde::Serialize;

use self::cell::Cell;
use self::scheme::{Group, Kind, Store};
use super::limits;
use super::messages::Load;
use super::scratch::Scratch;
use crate::args::whole;
use crate::error::BenchError;
use crate::results::{Report, grouped};
use crate::watcher::Watcher;

pub use crash::{VictimArgs, live};

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Members of the group
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        default_values_t = [10, 100, 1_000, 10_000],
        value_parser = whole::<u32>(1..=limits::SCHEME_MEMBERS_MAX.into())
    )]
    sizes: Vec<u32>,

    /// How many of a hundred members are online when a message is sent
    #[arg(
        long,
        value_name = "PERCENT,…",
        value_delimiter = ',',
        default_values_t = [20, 80],
        value_parser = whole::<u8>(0..=100)
    )]
    online: Vec<u8>,

    /// Messages, or acks, that one durable commit is made for
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = whole::<usize>(1..=4_096))]
    batch: usize,

    /// Bytes of each message's text
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = 200,
        value_parser = whole::<usize>(1..=1_000)
    )]
    body: usize,

    /// How long each scheme is sent to, in each group: in four rounds, of which the first is not
    /// counted
    #[arg(long, value_name = "S", default_value_t = 2.0, value_parser = parse_seconds)]
    seconds: f64,

    #[command(flatten)]
    #[serde(flatten)]
    scratch: Scratch,
}

fn parse_seconds(raw: &str) -> Result<f64, String> {
    match raw.parse::<f64>() {
        Ok(seconds) if (0.01..=3_600.0).contains(&seconds) => Ok(seconds),
        _ => Err("it is not a number of seconds from 0.01 to 3600".to_owned()),
    }
}

/// Compares the schemes. What was measured before an interruption is reported.
pub fn run(settings: Settings, watcher: &mut Watcher) -> Result<Report, BenchError> {
    let mut cells = Vec::new();
    let result = measure(&settings, &mut cells, watcher);
    cells.retain(Cell::is_measured);
    let interrupted = match result {
        Ok(()) => false,
        Err(BenchError::Interrupted) if !cells.is_empty() => true,
        Err(error) => return Err(error),
    };
    Ok(Report::new(
        "schemes",
        settings.scratch.subject(),
        &settings,
        interrupted,
        results::results(&cells),
    ))
}

fn measure(
    settings: &Settings,
    cells: &mut Vec<Cell>,
    watcher: &mut Watcher,
) -> Result<(), BenchError> {
    // Made in advance, so that making them is not measured.
    let messages =
        Load::new(1, settings.body, settings.scratch.seed).messages(limits::SCHEME_TEXTS)?;
    let texts: Vec<Text> = messages.into_iter().map(|message| message.text).collect();
    let scratch = settings.scratch.open()?;
    for &online in &settings.online {
        for &members in &settings.sizes {
            let dir = scratch.path().join(format!("{members}-{online}"));
            let first = cells.len();
            cells.extend(Kind::ALL.map(|kind| Cell::new(kind, members, online)));
            let comparison = Comparison {
                settings,
                texts: &texts,
                dir: &dir,
                online,
                group: Group::new(members, online),
            };
            comparison.measure(&mut cells[first..], watcher)?;
            std::fs::remove_dir_all(&dir)
                .map_err(|source| BenchError::Directory { dir, source })?;
        }
    }
    Ok(())
}

/// The schemes with one group.
struct Comparison<'a> {
    settings: &'a Settings,
    texts: &'a [Text],
    dir: &'a Path,
    online: u8,
    group: Group,
}

impl Comparison<'_> {
    /// Fills the cells, one for each scheme. Where time is measured, the schemes take turns.
    fn measure(&self, cells: &mut [Cell], watcher: &mut Watcher) -> Result<(), BenchError> {
        let stop = watcher.stop();
        let Settings { batch, seconds, .. } = *self.settings;
        let time = Duration::from_secs_f64(seconds / (1 + limits::SCHEME_ROUNDS) as f64);
        let Group { size, .. } = self.group;
        let begin = |what: &str, cell: &Cell| {
            let (members, online, label) = (grouped(size.into()), self.online, cell.scheme.label());
            watcher.tell(&|| format!("{members} members, {online} % online: {what}, {label}"));
            measure::check(&stop)
        };
        for cell in &mut *cells {
            begin("killing", cell)?;
            let batch = (limits::SCHEME_CRASH_PAIRS_MAX / size as usize).clamp(1, batch);
            let store = self.store("crash", cell.scheme);
            cell.crashed(crash::crash(&store, self.online, batch)?);
        }
        let stores = Kind::ALL.map(|kind| self.store("store", kind));
        for (cell, store) in cells.iter_mut().zip(&stores) {
            store.create()?;
            cell.created(store);
        }
        // The first round is not counted.
        for round in 0..=limits::SCHEME_ROUNDS {
            for (cell, store) in cells.iter_mut().zip(&stores) {
                begin(&format!("sending, round {round}"), cell)?;
                let done = measure::round(store, self.texts, batch, time, &stop)?;
                if round == 0 {
                    cell.warmed_up(done, store);
                } else {
                    cell.sent(done);
                }
            }
        }
        for (cell, store) in cells.iter_mut().zip(&stores) {
            cell.stored(store)?;
        }
        for sample in 0..limits::SCHEME_ROUNDS {
            for (cell, store) in cells.iter_mut().zip(&stores) {
                begin("catching up", cell)?;
                cell.caught_up(measure::catch_up_ms(store, sample)?);
            }
        }
        for (cell, store) in cells.iter_mut().zip(&stores) {
            begin("acking", cell)?;
            if let Some(sent) = cell.all_sent {
                cell.acked(measure::acks(store, sent, batch, time, &stop)?);
                measure::ack_all(store, sent, batch, &stop)?;
                cell.emptied(store, sent);
            }
        }
        Ok(())
    }

    fn store(&self, what: &str, kind: Kind) -> Store {
        Store {
            kind,
            group: self.group,
            dir: self.dir.join(what).join(kind.name()),
        }
    }
}
