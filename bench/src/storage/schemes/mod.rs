//! `schemes`: four ways to store the messages of a group, each complete, beside cairn's own engine.
//!
//! * `scheme`: what each can do, and which there are
//! * `copies`, `bodies`, `cursors`: the four, on `rows` with `keys`
//! * `engine`: cairn's
//! * `speed`, `life`, `crash`: what is done to each
//! * `cell`, `found`: what is found, and how it is told

mod bodies;
mod cell;
mod copies;
mod crash;
mod cursors;
mod engine;
mod found;
mod keys;
mod life;
mod rows;
mod scheme;
mod speed;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use cairn_proto::text::{Text, TextError};
use clap::Args;
use clap::builder::RangedU64ValueParser;
use serde::Serialize;

use self::cell::Cell;
use self::found::Found;
use self::scheme::{Group, Kind, Store};
use super::load::Load;
use super::place::Place;
use crate::error::BenchError;
use crate::limits;
use crate::report::{Report, grouped};
use crate::watcher::Watcher;

pub use crash::{CrashError, VictimArgs, live};
pub use rows::RowsError;

/// What is compared.
#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Members of the group
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        default_values_t = [10, 100, 1_000, 10_000],
        value_parser = clap::value_parser!(u32).range(1..=limits::SCHEME_MEMBERS_MAX.into())
    )]
    sizes: Vec<u32>,

    /// How many of a hundred members are online when a message is sent
    #[arg(
        long,
        value_name = "PERCENT,…",
        value_delimiter = ',',
        default_values_t = [20, 80],
        value_parser = clap::value_parser!(u8).range(0..=100)
    )]
    online: Vec<u8>,

    /// Messages, or acks, that one durable commit is made for
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = RangedU64ValueParser::<usize>::new().range(1..=4_096))]
    batch: usize,

    /// Bytes of each message's text
    #[arg(long, value_name = "BYTES", default_value_t = 200, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000))]
    body: usize,

    /// How long each scheme is sent to, in each group: in four rounds, of which the first is not counted
    #[arg(long, value_name = "S", default_value_t = 2.0, value_parser = parse_seconds)]
    seconds: f64,

    #[command(flatten)]
    #[serde(flatten)]
    place: Place,
}

/// Takes a time that a run can end in.
fn parse_seconds(raw: &str) -> Result<f64, String> {
    match raw.parse::<f64>() {
        Ok(seconds) if (0.01..=3_600.0).contains(&seconds) => Ok(seconds),
        _ => Err("it is not a number of seconds from 0.01 to 3600".to_owned()),
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sizes,
            online,
            batch,
            body,
            seconds,
            ..
        } = self;
        let sizes: Vec<String> = sizes.iter().map(|&size| grouped(size.into())).collect();
        let online: Vec<String> = online
            .iter()
            .map(|percent| format!("{percent} %"))
            .collect();
        let (sizes, online) = (sizes.join(" / "), online.join(" / "));
        write!(
            f,
            "{sizes} members, {online} online, {body}-byte bodies, batches of {batch}, {seconds} s each"
        )
    }
}

/// Compares the schemes.
///
/// # Errors
/// Says what the run came to nothing by. What was measured before it was interrupted is reported.
pub fn run(
    settings: Settings,
    watcher: &mut Watcher,
) -> Result<Report<Settings, Found>, BenchError> {
    let subject = settings.place.subject();
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
        subject,
        settings,
        interrupted,
        Found::new(cells),
    ))
}

fn measure(
    settings: &Settings,
    cells: &mut Vec<Cell>,
    watcher: &mut Watcher,
) -> Result<(), BenchError> {
    let texts = texts(settings)?;
    let place = settings.place.open()?;
    for &online in &settings.online {
        for &members in &settings.sizes {
            let dir = place.path().join(format!("{members}-{online}"));
            let comparison = Comparison {
                settings,
                texts: &texts,
                dir: &dir,
                online,
                group: Group::new(members, online),
            };
            let first = cells.len();
            cells.extend(Kind::ALL.map(|kind| Cell::new(kind, members, online)));
            comparison.measure(&mut cells[first..], watcher)?;
            std::fs::remove_dir_all(&dir)
                .map_err(|source| BenchError::Directory { dir, source })?;
        }
    }
    Ok(())
}

/// Different texts, so that making them is not measured.
fn texts(settings: &Settings) -> Result<Vec<Text>, TextError> {
    let messages =
        Load::new(1, settings.body, settings.place.seed).messages(limits::SCHEME_TEXTS)?;
    Ok(messages.into_iter().map(|message| message.text).collect())
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
    /// Fills the cells, one for each scheme. Where they are compared in time, they take turns.
    fn measure(&self, cells: &mut [Cell], watcher: &mut Watcher) -> Result<(), BenchError> {
        let stop = watcher.stop();
        let Settings { batch, seconds, .. } = *self.settings;
        let time = Duration::from_secs_f64(seconds / (1 + limits::SCHEME_ROUNDS) as f64);
        let mut tell = |what: &str, kind: Kind| {
            let members = grouped(self.group.size().into());
            watcher.tell(&|| {
                format!(
                    "{members} members, {} % online: {what}, {}",
                    self.online,
                    kind.label()
                )
            });
            if stop.is_asked() {
                Err(BenchError::Interrupted)
            } else {
                Ok(())
            }
        };
        for cell in &mut *cells {
            tell("killing", cell.scheme)?;
            let crash_batch =
                (limits::SCHEME_CRASH_PAIRS_MAX / self.group.size() as usize).clamp(1, batch);
            cell.crashed(crash::crash(
                &self.store("crash", cell.scheme),
                self.online,
                crash_batch,
            )?);
        }
        let stores: Vec<Store> = cells
            .iter()
            .map(|cell| self.store("store", cell.scheme))
            .collect();
        for (cell, store) in cells.iter_mut().zip(&stores) {
            store.prepare()?;
            cell.prepared(store);
        }
        for (cell, store) in cells.iter_mut().zip(&stores) {
            tell("warming up", cell.scheme)?;
            cell.warmed_up(speed::round(store, self.texts, batch, time, &stop)?, store);
        }
        for round in 1..=limits::SCHEME_ROUNDS {
            for (cell, store) in cells.iter_mut().zip(&stores) {
                tell(&format!("sending, round {round}"), cell.scheme)?;
                cell.sent(speed::round(store, self.texts, batch, time, &stop)?);
            }
        }
        for (cell, store) in cells.iter_mut().zip(&stores) {
            cell.stored(store)?;
        }
        for sample in 0..limits::SCHEME_ROUNDS {
            for (cell, store) in cells.iter_mut().zip(&stores) {
                tell("catching up", cell.scheme)?;
                cell.caught_up(life::catch_up_ms(store, sample)?);
            }
        }
        for (cell, store) in cells.iter_mut().zip(&stores) {
            let Some(sent) = cell.all_sent() else {
                continue;
            };
            tell("acking", cell.scheme)?;
            cell.acked(life::acks(store, sent, batch, time, &stop)?);
            life::ack_all(store, sent, batch, &stop)?;
            cell.emptied(store);
        }
        Ok(())
    }

    fn store(&self, what: &str, kind: Kind) -> Store {
        Store::at(self.dir.join(what).join(kind.name()), kind, self.group)
    }
}
