//! A race: several ways to store the same messages take turns, so that whatever else the machine does meanwhile hits all of them.
//!
//! * `contender`: who takes part, and what is asked of them
//! * `cairn`, `raw_file`, `plain_sled`: those who always do
//! * `supply`: the messages, and a proof that a storage holds them

pub mod cairn;
mod contender;
pub mod plain_sled;
pub mod raw_file;
mod supply;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;

pub use contender::{Contender, Key, Storage, StorageFailure};
pub use supply::Supply;
use supply::Tally;

use crate::error::BenchError;
use crate::limits;
use crate::system::bytes_below;
use crate::watcher::{Stop, Watcher};

/// What is done, and for how long.
#[derive(Debug)]
pub struct Race<'a> {
    pub contenders: &'a [Contender],
    pub supply: &'a Supply,
    /// Messages in a commit.
    pub batch: usize,
    /// How long each of them stores in each round.
    pub round: Duration,
}

/// How one of them did.
#[derive(Debug)]
pub struct Outcome {
    pub messages_per_s: Spread,
    /// How many it has stored, those before the count and of a round that was ended early too.
    pub messages: u64,
    /// What each message has added to the folder at rest. `None` when the race was ended early, and so below.
    pub disk_bytes_per_message: Option<f64>,
    /// Whether the storage, closed and opened again, gave back every message in its place.
    pub is_held: Option<bool>,
}

/// What several rounds gave.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    /// `None` of nothing.
    fn of(mut rates: Vec<f64>) -> Option<Self> {
        rates.sort_unstable_by(f64::total_cmp);
        let (&min, &max) = rates.first().zip(rates.last())?;
        Some(Self {
            median: rates[rates.len() / 2],
            min,
            max,
        })
    }
}

/// One who is on the way.
struct Runner<'a> {
    contender: &'a Contender,
    folder: PathBuf,
    /// What was in the folder before the first message.
    bytes_before: u64,
    storage: Box<dyn Storage>,
    /// The last message of each conversation.
    heads: Vec<u64>,
    stored: u64,
    rates: Vec<f64>,
}

impl Race<'_> {
    /// Lets them run in a new folder `folder`, which is gone afterwards. `title` names the race in the line of progress.
    ///
    /// Gives `None` for those who have no round to show, since the race was ended early; the last ones may be missing altogether.
    pub fn run(
        &self,
        title: &str,
        folder: &Path,
        watcher: &mut Watcher,
    ) -> Result<Vec<Option<Outcome>>, BenchError> {
        let (stop, in_folder) = (watcher.stop(), |source| BenchError::Directory {
            dir: folder.to_owned(),
            source,
        });
        fs::create_dir_all(folder).map_err(in_folder)?;
        let mut runners = Vec::new();
        for (at, contender) in self.contenders.iter().enumerate() {
            if stop.is_asked() {
                break;
            }
            watcher.tell(&|| format!("{title}: {} gets ready", contender.name()));
            runners.push(Runner::ready(contender, folder.join(at.to_string()))?);
        }
        // The first round is not counted.
        for round in 0..=limits::ROUNDS {
            // Every other one goes backwards, so that what one leaves to do in the background does not always hit the same other.
            let order: Vec<&mut Runner<'_>> = if round.is_multiple_of(2) {
                runners.iter_mut().collect()
            } else {
                runners.iter_mut().rev().collect()
            };
            for runner in order {
                watcher.tell(&|| match round {
                    0 => format!("{title}: {} warms up", runner.contender.name()),
                    _ => format!(
                        "{title}, round {round} of {}: {}",
                        limits::ROUNDS,
                        runner.contender.name()
                    ),
                });
                let rate = runner
                    .round(self, &stop)
                    .map_err(|source| runner.failed(source))?;
                runner.rates.extend(rate.filter(|_| round > 0));
            }
        }
        let mut outcomes = Vec::new();
        for runner in runners {
            watcher.tell(&|| format!("{title}: is it all there, {}?", runner.contender.name()));
            outcomes.push(runner.outcome(self.supply, &stop)?);
        }
        fs::remove_dir_all(folder).map_err(in_folder)?;
        Ok(outcomes)
    }
}

impl<'a> Runner<'a> {
    fn ready(contender: &'a Contender, folder: PathBuf) -> Result<Self, BenchError> {
        fs::create_dir_all(&folder).map_err(|source| BenchError::Directory {
            dir: folder.clone(),
            source,
        })?;
        let reopened = || {
            contender.open(&folder)?.close()?;
            let bytes_before = bytes_below(&folder);
            Ok((bytes_before, contender.open(&folder)?))
        };
        let (bytes_before, storage) = reopened().map_err(|source| failed(contender, source))?;
        Ok(Self {
            contender,
            folder,
            bytes_before,
            storage,
            heads: Vec::new(),
            stored: 0,
            rates: Vec::new(),
        })
    }

    /// Stores for the time of a round, one batch at least, and gives the messages a second; `None` when it was told to stop.
    fn round(&mut self, race: &Race<'_>, stop: &Stop) -> Result<Option<f64>, StorageFailure> {
        let most = race.supply.messages_of(limits::ROUND_BYTES_MAX);
        let (start, first) = (Instant::now(), self.stored);
        loop {
            if stop.is_asked() {
                return Ok(None);
            }
            for n in self.stored..self.stored + race.batch as u64 {
                let (conversation, text) = race.supply.get(n);
                let head = self.head(conversation);
                *head += 1;
                let msgid = *head;
                self.storage.put(
                    Key {
                        conversation,
                        msgid,
                    },
                    text,
                )?;
            }
            self.storage.commit()?;
            self.stored += race.batch as u64;
            let (stored, elapsed) = (self.stored - first, start.elapsed());
            if elapsed >= race.round || stored >= most {
                return Ok(Some(stored as f64 / elapsed.as_secs_f64()));
            }
        }
    }

    fn head(&mut self, conversation: u64) -> &mut u64 {
        let at = conversation as usize;
        if self.heads.len() <= at {
            self.heads.resize(at + 1, 0);
        }
        &mut self.heads[at]
    }

    fn outcome(self, supply: &Supply, stop: &Stop) -> Result<Option<Outcome>, BenchError> {
        let Self {
            contender,
            folder,
            bytes_before,
            storage,
            stored,
            rates,
            ..
        } = self;
        let Some(messages_per_s) = Spread::of(rates) else {
            return Ok(None);
        };
        if stop.is_asked() {
            return Ok(Some(Outcome {
                messages_per_s,
                messages: stored,
                disk_bytes_per_message: None,
                is_held: None,
            }));
        }
        let held = || {
            storage.close()?;
            let bytes = bytes_below(&folder).saturating_sub(bytes_before);
            let mut tally = Tally::default();
            let mut storage = contender.open(&folder)?;
            storage.read(&mut |conversation, text| tally.add(conversation, text))?;
            Ok((bytes, tally))
        };
        let (bytes, tally) = held().map_err(|source| failed(contender, source))?;
        let disk_bytes_per_message = Some(bytes as f64 / stored as f64);
        Ok(Some(Outcome {
            messages_per_s,
            messages: stored,
            disk_bytes_per_message,
            is_held: Some(tally == supply.tally(stored)),
        }))
    }

    fn failed(&self, source: StorageFailure) -> BenchError {
        failed(self.contender, source)
    }
}

fn failed(contender: &Contender, source: StorageFailure) -> BenchError {
    BenchError::Storage {
        name: contender.name().to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests;
