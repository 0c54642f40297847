//! Reads at random positions, one after the other, as a session's pulls are served.

use std::time::{Duration, Instant};

use cairn_proto::ids::MsgId;
use cairn_proto::limits::RUN_BYTES_MAX;
use cairn_proto::wire::request::session::PullRange;
use cairn_store::blocks::run::RunLimits;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::Serialize;

use super::Settings;
use crate::error::Result;
use crate::latency::{Latencies, Percentiles};
use crate::limits::WARM_UP;
use crate::results::grouped;
use crate::storage::driver::Driver;
use crate::storage::limits::{READ_MESSAGES, READ_TIME_MAX};
use crate::storage::messages::SKEW;
use crate::watcher::Watcher;
use crate::zipf::Picker;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The newest messages of any conversation.
    Newest,
    /// Messages at uniformly random positions.
    Old,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Reads {
    reads: u64,
    pub(super) reads_per_s: f64,
    messages_per_s: f64,
    pub(super) latency_ms: Option<Percentiles>,
    pub(super) wrong: u64,
}

struct Reader<'a> {
    driver: &'a mut Driver,
    target: Target,
    busy: Picker,
    random: StdRng,
    /// Messages in one read: [`READ_MESSAGES`], or fewer if they are too large for the wire.
    page: u32,
}

/// The most bytes of an entry in addition to its text.
const ENTRY_BYTES: usize = 64;

/// Reads after a warm-up, at most a tenth as often as there are `messages`. Returns `None` if the
/// run was ended before anything was counted.
pub(super) fn measure(
    driver: &mut Driver,
    target: Target,
    settings: &Settings,
    messages: u64,
    watcher: &Watcher,
) -> Result<Option<Reads>> {
    let seed = settings.load.scratch.seed;
    let fitting = RUN_BYTES_MAX / (settings.load.body + ENTRY_BYTES);
    let mut reader = Reader {
        driver,
        target,
        busy: Picker::new(settings.load.conversations, SKEW, !seed),
        random: StdRng::seed_from_u64(seed),
        page: READ_MESSAGES.min(fitting as u32).max(1),
    };
    let most = (messages / 10).max(1);
    reader.read_for(WARM_UP, most / 10, watcher)?;
    reader.read_for(READ_TIME_MAX, most, watcher)
}

impl Reader<'_> {
    fn read_for(&mut self, time: Duration, most: u64, watcher: &Watcher) -> Result<Option<Reads>> {
        let mut latencies = Latencies::default();
        let (mut messages, mut wrong) = (0_u64, 0_u64);
        let began = Instant::now();
        let mut last = began;
        while latencies.count() < most && last - began < time && !watcher.is_asked() {
            let (count, is_right) = self.read()?;
            let now = Instant::now();
            latencies.record(now - last);
            last = now;
            messages += u64::from(count);
            wrong += u64::from(!is_right);
            let reads = latencies.count() as f64;
            watcher.tell(|| format!("reading at random places: {} reads", grouped(reads)));
        }
        let (reads, seconds) = (latencies.count(), (last - began).as_secs_f64());
        Ok((reads > 0).then(|| Reads {
            reads,
            reads_per_s: reads as f64 / seconds,
            messages_per_s: messages as f64 / seconds,
            latency_ms: latencies.percentiles(),
            wrong,
        }))
    }

    /// Reads once. Returns the number of messages, and whether they are the requested ones.
    fn read(&mut self) -> Result<(u32, bool)> {
        let group = match self.target {
            Target::Newest => self.random.random_range(0..self.driver.groups.len()),
            // Busy conversations have the most messages.
            Target::Old => self.busy.pick(),
        };
        let head = self.driver.timeline(group)?.head();
        let last_page = head.get().saturating_sub(self.page.into()) + 1;
        let (first, range) = match self.target {
            Target::Newest => (MsgId::new(last_page), PullRange::Before(head.next())),
            Target::Old => {
                let first = MsgId::new(self.random.random_range(1..=last_page));
                (first, PullRange::From(first))
            }
        };
        let limits = RunLimits::of_messages(self.page);
        let run = self.driver.read(group, range, limits)?;
        let expected = head.next().above(first).min(self.page.into());
        let is_right = run.first == first && u64::from(run.count) == expected;
        Ok((run.count, is_right))
    }
}
