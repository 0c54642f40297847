//! A report as JSON, as tables for people, and as plots.

use std::fmt;

use cairn_client::view::{DeskReport, Spread, Tally};
use serde::Serialize;

use super::super::args::Queues;
use crate::cli::chat::names::Names;
use crate::ui::sanitize::Sanitized;
use crate::ui::table;
use crate::ui::time::{Local, Span};

/// A distribution of durations. The fields match its JSON.
#[derive(Debug, Serialize)]
struct Times {
    count: u64,
    mean_ms: Option<u64>,
    p50_ms: Option<u64>,
    p90_ms: Option<u64>,
    p99_ms: Option<u64>,
    max_ms: Option<u64>,
}

impl From<&Spread> for Times {
    fn from(spread: &Spread) -> Self {
        Self {
            count: spread.count(),
            mean_ms: spread.mean_ms(),
            p50_ms: spread.quantile_ms(0.5),
            p90_ms: spread.quantile_ms(0.9),
            p99_ms: spread.quantile_ms(0.99),
            max_ms: spread.max_ms(),
        }
    }
}

#[derive(Debug, Serialize)]
struct Counts {
    came: u64,
    answered: u64,
    closed: u64,
    reopened: u64,
    offered: u64,
    missed: u64,
    refused: u64,
    returned: u64,
    transferred: u64,
    overflowed: u64,
    left: u64,
    ratings: u64,
    mean_stars: Option<f64>,
    waiting: Times,
    first_reply: Times,
    resolution: Times,
}

impl From<&Tally> for Counts {
    fn from(tally: &Tally) -> Self {
        Self {
            came: tally.came,
            answered: tally.answered,
            closed: tally.closed,
            reopened: tally.reopened,
            offered: tally.offered,
            missed: tally.missed,
            refused: tally.refused,
            returned: tally.returned,
            transferred: tally.transferred,
            overflowed: tally.overflowed,
            left: tally.left,
            ratings: tally.ratings(),
            mean_stars: tally.mean_stars(),
            waiting: (&tally.waiting).into(),
            first_reply: (&tally.first_reply).into(),
            resolution: (&tally.resolution).into(),
        }
    }
}

#[derive(Debug, Serialize)]
struct OfQueue {
    queue: String,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Debug, Serialize)]
struct OfAgent {
    agent: String,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Debug, Serialize)]
struct OfInterval {
    from_ms: u64,
    #[serde(flatten)]
    counts: Counts,
}

/// A report. The fields match its JSON.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    from_ms: u64,
    to_ms: u64,
    total: Counts,
    queues: Vec<OfQueue>,
    agents: Vec<OfAgent>,
    interval_ms: u64,
    intervals: Vec<OfInterval>,
}

impl Shown {
    pub(super) fn new(report: &DeskReport, queues: &Queues, names: &Names) -> Self {
        let of_queues = report.queues.iter().map(|(&queue, tally)| OfQueue {
            queue: queues.name_of(queue),
            counts: tally.into(),
        });
        let of_agents = report.agents.iter().map(|(&agent, tally)| OfAgent {
            agent: names.of(agent).into_owned(),
            counts: tally.into(),
        });
        let intervals = report.intervals.iter().map(|interval| OfInterval {
            from_ms: interval.from.get(),
            counts: (&interval.tally).into(),
        });
        Self {
            from_ms: report.from.get(),
            to_ms: report.to.get(),
            total: (&report.total).into(),
            queues: of_queues.collect(),
            agents: of_agents.collect(),
            interval_ms: report.interval_ms,
            intervals: intervals.collect(),
        }
    }
}

const HEADER: [&str; 11] = [
    "",
    "came",
    "answered",
    "missed",
    "refused",
    "closed",
    "wait p50",
    "wait p90",
    "first reply",
    "resolution",
    "rated",
];

impl Counts {
    fn cells(&self, name: &str) -> Vec<String> {
        let span = |millis: Option<u64>| {
            millis.map_or_else(|| "-".to_owned(), |millis| Span(millis).to_string())
        };
        let stars = self.mean_stars;
        vec![
            Sanitized(name).to_string(),
            self.came.to_string(),
            self.answered.to_string(),
            self.missed.to_string(),
            self.refused.to_string(),
            self.closed.to_string(),
            span(self.waiting.p50_ms),
            span(self.waiting.p90_ms),
            span(self.first_reply.p50_ms),
            span(self.resolution.p50_ms),
            stars.map_or_else(
                || "-".to_owned(),
                |stars| format!("{stars:.1} ({})", self.ratings),
            ),
        ]
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "from {} to {}\n", Local(self.from_ms), Local(self.to_ms))?;
        let header = |first: &str| {
            let mut header = HEADER.map(str::to_owned);
            if let Some(name) = header.first_mut() {
                first.clone_into(name);
            }
            header
        };
        let queues = self.queues.iter();
        let mut rows: Vec<_> = queues.map(|row| row.counts.cells(&row.queue)).collect();
        rows.push(self.total.cells("all queues"));
        writeln!(f, "{}", table::render(&header("queue"), &rows))?;
        let agents = self.agents.iter();
        let rows: Vec<_> = agents.map(|row| row.counts.cells(&row.agent)).collect();
        f.write_str(table::render(&header("agent"), &rows).trim_end())
    }
}

/// The plots of a report.
#[cfg(feature = "bench")]
mod plots {
    use super::{DeskReport, Spread, Tally};
    use crate::ui::plot::{self, Axis, Scale};

    type Value<'a> = &'a dyn Fn(&Tally) -> Option<f64>;

    /// Values over the hours of a report.
    fn over_time(report: &DeskReport, label: &str, series: &[(&str, Value<'_>)]) -> String {
        let hours = |at: u64| (at - report.from.get()) as f64 / 3_600_000.0;
        let points: Vec<(&str, Vec<(f64, f64)>)> = series
            .iter()
            .map(|(name, value)| {
                let points = report.intervals.iter().filter_map(|interval| {
                    Some((hours(interval.from.get()), value(&interval.tally)?))
                });
                (*name, points.collect())
            })
            .collect();
        let series: Vec<(&str, &[(f64, f64)])> = points
            .iter()
            .map(|(name, points)| (*name, points.as_slice()))
            .collect();
        let axis = |label| Axis {
            label,
            scale: Scale::Linear,
        };
        plot::svg(axis("hours"), axis(label), &series)
    }

    pub(in super::super) fn plot_of_waits(report: &DeskReport) -> String {
        let seconds = |spread: &Spread, share: f64| {
            spread
                .quantile_ms(share)
                .map(|millis| millis as f64 / 1_000.0)
        };
        over_time(
            report,
            "seconds",
            &[
                ("half waited at most", &|tally| seconds(&tally.waiting, 0.5)),
                ("90% waited at most", &|tally| seconds(&tally.waiting, 0.9)),
                ("half had a reply within", &|tally| {
                    seconds(&tally.first_reply, 0.5)
                }),
            ],
        )
    }

    pub(in super::super) fn plot_of_counts(report: &DeskReport) -> String {
        over_time(
            report,
            "inquiries",
            &[
                ("came", &|tally| Some(tally.came as f64)),
                ("answered", &|tally| Some(tally.answered as f64)),
                ("missed", &|tally| Some(tally.missed as f64)),
                ("closed", &|tally| Some(tally.closed as f64)),
            ],
        )
    }
}

#[cfg(feature = "bench")]
pub(super) use self::plots::{plot_of_counts, plot_of_waits};
