//! The numbers of each scheme, and what they mean.

use serde::Serialize;

use super::scheme::Scheme;
use super::tally::Tally;
use super::trial::Trial;
use crate::limits::{IDS_CLOCK_STEP, IDS_GENERATORS, IDS_TRIAL_MESSAGES};
use crate::report::{Axis, Figure, Found, Plot, Scale, Series, Table, grouped};

/// The numbers of all schemes.
#[derive(Clone, Debug, Serialize)]
pub struct Findings {
    schemes: Vec<SchemeFindings>,
}

/// The numbers of one scheme.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SchemeFindings {
    scheme: Scheme,
    key_bytes: usize,
    /// On average.
    pub(super) wire_bytes: Option<f64>,
    pub(super) ids_per_s: Option<f64>,
    pub(super) stored_per_s: Option<f64>,
    pub(super) stretches: Vec<Stretch>,
    pub(super) disk_bytes_per_message: Option<f64>,
    /// Messages that were stored and are not there.
    pub(super) missing: Option<u64>,
    pub(super) last_50_reads_per_s: Option<f64>,
    /// Reads that gave other messages than the last ones.
    pub(super) wrong_reads: Option<u64>,
    pub(super) trials: Option<Trials>,
}

/// A part of the messages that were stored under ids of one scheme.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Stretch {
    /// Messages up to its end.
    pub(super) messages: u64,
    pub(super) stored_per_s: f64,
}

/// What a scheme did in each trial.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Trials {
    calm: Tally,
    threads: Tally,
    clock_back: Tally,
    crash: Tally,
    crash_and_clock_back: Tally,
}

impl Trials {
    pub(super) fn run(scheme: Scheme, seed: u64) -> Self {
        let tally = |trial: Trial| trial.run(scheme, IDS_TRIAL_MESSAGES, seed);
        Self {
            calm: tally(Trial::Calm),
            threads: tally(Trial::Threads),
            clock_back: tally(Trial::ClockBack),
            crash: tally(Trial::Crash),
            crash_and_clock_back: tally(Trial::CrashAndClockBack),
        }
    }

    /// Whether no client could be misled by anything that happened.
    fn are_flawless(&self) -> bool {
        let all = [
            self.calm,
            self.threads,
            self.clock_back,
            self.crash,
            self.crash_and_clock_back,
        ];
        all.iter()
            .all(|tally| (tally.refused, tally.repeated, tally.late, tally.gaps) == (0, 0, 0, 0))
    }
}

impl Findings {
    pub(super) fn new() -> Self {
        let of = |scheme: Scheme| SchemeFindings {
            scheme,
            key_bytes: scheme.key_bytes(),
            wire_bytes: None,
            ids_per_s: None,
            stored_per_s: None,
            stretches: Vec::new(),
            disk_bytes_per_message: None,
            missing: None,
            last_50_reads_per_s: None,
            wrong_reads: None,
            trials: None,
        };
        Self {
            schemes: Scheme::ALL.map(of).to_vec(),
        }
    }

    /// Those of one scheme.
    pub(super) fn of(&mut self, scheme: Scheme) -> &mut SchemeFindings {
        &mut self.schemes[scheme as usize]
    }

    /// A table with a row for each scheme.
    fn table<const N: usize>(
        &self,
        title: &str,
        meaning: String,
        columns: [&str; N],
        cells: impl Fn(&SchemeFindings) -> Option<[String; N]>,
    ) -> Table {
        let row = |of: &SchemeFindings| {
            let cells = cells(of).unwrap_or_else(|| std::array::from_fn(|_| NOTHING.to_owned()));
            std::iter::once(of.scheme.to_string())
                .chain(cells)
                .collect()
        };
        Table {
            title: title.to_owned(),
            meaning,
            columns: std::iter::once("scheme")
                .chain(columns)
                .map(str::to_owned)
                .collect(),
            rows: self.schemes.iter().map(row).collect(),
        }
    }
}

/// What was not measured.
const NOTHING: &str = "–";

fn number(number: Option<f64>) -> String {
    number.map_or_else(|| NOTHING.to_owned(), grouped)
}

fn count(count: u64) -> String {
    grouped(count as f64)
}

/// A part of a whole, such that little is told from nothing.
fn percent(part: u64, whole: u64) -> String {
    let percent = part as f64 * 100.0 / whole.max(1) as f64;
    match part {
        0 => "0 %".to_owned(),
        _ if percent < 0.1 => "<0.1 %".to_owned(),
        _ => format!("{percent:.1} %"),
    }
}

impl Found for Findings {
    fn figures(&self) -> Vec<Figure> {
        Vec::new()
    }

    fn tables(&self) -> Vec<Table> {
        let costs = self.table(
            "What ids cost",
            "Made in one thread; in a key; on the wire, where a number is as long as it has to be. Stored in sled under (conversation, id), \
             each batch with flush and fdatasync; reads of the last 50 messages of a random conversation, for which random ids make it \
             necessary to read the whole of it."
                .to_owned(),
            ["ids/s", "key B", "wire B", "stored/s", "disk B/message", "last-50 reads/s"],
            |of| {
                let wire = of.wire_bytes.map_or_else(|| NOTHING.to_owned(), |bytes| format!("{bytes:.1}"));
                let [ids, stored, disk, reads] =
                    [of.ids_per_s, of.stored_per_s, of.disk_bytes_per_message, of.last_50_reads_per_s].map(number);
                Some([ids, of.key_bytes.to_string(), wire, stored, disk, reads])
            },
        );
        let order = self.table(
            "What a reader can tell from them",
            format!(
                "Late: messages that sort before an earlier one, so that who asks for everything behind his last never gets them; from one \
                 thread, and from {IDS_GENERATORS} at once. Gaps: neighbours whose ids do not follow each other although nothing is missing. \
                 Losses told: the conversations in which a client that misses a message can know it."
            ),
            ["late", "late, threads", "gaps", "losses told"],
            |of| {
                let Trials { calm, threads, .. } = of.trials?;
                let told = calm.losses_told.map_or_else(|| NOTHING.to_owned(), |told| format!("{:.0} %", told * 100.0));
                let late = |tally: Tally| percent(tally.late, tally.stored);
                Some([late(calm), late(threads), percent(calm.gaps, calm.neighbours), told])
            },
        );
        let faults = self.table(
            "What goes wrong",
            format!(
                "Of {} messages, 10 µs apart. The clock steps back by {} ms half-way: sends refused, messages late. A crash half-way: numbers \
                 that no message ever has; ids given again that were given to messages which the crash took, harmless when nobody was told \
                 of those, as in cairn. Both at once: stored messages with the id of another, messages late.",
                count(IDS_TRIAL_MESSAGES as u64),
                IDS_CLOCK_STEP.as_millis()
            ),
            ["clock: refused", "late", "crash: skipped", "given again", "both: repeated", "late"],
            |of| {
                let Trials { clock_back, crash, crash_and_clock_back: both, .. } = of.trials?;
                let skipped = crash.skipped.map_or_else(|| NOTHING.to_owned(), count);
                let [refused, late, again, repeated, both_late] =
                    [clock_back.refused, clock_back.late, crash.reissued, both.repeated, both.late].map(count);
                Some([refused, late, skipped, again, repeated, both_late])
            },
        );
        vec![costs, order, faults]
    }

    fn plots(&self) -> Vec<Plot> {
        let series = |of: &SchemeFindings| Series {
            name: of.scheme.to_string(),
            points: of
                .stretches
                .iter()
                .map(|stretch| (stretch.messages as f64, stretch.stored_per_s))
                .collect(),
        };
        let plot = Plot {
            title: "Storing under these ids".to_owned(),
            meaning: "Random keys land anywhere in a conversation and touch more pages the more there is; the others grow at its end."
                .to_owned(),
            x: Axis { label: "messages stored", scale: Scale::Linear },
            y: Axis { label: "messages/s", scale: Scale::Linear },
            series: self.schemes.iter().map(series).collect(),
        };
        if self.schemes.iter().any(|of| of.stretches.len() > 1) {
            vec![plot]
        } else {
            Vec::new()
        }
    }

    /// Every message was found where its id put it, and cairn's own ids misled nobody.
    fn is_sound(&self) -> bool {
        let is_there = |of: &SchemeFindings| {
            [of.missing, of.wrong_reads]
                .into_iter()
                .flatten()
                .all(|count| count == 0)
        };
        let mut own = self
            .schemes
            .iter()
            .filter(|of| of.scheme == Scheme::Counter)
            .filter_map(|of| of.trials);
        self.schemes.iter().all(is_there) && own.all(|trials| trials.are_flawless())
    }
}
