//! The numbers of each scheme.

use serde::Serialize;

use super::scheme::Scheme;
use super::trial::{Tally, Trials};
use crate::results::{Results, Scale, Series, Unit, grouped};
use crate::storage::limits::{IDS_CLOCK_STEP, IDS_GENERATORS, IDS_TRIAL_MESSAGES};
use crate::storage::tables::{not_measured, shown, table};

/// The numbers of one scheme. What was not measured is `None`.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct SchemeResults {
    pub(super) scheme: Scheme,
    key_bytes: usize,
    /// On average.
    pub(super) wire_bytes: Option<f64>,
    pub(super) ids_per_s: Option<f64>,
    pub(super) stored_per_s: Option<f64>,
    pub(super) stretches: Vec<Stretch>,
    pub(super) disk_bytes_per_message: Option<f64>,
    /// Stored messages that cannot be found.
    pub(super) missing: Option<u64>,
    pub(super) last_50_reads_per_s: Option<f64>,
    /// Reads that returned other messages than the newest.
    pub(super) wrong_reads: Option<u64>,
    pub(super) trials: Option<Trials>,
}

/// Messages that were stored one after the other under the ids of one scheme.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Stretch {
    /// Messages up to its end.
    pub(super) messages: u64,
    pub(super) stored_per_s: f64,
}

impl SchemeResults {
    pub(super) fn new(scheme: Scheme) -> Self {
        Self {
            scheme,
            key_bytes: scheme.key_bytes(),
            ..Self::default()
        }
    }

    fn trial(&self, show: impl Fn(&Trials) -> String) -> String {
        self.trials.as_ref().map_or_else(not_measured, show)
    }

    /// Whether every message was found where its id put it; of cairn's own ids also whether they
    /// misled no client.
    fn is_sound(&self) -> bool {
        let misleads = self.trials.is_some_and(|trials| !trials.are_flawless());
        self.missing.unwrap_or(0) + self.wrong_reads.unwrap_or(0) == 0
            && !(self.scheme == Scheme::Counter && misleads)
    }
}

pub(super) fn results(schemes: Vec<SchemeResults>) -> Results {
    let mut results = Results::default();
    costs(&mut results, &schemes);
    order(&mut results, &schemes);
    faults(&mut results, &schemes);
    if schemes.iter().any(|of| of.stretches.len() > 1) {
        plot(&mut results, &schemes);
    }
    results.check(schemes.iter().all(SchemeResults::is_sound));
    results.json("schemes", schemes);
    results
}

fn costs(results: &mut Results, schemes: &[SchemeResults]) {
    results.tables.push(table(
        "What ids cost",
        "Made in one thread; in a key; on the wire, where a number is as long as it has to be. \
         Stored in sled under (conversation, id), each batch with flush and fdatasync; reads of \
         the last 50 messages of a random conversation, for which random ids make it necessary to \
         read the whole of it.",
        &[
            ("scheme", &|of: &SchemeResults| of.scheme.to_string()),
            ("ids/s", &|of| number(of.ids_per_s)),
            ("key B", &|of| of.key_bytes.to_string()),
            ("wire B", &|of| shown(of.wire_bytes, Unit::new(1, ""))),
            ("stored/s", &|of| number(of.stored_per_s)),
            ("disk B/message", &|of| number(of.disk_bytes_per_message)),
            ("last-50 reads/s", &|of| number(of.last_50_reads_per_s)),
        ],
        schemes,
    ));
}

fn order(results: &mut Results, schemes: &[SchemeResults]) {
    let meaning = format!(
        "Late: messages that sort before an earlier one, so that a client that asks for everything \
         after its last message never gets them; from one thread, and from {IDS_GENERATORS} at \
         once. Gaps: neighbours whose ids do not follow each other although nothing is missing. \
         Losses told: the conversations in which a client that misses a message can know it."
    );
    let late = |tally: &Tally| percent(tally.late, tally.stored);
    results.tables.push(table(
        "What a reader can tell from them",
        meaning,
        &[
            ("scheme", &|of: &SchemeResults| of.scheme.to_string()),
            ("late", &|of| of.trial(|t| late(&t.calm))),
            ("late, threads", &|of| of.trial(|t| late(&t.threads))),
            ("gaps", &|of| {
                of.trial(|Trials { calm, .. }| percent(calm.gaps, calm.neighbours))
            }),
            ("losses told", &|of| {
                let told = of.trials.and_then(|trials| trials.calm.losses_told);
                shown(told.map(|told| told * 100.0), Unit::new(0, " %"))
            }),
        ],
        schemes,
    ));
}

fn faults(results: &mut Results, schemes: &[SchemeResults]) {
    let meaning = format!(
        "Of {} messages, 10 µs apart. The clock steps back by {} ms half-way: sends refused, \
         messages late. A crash half-way: numbers that no message ever has; ids given again that \
         were given to messages which the crash took, harmless when no client knows of those, as \
         in cairn. Both at once: stored messages with the id of another, messages late.",
        count(IDS_TRIAL_MESSAGES as u64),
        IDS_CLOCK_STEP.as_millis()
    );
    let both = |trials: &Trials| trials.crash_and_clock_back;
    results.tables.push(table(
        "What goes wrong",
        meaning,
        &[
            ("scheme", &|of: &SchemeResults| of.scheme.to_string()),
            ("clock: refused", &|of| {
                of.trial(|t| count(t.clock_back.refused))
            }),
            ("late", &|of| of.trial(|t| count(t.clock_back.late))),
            ("crash: skipped", &|of| {
                of.trial(|t| t.crash.skipped.map_or_else(not_measured, count))
            }),
            ("given again", &|of| of.trial(|t| count(t.crash.reissued))),
            ("both: repeated", &|of| {
                of.trial(|t| count(both(t).repeated))
            }),
            ("late", &|of| of.trial(|t| count(both(t).late))),
        ],
        schemes,
    ));
}

fn number(number: Option<f64>) -> String {
    shown(number, Unit::COUNT)
}

fn count(count: u64) -> String {
    grouped(count as f64)
}

/// A share, in which a little differs visibly from nothing.
fn percent(part: u64, whole: u64) -> String {
    let percent = part as f64 * 100.0 / whole.max(1) as f64;
    match part {
        0 => "0 %".to_owned(),
        _ if percent < 0.1 => "<0.1 %".to_owned(),
        _ => format!("{percent:.1} %"),
    }
}

fn plot(results: &mut Results, schemes: &[SchemeResults]) {
    let point = |stretch: &Stretch| (stretch.messages as f64, stretch.stored_per_s);
    let series = |of: &SchemeResults| Series {
        name: of.scheme.to_string(),
        points: of.stretches.iter().map(point).collect(),
    };
    results.plot(
        (
            "Storing under these ids",
            "Random keys land anywhere in a conversation and touch more pages the more there is; \
             the others grow at its end.",
        ),
        Scale::Linear.axis("messages stored"),
        Scale::Linear.axis("messages/s"),
        schemes.iter().map(series).collect(),
    );
}
