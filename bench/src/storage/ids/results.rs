//! The results of each scheme.

use serde::Serialize;
use serde_json::Value;

use super::scheme::Scheme;
use super::trial::Trials;
use crate::results::{Column, Results, Scale, Series, Unit, grouped, to_value};
use crate::storage::limits::{IDS_CLOCK_STEP, IDS_GENERATORS, IDS_TRIAL_MESSAGES};

/// The results of one scheme. `None` where nothing was measured.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct SchemeResults {
    pub(super) scheme: Scheme,
    key_bytes: usize,
    pub(super) wire_bytes: Option<f64>,
    pub(super) ids_per_s: Option<f64>,
    pub(super) stored_per_s: Option<f64>,
    pub(super) stretches: Vec<Stretch>,
    pub(super) disk_bytes_per_message: Option<f64>,
    pub(super) missing: Option<u64>,
    pub(super) last_50_reads_per_s: Option<f64>,
    /// Reads that returned other messages than the newest.
    pub(super) wrong_reads: Option<u64>,
    pub(super) trials: Option<Trials>,
}

/// Messages stored in a row under the ids of one scheme.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Stretch {
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

    /// Returns whether every message was found by its id, and, for cairn's ids, whether no client
    /// was misled.
    fn is_sound(&self) -> bool {
        let tallies = self.trials.iter().flat_map(Trials::values);
        let misleads = !tallies.copied().all(|tally| tally.is_flawless());
        self.missing.unwrap_or(0) + self.wrong_reads.unwrap_or(0) == 0
            && !(self.scheme == Scheme::Counter && misleads)
    }
}

pub(super) fn results(schemes: &[SchemeResults]) -> Results {
    let mut results = Results::default();
    let order = format!(
        "Late: messages that sort before an earlier one, so that a client that asks for everything \
         after its last message never gets them; from one thread, and from {IDS_GENERATORS} at \
         once. Gaps: neighbours whose ids do not follow each other although nothing is missing. \
         Losses detected: the conversations in which a client that misses a message can know it."
    );
    let faults = format!(
        "Of {} messages, 10 µs apart. The clock steps back by {} ms half-way: sends refused, \
         messages late. A crash half-way: numbers that no message ever has; ids given again that \
         were given to messages which the crash took, harmless when no client knows of those, as \
         in cairn. Both at once: stored messages with the id of another, messages late.",
        grouped(IDS_TRIAL_MESSAGES as f64),
        IDS_CLOCK_STEP.as_millis()
    );
    let rows: Vec<Value> = schemes.iter().map(row).collect();
    results.rows(("What ids cost", COSTS), COST_COLUMNS, &rows);
    let title = "What a reader can tell from them";
    results.rows((title, &order), ORDER_COLUMNS, &rows);
    results.rows(("What goes wrong", &faults), FAULT_COLUMNS, &rows);
    if schemes.iter().any(|of| of.stretches.len() > 1) {
        plot(&mut results, schemes);
    }
    results.check(schemes.iter().all(SchemeResults::is_sound));
    results.json("schemes", schemes);
    results
}

const COSTS: &str = "Made in one thread; in a key; on the wire, where a number is as long as it \
    has to be. Stored in sled under (conversation, id), each batch with flush and fdatasync; reads \
    of the last 50 messages of a random conversation, for which random ids make it necessary to \
    read the whole of it.";

const COST_COLUMNS: &[Column] = &[
    NAME,
    count("ids/s", "/ids_per_s"),
    count("key B", "/key_bytes"),
    Column::new("wire B", "/wire_bytes", Unit::new(1, "")),
    count("stored/s", "/stored_per_s"),
    count("disk B/message", "/disk_bytes_per_message"),
    count("last-50 reads/s", "/last_50_reads_per_s"),
];

const ORDER_COLUMNS: &[Column] = &[
    NAME,
    count("late", "/late"),
    count("late, threads", "/late_threads"),
    count("gaps", "/gaps"),
    Column::new("losses detected", "/losses_told_percent", Unit::PERCENT),
];

const FAULT_COLUMNS: &[Column] = &[
    NAME,
    count("clock: refused", "/trials/clock_back/refused"),
    count("late", "/trials/clock_back/late"),
    count("crash: skipped", "/trials/crash/skipped"),
    count("given again", "/trials/crash/reissued"),
    count("both: repeated", "/trials/crash_and_clock_back/repeated"),
    count("late", "/trials/crash_and_clock_back/late"),
];

const NAME: Column = count("scheme", "/scheme");

const fn count(header: &'static str, pointer: &'static str) -> Column {
    Column::new(header, pointer, Unit::COUNT)
}

fn row(of: &SchemeResults) -> Value {
    let mut row = to_value(of);
    row["scheme"] = of.scheme.to_string().into();
    if let Some(trials) = &of.trials {
        let [calm, threads] = ["calm", "threads"].map(|name| trials[name]);
        row["late"] = percent(calm.late, calm.stored).into();
        row["late_threads"] = percent(threads.late, threads.stored).into();
        row["gaps"] = percent(calm.gaps, calm.neighbours).into();
        row["losses_told_percent"] = calm.losses_told.map(|share| share * 100.0).into();
    }
    row
}

/// Formats a share, so that a small one differs from none.
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
    let series = |of: &SchemeResults| {
        let points = of.stretches.iter().map(point);
        Series::new(&of.scheme.to_string(), points.collect())
    };
    let meaning = "Random keys land anywhere in a conversation and touch more pages the more there \
        is; the others grow at its end.";
    let [x, y] = ["messages stored", "messages/s"].map(|label| Scale::Linear.axis(label));
    let series = schemes.iter().map(series).collect();
    results.plot(("Storing under these ids", meaning), x, y, series);
}
