//! The numbers of a fill, each with what it means.

use std::path::PathBuf;

use serde::Serialize;

use super::Settings;
use super::course::{Course, UnreadMarker};
use super::reads::Reads;
use crate::report::{Axis, Figure, Found, Plot, Scale, Series, Table, grouped, sized};

/// The numbers of a fill.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Findings {
    /// Messages that were stored.
    pub(super) messages: u64,
    /// Whether these are fewer than asked for because the disk has no room.
    pub(super) disk_full: bool,
    seconds: f64,
    messages_per_s: Option<f64>,
    second_tenth_per_s: Option<f64>,
    last_tenth_per_s: Option<f64>,
    last_to_second_tenth: Option<f64>,
    /// The part of the time that went into what the messages say.
    texts_share: Option<f64>,
    marks: Vec<UnreadMarker>,
    /// The texts alone.
    message_bytes: u64,
    disk_bytes: Option<u64>,
    disk_bytes_per_message_byte: Option<f64>,
    pub(super) memory_mib_max: Option<f64>,
    pub(super) close_s: Option<f64>,
    pub(super) open_s: Option<f64>,
    /// Messages that were not there when the directory was opened again.
    missing: Option<u64>,
    pub(super) last_50: Option<Reads>,
    pub(super) old_50: Option<Reads>,
    /// Where the data directory is, when it was to be kept.
    pub(super) kept_in: Option<PathBuf>,
}

/// What a line of a plot tells of each mark, where there is anything to tell.
type Told<'a> = (&'a str, &'a dyn Fn(&UnreadMarker) -> Option<f64>);

impl Findings {
    pub(super) fn of_course(course: &Course, asked: &Settings) -> Self {
        let (messages, seconds) = (course.messages(), course.seconds());
        let (second, last) = (course.tenth_per_s(1), course.tenth_per_s(9));
        Self {
            messages,
            seconds,
            messages_per_s: (messages > 0).then(|| messages as f64 / seconds),
            second_tenth_per_s: second,
            last_tenth_per_s: last,
            last_to_second_tenth: second.zip(last).map(|(second, last)| last / second),
            texts_share: course.texts_share(),
            marks: course.marks().to_vec(),
            message_bytes: messages * asked.body as u64,
            ..Self::default()
        }
    }

    /// What is on the disk when everything is at rest.
    pub(super) fn disk(&mut self, bytes: u64) {
        self.disk_bytes = Some(bytes);
        self.disk_bytes_per_message_byte =
            (self.message_bytes > 0).then(|| bytes as f64 / self.message_bytes as f64);
    }

    /// How many messages there are when the directory is opened again.
    pub(super) fn found_again(&mut self, messages: u64) {
        self.missing = Some(self.messages.saturating_sub(messages));
    }

    /// A plot of all marks.
    fn plot(&self, title: &str, meaning: &str, label: &'static str, series: &[Told<'_>]) -> Plot {
        let points = |y: &dyn Fn(&UnreadMarker) -> Option<f64>| {
            self.marks
                .iter()
                .filter_map(|mark| Some((mark.messages as f64 / 1e6, y(mark)?)))
                .collect()
        };
        Plot {
            title: title.to_owned(),
            meaning: meaning.to_owned(),
            x: Axis {
                label: "messages stored, in millions",
                scale: Scale::Linear,
            },
            y: Axis {
                label,
                scale: Scale::Linear,
            },
            series: series
                .iter()
                .map(|(name, y)| Series {
                    name: (*name).to_owned(),
                    points: points(y),
                })
                .collect(),
        }
    }

    fn body_bytes(&self) -> f64 {
        self.message_bytes as f64 / self.messages.max(1) as f64
    }
}

impl Found for Findings {
    fn figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        let mut row = |name, value: Option<String>, meaning| {
            figures.extend(value.map(|value| Figure::new(name, value, meaning)))
        };
        let rate = |rate: f64| format!("{} /s", grouped(rate));
        let (seconds, share) = (
            |seconds: f64| format!("{seconds:.2} s"),
            |share: f64| format!("{share:.2}"),
        );
        let as_many = if self.disk_full {
            "stored durably: as many as the disk has room for"
        } else {
            "stored durably"
        };
        row("messages", Some(grouped(self.messages as f64)), as_many);
        row(
            "speed",
            self.messages_per_s.map(rate),
            "messages, over the whole way",
        );
        row(
            "steadiness",
            self.last_to_second_tenth.map(share),
            "speed of the last tenth of the messages, where that of the second tenth is 1",
        );
        row(
            "texts",
            self.texts_share
                .map(|share| format!("{:.1} %", share * 100.0)),
            "of the time went into making up what the messages say",
        );
        row(
            "disk",
            self.disk_bytes.map(sized),
            "all files of the data directory, closed",
        );
        row(
            "disk share",
            self.disk_bytes_per_message_byte.map(share),
            "bytes on the disk for each byte of text",
        );
        row(
            "memory",
            self.memory_mib_max.map(|mib| format!("{mib:.0} MiB")),
            "of this process, at most",
        );
        row(
            "closing",
            self.close_s.map(seconds),
            "until everything was in the trees",
        );
        row(
            "opening",
            self.open_s.map(seconds),
            "until the next message could be taken",
        );
        row(
            "missing",
            self.missing.map(|count| grouped(count as f64)),
            "messages that were not there after opening",
        );
        let reads = |reads: &Option<Reads>| reads.map(|reads| rate(reads.reads_per_s));
        let latency = |reads: &Option<Reads>| {
            reads
                .and_then(|reads| reads.latency_ms)
                .map(|latency| latency.to_string())
        };
        row(
            "newest 50",
            reads(&self.last_50),
            "reads of the last 50 messages of a random conversation, or as many as an answer holds, one by one",
        );
        row("latency", latency(&self.last_50), "of one of these reads");
        row(
            "any 50",
            reads(&self.old_50),
            "reads of as many from a random place of all messages, one by one",
        );
        row("latency", latency(&self.old_50), "of one of these reads");
        let wrong = [self.last_50, self.old_50]
            .into_iter()
            .flatten()
            .map(|reads| reads.wrong)
            .sum::<u64>();
        row(
            "wrong reads",
            (wrong > 0).then(|| grouped(wrong as f64)),
            "reads that gave other messages than asked for",
        );
        row(
            "kept in",
            self.kept_in.as_ref().map(|dir| dir.display().to_string()),
            "the data directory",
        );
        figures
    }

    /// Every so many marks, so that a screen holds the table.
    fn tables(&self) -> Vec<Table> {
        let step = self.marks.len().div_ceil(10).max(1);
        let row = |marks: &[UnreadMarker]| {
            let messages = marks
                .iter()
                .map(|mark| mark.messages_per_s)
                .map(f64::recip)
                .sum::<f64>()
                / marks.len() as f64;
            let last = marks.last()?;
            Some(vec![
                grouped(last.messages as f64),
                grouped(messages.recip()),
                sized(last.disk_bytes),
                last.memory_mib
                    .map_or_else(String::new, |mib| format!("{mib:.0} MiB")),
            ])
        };
        let rows: Vec<_> = self.marks.chunks(step).filter_map(row).collect();
        if rows.len() < 2 {
            return Vec::new();
        }
        vec![Table {
            title: "On the way".to_owned(),
            meaning: "The speed since the line above. On the disk is also the commit log with its spare segments, up to some 200 MiB."
                .to_owned(),
            columns: ["messages", "messages/s", "on disk", "memory"].map(str::to_owned).to_vec(),
            rows,
        }]
    }

    fn plots(&self) -> Vec<Plot> {
        if self.marks.len() < 2 {
            return Vec::new();
        }
        const GIB: f64 = (1_u64 << 30) as f64;
        let body_bytes = self.body_bytes();
        vec![
            self.plot(
                "Speed",
                "A level line: what is stored already does not slow down what comes.",
                "messages/s",
                &[("stored", &|mark| Some(mark.messages_per_s))],
            ),
            self.plot("Memory", "A level line: memory does not grow with what is stored.", "MiB", &[("in use", &|mark| mark.memory_mib)]),
            self.plot(
                "Disk",
                "Below the line of the texts: compression saves more than everything that goes with a message takes.",
                "GiB",
                &[
                    ("on the disk", &|mark| Some(mark.disk_bytes as f64 / GIB)),
                    ("the texts alone", &|mark| Some(mark.messages as f64 * body_bytes / GIB)),
                ],
            ),
        ]
    }

    fn seconds(&self) -> Option<f64> {
        Some(self.seconds)
    }

    /// Everything stored was there again, and was what was asked for.
    fn is_sound(&self) -> bool {
        let reads = [self.last_50, self.old_50].into_iter().flatten();
        self.missing.is_none_or(|missing| missing == 0)
            && reads.map(|reads| reads.wrong).sum::<u64>() == 0
    }
}
