//! How fast messages are read again, at random places, one read after the other, as a session's pulls are served.

use std::time::{Duration, Instant};

use cairn_proto::content::message::Run;
use cairn_proto::ids::MsgId;
use cairn_proto::limits::RUN_BYTES_MAX;
use cairn_proto::wire::request::PullRange;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::Serialize;

use super::Settings;
use crate::error::BenchError;
use crate::latency::{Latencies, Percentiles};
use crate::limits::{READ_MESSAGES, READ_TIME_MAX, WARM_UP};
use crate::report::grouped;
use crate::storage::driver::Driver;
use crate::storage::load::SKEW;
use crate::watcher::Watcher;
use crate::zipf::Picker;
use cairn_store::blocks::run::RunLimits;

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The newest messages of any conversation, one as likely as the other.
    Newest,
    /// Messages from anywhere, one as likely as the other.
    Old,
}

/// Reads of one kind.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Reads {
    pub(super) reads: u64,
    pub(super) reads_per_s: f64,
    pub(super) messages_per_s: f64,
    pub(super) latency_ms: Option<Percentiles>,
    /// Reads that gave other messages than asked for.
    pub(super) wrong: u64,
}

/// Chooses what to read.
#[derive(Debug)]
struct Chooser {
    target: Target,
    busy: Picker,
    random: StdRng,
    /// Messages in one read: fewer than [`READ_MESSAGES`] when they are so large that the wire allows no more.
    page: u32,
}

/// What goes with a text in a run, at most.
const ENTRY_BYTES: usize = 64;

impl Chooser {
    fn new(target: Target, settings: &Settings) -> Self {
        let seed = settings.place.seed;
        let page = READ_MESSAGES
            .min((RUN_BYTES_MAX / (settings.body + ENTRY_BYTES)) as u32)
            .max(1);
        Self {
            target,
            busy: Picker::new(settings.conversations, SKEW, !seed),
            random: StdRng::seed_from_u64(seed),
            page,
        }
    }

    /// Reads once. Says how many messages came, and whether they are those that were asked for.
    fn read(&mut self, driver: &mut Driver) -> Result<(u32, bool), BenchError> {
        let group = match self.target {
            Target::Newest => self.random.random_range(0..driver.groups.len()),
            // Busy conversations hold most of what there is.
            Target::Old => self.busy.pick(),
        };
        let head = driver.timeline(group)?.head();
        let (first, range) = match self.target {
            Target::Newest => (
                MsgId::new(head.get().saturating_sub(self.page.into())).next(),
                PullRange::Before(head.next()),
            ),
            Target::Old => {
                let last_page = head.get().saturating_sub(self.page.into()) + 1;
                let first = MsgId::new(self.random.random_range(1..=last_page));
                (first, PullRange::From(first))
            }
        };
        let run = driver.read(group, range, RunLimits::of_messages(self.page))?;
        let Run {
            first: found,
            count,
            ..
        } = run;
        let expected = head.next().above(first).min(self.page.into());
        Ok((count, found == first && u64::from(count) == expected))
    }
}

/// Reads for a while, at most a tenth as many times as there are `messages`. `None` when somebody ended it before anything was counted.
pub(super) fn read(
    driver: &mut Driver,
    target: Target,
    settings: &Settings,
    messages: u64,
    watcher: &mut Watcher,
) -> Result<Option<Reads>, BenchError> {
    let mut chooser = Chooser::new(target, settings);
    let most = (messages / 10).max(1);
    read_for(driver, &mut chooser, WARM_UP, most / 10, watcher)?;
    read_for(driver, &mut chooser, READ_TIME_MAX, most, watcher)
}

fn read_for(
    driver: &mut Driver,
    chooser: &mut Chooser,
    time: Duration,
    most: u64,
    watcher: &mut Watcher,
) -> Result<Option<Reads>, BenchError> {
    let (stop, mut latencies) = (watcher.stop(), Latencies::new());
    let (mut reads, mut messages, mut wrong) = (0_u64, 0_u64, 0_u64);
    let began = Instant::now();
    let mut last = began;
    while reads < most && last - began < time && !stop.is_asked() {
        let (count, is_right) = chooser.read(driver)?;
        let now = Instant::now();
        latencies.record(now - last);
        last = now;
        reads += 1;
        messages += u64::from(count);
        wrong += u64::from(!is_right);
        watcher.tell(&|| format!("reading at random places: {} reads", grouped(reads as f64)));
    }
    let seconds = (last - began).as_secs_f64();
    let per_s = |count: u64| count as f64 / seconds;
    let found = Reads {
        reads,
        reads_per_s: per_s(reads),
        messages_per_s: per_s(messages),
        latency_ms: latencies.percentiles(),
        wrong,
    };
    Ok((reads > 0).then_some(found))
}
