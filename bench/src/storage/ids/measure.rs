//! The speed of generating ids, and of storing and reading messages under them. The schemes take
//! turns, so that disturbances affect all of them.

use std::collections::VecDeque;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cairn_store::limits::TREE_CACHE_BYTES;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::Settings;
use super::results::{SchemeResults, Stretch};
use super::scheme::{Generator, Heads, Id, Scheme};
use crate::error::Result;
use crate::results::grouped;
use crate::storage::limits::{
    IDS_READ_TIME, IDS_ROUNDS, IDS_STRETCH_MAX, IDS_WIRE_SAMPLE, READ_MESSAGES,
};
use crate::storage::messages::SKEW;
use crate::storage::sled_rows::{SledRows, damaged};
use crate::storage::spread::median;
use crate::system;
use crate::watcher::Watcher;
use crate::zipf::Picker;

/// Messages in sled under the ids of one scheme, with one commit per batch.
pub(super) struct IdRows {
    scheme: Scheme,
    folder: PathBuf,
    generator: Generator,
    taken: u64,
    rows: SledRows,
    batch: sled::Batch,
}

/// The key of the last reserved number. It is shorter than all other keys.
const TAKEN: &[u8] = b"taken";

impl IdRows {
    pub(super) fn create(parent: &Path, scheme: Scheme) -> Result<Self> {
        let folder = parent.join(format!("{scheme:?}"));
        Ok(Self {
            scheme,
            generator: Generator::start(scheme, 1, &Heads::new()),
            taken: 0,
            rows: SledRows::open(&folder, TREE_CACHE_BYTES)?,
            folder,
            batch: sled::Batch::default(),
        })
    }

    fn create_all<'a>(of: &'a mut [SchemeResults], parent: &Path) -> Result<Vec<Measured<'a>>> {
        let create = |of: &'a mut SchemeResults| Ok((Self::create(parent, of.scheme)?, of));
        of.iter_mut().map(create).collect()
    }

    /// The id of the next message to `conversation`; waits for the clock if necessary.
    fn next_id(&mut self, conversation: u64) -> Result<Id> {
        let taken = self.taken;
        let id = loop {
            let now = match self.scheme.needs_clock() {
                true => system::since_1970(),
                false => Duration::ZERO,
            };
            match self.generator.next(conversation, now, &mut self.taken) {
                Some(id) => break id,
                None => std::hint::spin_loop(),
            }
        };
        // Reservations must be durable before their numbers are used; otherwise a crash could issue
        // them again.
        if self.taken != taken {
            self.rows.db.insert(TAKEN, &self.taken.to_be_bytes())?;
            self.rows.sync()?;
        }
        Ok(id)
    }

    /// Adds a message. Its text starts with `number`, its position among all messages, to identify
    /// the newest ones.
    pub(super) fn put(&mut self, to: u64, number: u64, text: &str) -> Result<()> {
        let id = self.next_id(to)?;
        let key = [&to.to_be_bytes()[..], &self.scheme.key(id)].concat();
        let row = [&number.to_be_bytes()[..], text.as_bytes()].concat();
        self.batch.insert(key, row);
        Ok(())
    }

    pub(super) fn commit(&mut self) -> Result<()> {
        self.rows.commit(std::mem::take(&mut self.batch))
    }

    /// The numbers of the newest messages of a conversation. If keys do not sort by time, this
    /// reads all of its messages.
    pub(super) fn newest(&self, conversation: u64, count: usize) -> Result<Vec<u64>> {
        let most = match self.scheme.sorts_by_time() {
            true => count,
            false => usize::MAX,
        };
        let rows = self.rows.db.scan_prefix(conversation.to_be_bytes());
        let mut numbers = Vec::new();
        for row in rows.values().rev().take(most) {
            let row = row?;
            let number = row.first_chunk().ok_or_else(damaged)?;
            numbers.push(u64::from_be_bytes(*number));
        }
        numbers.sort_unstable();
        Ok(numbers.split_off(numbers.len().saturating_sub(count)))
    }

    pub(super) fn count(&self) -> Result<u64> {
        let others = u64::from(self.rows.db.contains_key(TAKEN)?);
        Ok(self.rows.db.len() as u64 - others)
    }
}

type Measured<'a> = (IdRows, &'a mut SchemeResults);

type Rate = fn(&mut SchemeResults) -> &mut Option<f64>;

/// Calls `work` for every scheme in turn, [`IDS_ROUNDS`] times, and sets `rate` to the median of
/// the returned rates.
fn in_turns(
    all: &mut [Measured<'_>],
    what: &str,
    rate: Rate,
    watcher: &Watcher,
    mut work: impl FnMut(u64, &mut Measured<'_>) -> Result<f64>,
) -> Result<()> {
    let mut rates = vec![Vec::new(); all.len()];
    for round in 0..IDS_ROUNDS {
        for (measured, rates) in all.iter_mut().zip(&mut rates) {
            if watcher.is_asked() {
                return Ok(());
            }
            let scheme = measured.0.scheme;
            watcher.tell(|| format!("{what}: round {} of {IDS_ROUNDS}, {scheme}", round + 1));
            rates.push(work(round, measured)?);
            *rate(measured.1) = median(rates);
        }
    }
    Ok(())
}

pub(super) fn make_ids(
    results: &mut [SchemeResults],
    settings: &Settings,
    folder: &Path,
    watcher: &Watcher,
) -> Result<()> {
    let mut all = IdRows::create_all(results, &folder.join("made"))?;
    let load = &settings.load;
    let mut picker = Picker::new(load.conversations, SKEW, load.scratch.seed);
    let count = settings.ids.div_ceil(IDS_ROUNDS);
    let conversations: Vec<u64> = (0..count).map(|_| picker.pick() as u64).collect();
    let make = |_, (rows, of): &mut Measured<'_>| {
        let began = Instant::now();
        for &conversation in &conversations {
            black_box(rows.next_id(conversation)?);
        }
        let rate = conversations.len() as f64 / began.elapsed().as_secs_f64();
        let sample = conversations.iter().take(IDS_WIRE_SAMPLE);
        let mut bytes = 0;
        for &conversation in sample.clone() {
            bytes += rows.scheme.wire_bytes(rows.next_id(conversation)?);
        }
        of.wire_bytes = Some(bytes as f64 / sample.len() as f64);
        Ok(rate)
    };
    let rate: Rate = |of| &mut of.ids_per_s;
    in_turns(&mut all, "making ids", rate, watcher, make)
}

/// Stores the same messages under the ids of each scheme, and reads the newest ones.
pub(super) fn store_and_read(
    results: &mut [SchemeResults],
    settings: &Settings,
    folder: &Path,
    watcher: &Watcher,
) -> Result<()> {
    let mut all = IdRows::create_all(results, &folder.join("stored"))?;
    let newest = store(&mut all, settings, watcher)?;
    let most = (settings.messages / IDS_ROUNDS).max(1);
    let rate: Rate = |of| &mut of.last_50_reads_per_s;
    let read = |round, (rows, of): &mut Measured<'_>| {
        // The same conversations for all schemes.
        let mut random = StdRng::seed_from_u64(settings.load.scratch.seed ^ round);
        let wrong = of.wrong_reads.get_or_insert(0);
        let (began, mut reads, mut took) = (Instant::now(), 0_u64, Duration::ZERO);
        while took < IDS_READ_TIME && reads < most {
            let conversation = random.random_range(0..settings.load.conversations);
            let found = rows.newest(conversation as u64, READ_MESSAGES as usize)?;
            *wrong += u64::from(newest[conversation] != found);
            reads += 1;
            took = began.elapsed();
        }
        Ok(reads as f64 / took.as_secs_f64())
    };
    in_turns(&mut all, "reading", rate, watcher, read)
}

/// Stores the messages. Returns the numbers of the newest ones by conversation.
fn store(
    all: &mut [Measured<'_>],
    settings: &Settings,
    watcher: &Watcher,
) -> Result<Vec<VecDeque<u64>>> {
    let mut load = settings.load.load();
    let mut newest = vec![VecDeque::new(); settings.load.conversations];
    let stretch = settings.messages.div_ceil(IDS_ROUNDS).min(IDS_STRETCH_MAX);
    let mut stored = 0;
    while stored < settings.messages && !watcher.is_asked() {
        let count = stretch.min(settings.messages - stored);
        let messages = load.messages(count as usize)?;
        for (rows, of) in &mut *all {
            watcher.tell(|| {
                let [so_far, of] = [stored, settings.messages].map(|count| grouped(count as f64));
                format!("storing: {so_far} of {of} messages, {}", rows.scheme)
            });
            let (began, mut number) = (Instant::now(), stored..);
            for batch in messages.chunks(settings.batch) {
                for ((conversation, text), number) in batch.iter().zip(&mut number) {
                    rows.put(*conversation as u64, number, text.as_str())?;
                }
                rows.commit()?;
            }
            of.stretches.push(Stretch {
                messages: stored + count,
                stored_per_s: count as f64 / began.elapsed().as_secs_f64(),
            });
        }
        for ((conversation, _), number) in messages.iter().zip(stored..) {
            let numbers = &mut newest[*conversation];
            numbers.push_back(number);
            if numbers.len() > READ_MESSAGES as usize {
                numbers.pop_front();
            }
        }
        stored += count;
    }
    for (rows, of) in all.iter_mut().filter(|_| stored > 0) {
        let rates = of.stretches.iter().map(|stretch| stretch.stored_per_s);
        of.stored_per_s = median(&rates.collect::<Vec<_>>());
        let disk_bytes = system::bytes_below(&rows.folder) as f64;
        of.disk_bytes_per_message = Some(disk_bytes / stored as f64);
        of.missing = Some(stored.saturating_sub(rows.count()?));
    }
    Ok(newest)
}
