//! A race: storages take turns to store the same messages, so that disturbances affect all of them.

mod contender;
mod contenders;
mod supply;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

pub use contender::{Batch, Contender, Key, Storage, StorageFailure};
pub(super) use contenders::{cairn, raw_file, sled};
pub(super) use supply::Supply;
use supply::Tally;

use super::limits;
use super::spread::Spread;
use crate::error::{BenchError, Result};
use crate::system::bytes_below;
use crate::watcher::Watcher;

pub(super) struct Race<'a> {
    pub(super) contenders: &'a [Contender],
    pub(super) supply: &'a Supply,
    /// Storing time of each contender, over all rounds.
    pub(super) seconds: f64,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Outcome {
    pub(super) messages_per_s: Spread,
    /// All stored messages, including the warm-up and interrupted rounds.
    pub(super) messages: u64,
    pub(super) log_bytes_per_message: Option<f64>,
    /// Growth of the closed folder per message. `None` if the race was ended early.
    pub(super) disk_bytes_per_message: Option<f64>,
    /// Whether the reopened storage returned every message. `None` if the race was ended early.
    pub(super) is_held: Option<bool>,
}

struct Runner<'a> {
    contender: &'a Contender,
    folder: PathBuf,
    bytes_before: u64,
    storage: Box<dyn Storage>,
    heads: Vec<u64>,
    stored: u64,
    rates: Vec<f64>,
}

impl Race<'_> {
    /// Runs the race in an empty folder, with this many messages per commit.
    ///
    /// If the run is ended early, contenders without a counted round have no result, and the last
    /// ones may be missing.
    pub(super) fn run(
        &self,
        title: &str,
        batch: usize,
        folder: &Path,
        watcher: &Watcher,
    ) -> Result<Vec<Option<Outcome>>> {
        let mut runners = Vec::new();
        for (at, contender) in self.contenders.iter().enumerate() {
            if watcher.is_asked() {
                break;
            }
            watcher.tell(|| format!("{title}: {} gets ready", contender.name));
            let folder = folder.join(at.to_string());
            runners.push(Runner::ready(contender, folder, self.supply.groups)?);
        }
        // The first round is not counted.
        for round in 0..=limits::ROUNDS {
            let mut order: Vec<&mut Runner<'_>> = runners.iter_mut().collect();
            // The order alternates, so that background work of one contender does not always affect
            // the same other one.
            if !round.is_multiple_of(2) {
                order.reverse();
            }
            for runner in order {
                let name = &runner.contender.name;
                watcher.tell(|| match round {
                    0 => format!("{title}: {name} warms up"),
                    _ => format!("{title}, round {round} of {}: {name}", limits::ROUNDS),
                });
                let rate = runner.round(self, batch, watcher);
                let rate = rate.map_err(failed(runner.contender))?;
                runner.rates.extend(rate.filter(|_| round > 0));
            }
        }
        let mut outcomes = Vec::new();
        for runner in runners {
            let contender = runner.contender;
            watcher.tell(|| format!("{title}: is it all there, {}?", contender.name));
            let outcome = runner.outcome(self.supply, watcher);
            outcomes.push(outcome.map_err(failed(contender))?);
        }
        Ok(outcomes)
    }
}

impl<'a> Runner<'a> {
    fn ready(contender: &'a Contender, folder: PathBuf, groups: usize) -> Result<Self> {
        fs::create_dir_all(&folder).map_err(BenchError::io("cannot create a folder"))?;
        let reopen = || {
            contender.open(&folder)?.close()?;
            Ok((bytes_below(&folder), contender.open(&folder)?))
        };
        let (bytes_before, storage) = reopen().map_err(failed(contender))?;
        Ok(Self {
            contender,
            folder,
            bytes_before,
            storage,
            heads: vec![0; groups],
            stored: 0,
            rates: Vec::new(),
        })
    }

    /// Stores for the duration of a round, at least one batch. Returns messages per second; `None`
    /// if the run was ended.
    fn round(
        &mut self,
        race: &Race<'_>,
        batch: usize,
        watcher: &Watcher,
    ) -> Result<Option<f64>, StorageFailure> {
        let seconds = race.seconds / f64::from(limits::ROUNDS);
        let most = (limits::ROUND_BYTES_MAX / race.supply.body_bytes) as u64;
        let (start, first) = (Instant::now(), self.stored);
        while !watcher.is_asked() {
            let heads = &mut self.heads;
            let numbers = self.stored..self.stored + batch as u64;
            self.storage.store(&mut numbers.map(|n| {
                let (conversation, text) = race.supply.get(n);
                let msgid = &mut heads[conversation as usize];
                *msgid += 1;
                let key = Key {
                    conversation,
                    msgid: *msgid,
                };
                (key, text)
            }))?;
            self.stored += batch as u64;
            let (stored, elapsed) = (self.stored - first, start.elapsed().as_secs_f64());
            if elapsed >= seconds || stored >= most {
                return Ok(Some(stored as f64 / elapsed));
            }
        }
        Ok(None)
    }

    fn outcome(
        self,
        supply: &Supply,
        watcher: &Watcher,
    ) -> Result<Option<Outcome>, StorageFailure> {
        let Some(messages_per_s) = Spread::of(&self.rates) else {
            return Ok(None);
        };
        let log_bytes = self.storage.log_bytes();
        let mut outcome = Outcome {
            messages_per_s,
            messages: self.stored,
            log_bytes_per_message: log_bytes.map(|bytes| bytes as f64 / self.stored as f64),
            disk_bytes_per_message: None,
            is_held: None,
        };
        if !watcher.is_asked() {
            self.storage.close()?;
            let bytes = bytes_below(&self.folder).saturating_sub(self.bytes_before);
            let mut tally = Tally::default();
            let mut storage = self.contender.open(&self.folder)?;
            storage.read(&mut |conversation, text| tally.add(conversation, text))?;
            outcome.disk_bytes_per_message = Some(bytes as f64 / self.stored as f64);
            outcome.is_held = Some(tally == supply.tally(self.stored));
        }
        Ok(Some(outcome))
    }
}

fn failed(contender: &Contender) -> impl FnOnce(StorageFailure) -> BenchError {
    let name = contender.name.clone();
    move |source| BenchError::Storage { name, source }
}

#[cfg(test)]
mod tests;
