//! The speed of a fill, from the first message to the last.

use std::path::Path;
use std::process;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::storage::limits::FILL_PARTS;
use crate::system;

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Sample {
    /// Messages so far.
    pub(super) messages: u64,
    /// Since the beginning.
    pub(super) seconds: f64,
    /// Since the previous sample.
    pub(super) messages_per_s: f64,
    pub(super) disk_bytes: u64,
    pub(super) memory_mib: Option<f64>,
}

/// About [`FILL_PARTS`] samples.
#[derive(Debug)]
pub(super) struct Progress {
    began: Instant,
    /// Messages from one sample to the next.
    part: u64,
    pub(super) samples: Vec<Sample>,
    /// Time that went into the texts.
    pub(super) making_texts: Duration,
}

impl Progress {
    pub(super) fn begin(messages: u64) -> Self {
        Self {
            began: Instant::now(),
            part: messages.div_ceil(FILL_PARTS),
            samples: Vec::new(),
            making_texts: Duration::ZERO,
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Whether it is time for a sample.
    pub(super) fn is_due(&self, messages: u64) -> bool {
        messages - self.messages() >= self.part
    }

    pub(super) fn sample(&mut self, messages: u64, folder: &Path) {
        if messages > self.messages() {
            let seconds = self.began.elapsed().as_secs_f64();
            let messages_per_s = (messages - self.messages()) as f64 / (seconds - self.seconds());
            self.samples.push(Sample {
                messages,
                seconds,
                messages_per_s,
                disk_bytes: system::bytes_below(folder),
                memory_mib: system::resident_mib(process::id()),
            });
        }
    }

    /// Messages at the last sample.
    pub(super) fn messages(&self) -> u64 {
        self.samples.last().map_or(0, |sample| sample.messages)
    }

    /// Seconds at the last sample.
    pub(super) fn seconds(&self) -> f64 {
        self.samples.last().map_or(0.0, |sample| sample.seconds)
    }

    pub(super) fn texts_share(&self) -> Option<f64> {
        (!self.samples.is_empty()).then(|| self.making_texts.as_secs_f64() / self.seconds())
    }

    /// Messages a second in one tenth of the messages, from 0 to 9.
    pub(super) fn tenth_per_s(&self, tenth: u32) -> Option<f64> {
        let whole = self.messages() as f64;
        let at = |tenths: u32| self.seconds_at(whole * f64::from(tenths) / 10.0);
        let seconds = at(tenth + 1) - at(tenth);
        (seconds > 0.0).then(|| whole / 10.0 / seconds)
    }

    /// When this many messages were stored, interpolated between samples.
    fn seconds_at(&self, messages: f64) -> f64 {
        let is_before = |sample: &Sample| (sample.messages as f64) < messages;
        let next = self.samples.partition_point(is_before);
        let (from, since) = next.checked_sub(1).map_or((0.0, 0.0), |last| {
            let last = &self.samples[last];
            (last.messages as f64, last.seconds)
        });
        self.samples.get(next).map_or(since, |next| {
            since + (next.seconds - since) * (messages - from) / (next.messages as f64 - from)
        })
    }
}
