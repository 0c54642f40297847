//! How fast a fill went, from the first message to the last.

use std::path::Path;
use std::process;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::limits::FILL_PARTS;
use crate::system;

/// How far a fill was at one time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct UnreadMarker {
    /// Messages so far.
    pub(super) messages: u64,
    /// Since the beginning.
    pub(super) seconds: f64,
    /// Since the mark before.
    pub(super) messages_per_s: f64,
    pub(super) disk_bytes: u64,
    pub(super) memory_mib: Option<f64>,
}

/// The course of a fill, in about [`FILL_PARTS`] marks.
#[derive(Debug)]
pub(super) struct Course {
    began: Instant,
    part: u64,
    marks: Vec<UnreadMarker>,
    making_texts: Duration,
}

impl Course {
    /// Begins to store so many messages.
    pub(super) fn begin(messages: u64) -> Self {
        Self {
            began: Instant::now(),
            part: messages.div_ceil(FILL_PARTS),
            marks: Vec::new(),
            making_texts: Duration::ZERO,
        }
    }

    /// Time that went into what the messages say.
    pub(super) fn making_texts(&mut self, time: Duration) {
        self.making_texts += time;
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Whether it is time for a mark.
    pub(super) fn is_due(&self, messages: u64) -> bool {
        messages - self.messages() >= self.part
    }

    /// Notes how far it is.
    pub(super) fn mark(&mut self, messages: u64, folder: &Path) {
        if messages > self.messages() {
            let seconds = self.began.elapsed().as_secs_f64();
            let messages_per_s = (messages - self.messages()) as f64 / (seconds - self.seconds());
            let memory_mib = system::resident_kib(process::id()).map(|kib| kib as f64 / 1_024.0);
            self.marks.push(UnreadMarker {
                messages,
                seconds,
                messages_per_s,
                disk_bytes: system::bytes_below(folder),
                memory_mib,
            });
        }
    }

    pub(super) fn marks(&self) -> &[UnreadMarker] {
        &self.marks
    }

    /// Messages at the last mark.
    pub(super) fn messages(&self) -> u64 {
        self.marks.last().map_or(0, |mark| mark.messages)
    }

    /// Seconds at the last mark.
    pub(super) fn seconds(&self) -> f64 {
        self.marks.last().map_or(0.0, |mark| mark.seconds)
    }

    /// The part of the time that went into what the messages say.
    pub(super) fn texts_share(&self) -> Option<f64> {
        (!self.marks.is_empty()).then(|| self.making_texts.as_secs_f64() / self.seconds())
    }

    /// Messages a second in one tenth of what was stored, from 0 to 9.
    pub(super) fn tenth_per_s(&self, tenth: u32) -> Option<f64> {
        let whole = self.messages() as f64;
        let at = |tenths: u32| self.seconds_at(whole * f64::from(tenths) / 10.0);
        let seconds = at(tenth + 1) - at(tenth);
        (seconds > 0.0).then(|| whole / 10.0 / seconds)
    }

    /// When so many messages were stored: between two marks, they came evenly.
    fn seconds_at(&self, messages: f64) -> f64 {
        let next = self
            .marks
            .partition_point(|mark| (mark.messages as f64) < messages);
        let (from, since) = next.checked_sub(1).map_or((0.0, 0.0), |last| {
            (self.marks[last].messages as f64, self.marks[last].seconds)
        });
        match self.marks.get(next) {
            Some(mark) => {
                since + (mark.seconds - since) * (messages - from) / (mark.messages as f64 - from)
            }
            None => since,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(marks: &[(u64, f64)]) -> Course {
        let mark = |&(messages, seconds)| UnreadMarker {
            messages,
            seconds,
            messages_per_s: 0.0,
            disk_bytes: 0,
            memory_mib: None,
        };
        Course {
            marks: marks.iter().map(mark).collect(),
            ..Course::begin(100)
        }
    }

    #[test]
    fn a_tenth_has_the_speed_of_its_own_messages() {
        // The first half at 100 a second, the second at 50.
        let course = course(&[(50, 0.5), (100, 1.5)]);
        let near = |tenth, expected: f64| {
            assert!(
                (course.tenth_per_s(tenth).unwrap() - expected).abs() < 0.01,
                "{tenth}"
            )
        };
        [(0, 100.0), (1, 100.0), (4, 100.0), (5, 50.0), (9, 50.0)]
            .iter()
            .for_each(|&(tenth, expected)| near(tenth, expected));
    }

    #[test]
    fn a_fill_without_messages_has_no_speed() {
        assert_eq!(
            (course(&[]).tenth_per_s(1), course(&[]).texts_share()),
            (None, None)
        );
    }

    #[test]
    fn marks_are_bounded_and_hold_what_was_stored_since() {
        let folder = tempfile::tempdir().unwrap();
        let mut course = Course::begin(100_000);
        for messages in (10..=100_000).step_by(10) {
            if course.is_due(messages) {
                course.mark(messages, folder.path());
            }
        }
        course.mark(100_000, folder.path());
        assert_eq!(course.marks().len() as u64, FILL_PARTS);
        assert_eq!(
            (course.messages(), course.marks()[0].messages),
            (100_000, 1_000)
        );
        assert!(
            course.marks().iter().all(|mark| mark.messages_per_s > 0.0),
            "{:?}",
            course.marks()
        );
    }
}
