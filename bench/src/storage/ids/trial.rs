//! Simulation of a scheme when the clock steps back or the process crashes.
//!
//! A trial simulates a server. Messages arrive at fixed times, get an id, wait for the next commit,
//! and are stored. A crash loses the uncommitted messages and the state of the generators, which
//! restart from the stored state.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::Serialize;

use super::scheme::{Generator, Heads, Id, Scheme};
use crate::storage::limits::{
    IDS_CLOCK_STEP, IDS_GENERATORS, IDS_RESTART_TIME, IDS_TRIAL_BATCH, IDS_TRIAL_CONVERSATIONS,
};
use crate::storage::messages::SKEW;
use crate::zipf::Picker;

pub(super) const INTERVAL: Duration = Duration::from_micros(10);

pub(super) const BEGIN: Duration = Duration::from_secs(1_700_000_000);

/// The faults in the middle of a trial.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fault {
    pub(super) crash: bool,
    /// While the process is down, if it also crashes.
    pub(super) clock_back: bool,
}

pub(super) type Trials = BTreeMap<&'static str, Tally>;

pub(super) fn trials(scheme: Scheme, messages: usize, seed: u64) -> Trials {
    // Several generators issue ids, as threads or servers do.
    let threads = IDS_GENERATORS;
    [
        ("calm", 1, false, false),
        ("threads", threads, false, false),
        ("clock_back", 1, false, true),
        ("crash", 1, true, false),
        ("crash_and_clock_back", 1, true, true),
    ]
    .map(|(name, generators, crash, clock_back)| {
        let fault = Fault { crash, clock_back };
        (name, trial(scheme, generators, fault, messages, seed))
    })
    .into()
}

pub(super) fn trial(
    scheme: Scheme,
    generators: u16,
    fault: Fault,
    messages: usize,
    seed: u64,
) -> Tally {
    let mut world = World::new(scheme, generators, seed);
    let mut picker = Picker::new(IDS_TRIAL_CONVERSATIONS, SKEW, seed);
    // In the middle of a batch, so that a crash loses messages.
    let half = messages / 2 / IDS_TRIAL_BATCH * IDS_TRIAL_BATCH + IDS_TRIAL_BATCH / 2;
    for message in 0..messages {
        if message == half && fault.crash {
            world.crash();
        }
        if message == half && fault.clock_back {
            world.now -= IDS_CLOCK_STEP;
        }
        world.send(picker.pick() as u64);
        world.now += INTERVAL;
        if world.waiting.len() >= IDS_TRIAL_BATCH {
            world.commit();
        }
    }
    world.commit();
    world.tally()
}

type Sent = (u64, Id);

pub(super) struct World {
    scheme: Scheme,
    generators: Vec<Generator>,
    heads: Heads,
    taken: u64,
    pub(super) now: Duration,
    random: StdRng,
    waiting: Vec<Sent>,
    stored: Vec<Sent>,
    lost: Vec<Sent>,
    refused: u64,
}

impl World {
    pub(super) fn new(scheme: Scheme, generators: u16, seed: u64) -> Self {
        let start = |node| Generator::start(scheme, node, &Heads::new());
        Self {
            scheme,
            generators: (0..generators).map(start).collect(),
            heads: Heads::new(),
            taken: 0,
            now: BEGIN,
            random: StdRng::seed_from_u64(seed),
            waiting: Vec::new(),
            stored: Vec::new(),
            lost: Vec::new(),
            refused: 0,
        }
    }

    /// Any generator may issue the id, but a conversation has a single counter: in cairn, one
    /// thread orders messages.
    pub(super) fn send(&mut self, conversation: u64) {
        let at = match self.scheme {
            Scheme::Counter => conversation as usize % self.generators.len(),
            _ => self.random.random_range(0..self.generators.len()),
        };
        match self.generators[at].next(conversation, self.now, &mut self.taken) {
            Some(id) => self.waiting.push((conversation, id)),
            None => self.refused += 1,
        }
    }

    pub(super) fn commit(&mut self) {
        let heads = self.waiting.iter().map(|&(to, id)| (to, id as u64));
        self.heads.extend(heads);
        self.stored.append(&mut self.waiting);
    }

    pub(super) fn crash(&mut self) {
        self.lost.append(&mut self.waiting);
        for (node, generator) in (0..).zip(&mut self.generators) {
            *generator = Generator::start(self.scheme, node, &self.heads);
        }
        self.now += IDS_RESTART_TIME;
    }

    pub(super) fn tally(&self) -> Tally {
        let mut logs: BTreeMap<u64, Vec<Id>> = BTreeMap::new();
        for &(conversation, id) in &self.stored {
            logs.entry(conversation).or_default().push(id);
        }
        // A counter's id is only unique within its conversation.
        let name = |&(conversation, id): &Sent| match self.scheme {
            Scheme::Counter => (conversation, id),
            _ => (0, id),
        };
        let names: HashSet<Sent> = self.stored.iter().map(name).collect();
        let lost: HashSet<Sent> = self.lost.iter().map(name).collect();
        let is_reissued = |sent: &&Sent| lost.contains(&name(sent));
        let counts = matches!(self.scheme, Scheme::Segment | Scheme::Counter);
        Tally {
            stored: self.stored.len() as u64,
            refused: self.refused,
            repeated: (self.stored.len() - names.len()) as u64,
            late: logs.values().map(|log| late(log)).sum(),
            gaps: logs.values().map(|log| gaps(log)).sum(),
            neighbours: logs.values().map(|log| log.len() as u64 - 1).sum(),
            losses_told: losses_told(logs.values()),
            skipped: counts.then(|| skipped(&names)),
            reissued: self.stored.iter().filter(is_reissued).count() as u64,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Tally {
    pub(super) stored: u64,
    pub(super) refused: u64,
    /// Stored messages with the id of another stored message.
    pub(super) repeated: u64,
    /// Stored messages whose id sorts before an earlier one of the conversation. A client that
    /// requests everything after its last message never gets them.
    pub(super) late: u64,
    /// Adjacent messages of a conversation with non-consecutive ids, although none is missing.
    pub(super) gaps: u64,
    pub(super) neighbours: u64,
    /// The share of conversations in which a client detects one missing message, and reports none
    /// if there is none.
    pub(super) losses_told: Option<f64>,
    /// Unused numbers below the highest one, for schemes that count.
    pub(super) skipped: Option<u64>,
    /// Stored messages with the id of a message that was lost in the crash. A client that saw the
    /// lost one confuses the two.
    pub(super) reissued: u64,
}

impl Tally {
    /// Returns whether no client could be misled.
    pub(super) fn is_flawless(&self) -> bool {
        self.refused + self.repeated + self.late + self.gaps == 0
    }
}

pub(super) fn late(log: &[Id]) -> u64 {
    let (mut late, mut newest) = (0, 0);
    for &id in log {
        late += u64::from(id < newest);
        newest = newest.max(id);
    }
    late
}

/// The losses detected by a client that expects consecutive ids.
pub(super) fn gaps(log: &[Id]) -> u64 {
    let is_gap = |pair: &&[Id]| pair[0].wrapping_add(1) != pair[1];
    log.windows(2).filter(is_gap).count() as u64
}

pub(super) fn losses_told<'a>(logs: impl Iterator<Item = &'a Vec<Id>>) -> Option<f64> {
    let (mut detected, mut all) = (0_u32, 0_u32);
    for log in logs.filter(|log| log.len() >= 3) {
        let mut received = log.clone();
        received.remove(log.len() / 2);
        all += 1;
        detected += u32::from(gaps(log) == 0 && gaps(&received) == 1);
    }
    (all > 0).then(|| f64::from(detected) / f64::from(all))
}

pub(super) fn skipped(names: &HashSet<Sent>) -> u64 {
    let mut ranges: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    for &(range, id) in names {
        let (highest, count) = ranges.entry(range).or_default();
        (*highest, *count) = ((id as u64).max(*highest), *count + 1);
    }
    let ranges = ranges.values();
    ranges.map(|(highest, count)| highest - count).sum()
}
