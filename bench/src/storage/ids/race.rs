//! How fast ids are made, and messages stored and read under them. The schemes take turns, so that what slows the machine down slows all
//! of them down.

use std::collections::VecDeque;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::Settings;
use super::findings::{Findings, Stretch};
use super::scheme::Scheme;
use super::shelf::Shelf;
use crate::error::BenchError;
use crate::limits::{IDS_READ_TIME, IDS_ROUNDS, IDS_STRETCH_MAX, IDS_WIRE_SAMPLE, READ_MESSAGES};
use crate::report::grouped;
use crate::storage::load::{Load, Message, SKEW};
use crate::system;
use crate::watcher::Watcher;
use crate::zipf::Picker;

/// A shelf for each scheme, in folders of their own.
fn shelves(folder: &Path) -> Result<Vec<Shelf>, BenchError> {
    Scheme::ALL
        .iter()
        .map(|&scheme| Ok(Shelf::make(&folder.join(format!("{scheme:?}")), scheme)?))
        .collect()
}

/// Makes ids for nothing, in one thread.
pub(super) fn make_ids(
    found: &mut Findings,
    settings: &Settings,
    folder: &Path,
    watcher: &mut Watcher,
) -> Result<(), BenchError> {
    let (stop, mut shelves) = (watcher.stop(), shelves(&folder.join("made"))?);
    let mut picker = Picker::new(settings.conversations, SKEW, settings.place.seed);
    let conversations: Vec<u64> = (0..settings.ids.div_ceil(IDS_ROUNDS))
        .map(|_| picker.pick() as u64)
        .collect();
    let mut rates = [const { Vec::new() }; Scheme::ALL.len()];
    for round in 0..IDS_ROUNDS {
        for (shelf, rates) in shelves
            .iter_mut()
            .zip(&mut rates)
            .take_while(|_| !stop.is_asked())
        {
            watcher.tell(&|| {
                format!(
                    "making ids: round {} of {IDS_ROUNDS}, {}",
                    round + 1,
                    shelf.scheme
                )
            });
            let began = Instant::now();
            for &conversation in &conversations {
                black_box(shelf.next_id(conversation)?);
            }
            rates.push(conversations.len() as f64 / began.elapsed().as_secs_f64());
        }
    }
    for (shelf, rates) in shelves.iter_mut().zip(&mut rates) {
        let of = found.of(shelf.scheme);
        of.ids_per_s = median(rates);
        if of.ids_per_s.is_some() {
            let sample = conversations.iter().take(IDS_WIRE_SAMPLE);
            let bytes: usize = sample
                .clone()
                .map(|&to| Ok(shelf.scheme.wire_bytes(shelf.next_id(to)?)))
                .sum::<Result<_, BenchError>>()?;
            of.wire_bytes = Some(bytes as f64 / sample.len() as f64);
        }
    }
    Ok(())
}

/// Stores the same messages under ids of each scheme, and reads the newest ones again.
pub(super) fn store(
    found: &mut Findings,
    settings: &Settings,
    folder: &Path,
    watcher: &mut Watcher,
) -> Result<(), BenchError> {
    let (stop, folder) = (watcher.stop(), folder.join("stored"));
    let mut shelves = shelves(&folder)?;
    let mut load = Load::new(settings.conversations, settings.body, settings.place.seed);
    let mut newest = Newest::none(settings.conversations);
    let mut stored = 0;
    while stored < settings.messages && !stop.is_asked() {
        let count = settings
            .messages
            .div_ceil(IDS_ROUNDS)
            .min(IDS_STRETCH_MAX)
            .min(settings.messages - stored);
        let messages = load.messages(count as usize)?;
        for shelf in &mut shelves {
            watcher.tell(&|| {
                format!(
                    "storing: {} of {} messages, {}",
                    grouped(stored as f64),
                    grouped(settings.messages as f64),
                    shelf.scheme
                )
            });
            let began = Instant::now();
            store_in(shelf, &messages, stored, settings.batch)?;
            let stored_per_s = messages.len() as f64 / began.elapsed().as_secs_f64();
            found.of(shelf.scheme).stretches.push(Stretch {
                messages: stored + count,
                stored_per_s,
            });
        }
        messages
            .iter()
            .zip(stored..)
            .for_each(|(message, number)| newest.note(message.conversation, number));
        stored += count;
    }
    for shelf in &shelves {
        let of = found.of(shelf.scheme);
        let mut rates: Vec<f64> = of
            .stretches
            .iter()
            .map(|stretch| stretch.stored_per_s)
            .collect();
        of.stored_per_s = median(&mut rates);
        let disk_bytes = system::bytes_below(&folder.join(format!("{:?}", shelf.scheme)));
        of.disk_bytes_per_message = (stored > 0).then(|| disk_bytes as f64 / stored as f64);
        of.missing = if stored > 0 {
            Some(stored.saturating_sub(shelf.count()?))
        } else {
            None
        };
    }
    read(found, &shelves, &newest, settings, watcher)
}

fn store_in(
    shelf: &mut Shelf,
    messages: &[Message],
    first: u64,
    batch: usize,
) -> Result<(), BenchError> {
    let mut number = first;
    for messages in messages.chunks(batch) {
        for Message { conversation, text } in messages {
            shelf.put(*conversation as u64, number, text.as_str())?;
            number += 1;
        }
        shelf.commit()?;
    }
    Ok(())
}

/// Reads the newest messages of random conversations, and checks whether they are these.
fn read(
    found: &mut Findings,
    shelves: &[Shelf],
    newest: &Newest,
    settings: &Settings,
    watcher: &mut Watcher,
) -> Result<(), BenchError> {
    let stop = watcher.stop();
    let mut rates = [const { Vec::new() }; Scheme::ALL.len()];
    for round in 0..IDS_ROUNDS {
        for (shelf, rates) in shelves
            .iter()
            .zip(&mut rates)
            .take_while(|_| !stop.is_asked())
        {
            watcher.tell(&|| {
                format!(
                    "reading: round {} of {IDS_ROUNDS}, {}",
                    round + 1,
                    shelf.scheme
                )
            });
            // The same conversations for all.
            let mut random = StdRng::seed_from_u64(settings.place.seed ^ round);
            let (mut reads, mut wrong, most) =
                (0_u64, 0_u64, (settings.messages / IDS_ROUNDS).max(1));
            let began = Instant::now();
            let mut took = Duration::ZERO;
            while took < IDS_READ_TIME && reads < most {
                let conversation = random.random_range(0..settings.conversations);
                wrong += u64::from(
                    newest.0[conversation]
                        != shelf.last(conversation as u64, READ_MESSAGES as usize)?,
                );
                reads += 1;
                took = began.elapsed();
            }
            rates.push(reads as f64 / took.as_secs_f64());
            *found.of(shelf.scheme).wrong_reads.get_or_insert(0) += wrong;
        }
    }
    for (shelf, rates) in shelves.iter().zip(&mut rates) {
        found.of(shelf.scheme).last_50_reads_per_s = median(rates);
    }
    Ok(())
}

/// The newest messages of each conversation, by their numbers.
#[derive(Debug)]
struct Newest(Vec<VecDeque<u64>>);

impl Newest {
    fn none(conversations: usize) -> Self {
        Self(vec![VecDeque::new(); conversations])
    }

    fn note(&mut self, conversation: usize, number: u64) {
        let numbers = &mut self.0[conversation];
        if numbers.len() == READ_MESSAGES as usize {
            numbers.pop_front();
        }
        numbers.push_back(number);
    }
}

fn median(rates: &mut [f64]) -> Option<f64> {
    rates.sort_unstable_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied()
}
