//! The speed of a fill over its course.

use std::path::Path;
use std::process;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::storage::limits::FILL_PARTS;
use crate::system;

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Sample {
    pub(super) messages: u64,
    pub(super) seconds: f64,
    pub(super) messages_per_s: f64,
    pub(super) disk_bytes: u64,
    pub(super) memory_mib: Option<f64>,
}

pub(super) struct Progress {
    pub(super) began: Instant,
    part: u64,
    pub(super) samples: Vec<Sample>,
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

    pub(super) fn is_due(&self, messages: u64) -> bool {
        messages - self.last().messages >= self.part
    }

    pub(super) fn sample(&mut self, messages: u64, folder: &Path) {
        let (last, seconds) = (self.last(), self.began.elapsed().as_secs_f64());
        if messages > last.messages {
            self.samples.push(Sample {
                messages,
                seconds,
                messages_per_s: (messages - last.messages) as f64 / (seconds - last.seconds),
                disk_bytes: system::bytes_below(folder),
                memory_mib: system::resident_mib(process::id()),
            });
        }
    }

    /// The last sample; all 0 before the first.
    pub(super) fn last(&self) -> Sample {
        self.samples.last().copied().unwrap_or_default()
    }

    pub(super) fn texts_share(&self) -> Option<f64> {
        let seconds = self.last().seconds;
        (seconds > 0.0).then(|| self.making_texts.as_secs_f64() / seconds)
    }

    /// Messages a second in one tenth of the messages, from 0 to 9.
    pub(super) fn tenth_per_s(&self, tenth: u32) -> Option<f64> {
        let whole = self.last().messages as f64;
        let at = |tenths: u32| self.seconds_at(whole * f64::from(tenths) / 10.0);
        let seconds = at(tenth + 1) - at(tenth);
        (seconds > 0.0).then(|| whole / 10.0 / seconds)
    }

    /// When this many messages were stored, interpolated between samples.
    fn seconds_at(&self, messages: f64) -> f64 {
        let mut last = Sample::default();
        for &next in &self.samples {
            let part = (messages - last.messages as f64) / (next.messages - last.messages) as f64;
            if part <= 1.0 {
                return last.seconds + part * (next.seconds - last.seconds);
            }
            last = next;
        }
        last.seconds
    }
}
