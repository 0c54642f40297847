//! What a race found, with what each number means.

use serde::Serialize;

use super::race::{Contender, Outcome, Spread};
use crate::report::{Axis, Figure, Found, Plot, Scale, Series, Table, grouped};

/// The numbers of a run.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Findings {
    /// Of each contender with each size of batch.
    Storing { storing: Vec<Stored> },
    /// Of each size of a group.
    Members { members: Vec<OfMembers> },
}

/// How one contender did with one size of batch.
#[derive(Clone, Debug, Serialize)]
pub struct Stored {
    engine: String,
    batch: usize,
    messages_per_s: Spread,
    /// How many times as many messages cairn stored, as medians.
    cairn_is_times: Option<f64>,
    /// How many it has stored and, when it was looked at, should hold.
    messages: u64,
    disk_bytes_per_message: Option<f64>,
    is_held: Option<bool>,
}

impl Stored {
    /// Of one race, in which cairn ran first.
    pub fn of_race(
        batch: usize,
        contenders: &[Contender],
        outcomes: Vec<Option<Outcome>>,
    ) -> Vec<Self> {
        let cairn = outcomes
            .first()
            .and_then(Option::as_ref)
            .map(|outcome| outcome.messages_per_s.median);
        let cell = |(contender, outcome): (&Contender, Option<Outcome>)| {
            let Outcome {
                messages_per_s,
                messages,
                disk_bytes_per_message,
                is_held,
            } = outcome?;
            let cairn_is_times = cairn.map(|cairn| cairn / messages_per_s.median);
            let engine = contender.name().to_owned();
            Some(Self {
                engine,
                batch,
                messages_per_s,
                cairn_is_times,
                messages,
                disk_bytes_per_message,
                is_held,
            })
        };
        contenders.iter().zip(outcomes).filter_map(cell).collect()
    }
}

/// What a message costs in a group of one size.
#[derive(Clone, Debug, Serialize)]
pub struct OfMembers {
    members: u64,
    messages_per_s: Spread,
    /// How many it has stored and, when it was looked at, should hold.
    messages: u64,
    log_bytes_per_message: f64,
    is_held: Option<bool>,
}

impl OfMembers {
    /// `log_bytes` are what the messages gave the commit log.
    pub fn new(members: u64, log_bytes: u64, outcome: Outcome) -> Self {
        let Outcome {
            messages_per_s,
            messages,
            is_held,
            ..
        } = outcome;
        Self {
            members,
            messages_per_s,
            messages,
            log_bytes_per_message: log_bytes as f64 / messages as f64,
            is_held,
        }
    }
}

impl Findings {
    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Storing { storing } => storing.is_empty(),
            Self::Members { members } => members.is_empty(),
        }
    }
}

impl Found for Findings {
    fn figures(&self) -> Vec<Figure> {
        Vec::new()
    }

    fn tables(&self) -> Vec<Table> {
        vec![match self {
            Self::Storing { storing } => storing_table(storing),
            Self::Members { members } => members_table(members),
        }]
    }

    fn plots(&self) -> Vec<Plot> {
        vec![match self {
            Self::Storing { storing } => storing_plot(storing),
            Self::Members { members } => members_plot(members),
        }]
    }

    /// Whoever was looked at holds what it stored.
    fn is_sound(&self) -> bool {
        match self {
            Self::Storing { storing } => storing.iter().all(|cell| cell.is_held != Some(false)),
            Self::Members { members } => members.iter().all(|cell| cell.is_held != Some(false)),
        }
    }
}

fn storing_table(storing: &[Stored]) -> Table {
    let row = |cell: &Stored| {
        let times = cell
            .cairn_is_times
            .map_or_else(not_measured, |times| format!("{times:.2} ×"));
        let mut row = vec![cell.engine.clone(), grouped(cell.batch as f64)];
        row.extend(rates(cell.messages_per_s));
        row.extend([
            times,
            bytes(cell.disk_bytes_per_message),
            held(cell.is_held),
        ]);
        row
    };
    Table {
        title: "Durable messages a second".to_owned(),
        meaning: "The median, the lowest and the highest of the rounds. Where the name says nothing else, a batch is on disk when its \
                  commit returns. Of each message cairn also decides who may send it, whether it is a retry, and its number."
            .to_owned(),
        columns: ["engine", "batch", "messages/s", "min", "max", "cairn is", "disk B/message", "all there"].map(str::to_owned).to_vec(),
        rows: storing.iter().map(row).collect(),
    }
}

fn members_table(members: &[OfMembers]) -> Table {
    let row = |cell: &OfMembers| {
        let mut row = vec![grouped(cell.members as f64)];
        row.extend(rates(cell.messages_per_s));
        row.extend([bytes(Some(cell.log_bytes_per_message)), held(cell.is_held)]);
        row
    };
    Table {
        title: "What a message costs against the size of its group".to_owned(),
        meaning: "The median, the lowest and the highest of the rounds. A message is stored once, however many read it, so all lines \
                  should be alike."
            .to_owned(),
        columns: ["members", "messages/s", "min", "max", "log B/message", "all there"].map(str::to_owned).to_vec(),
        rows: members.iter().map(row).collect(),
    }
}

fn rates(Spread { median, min, max }: Spread) -> [String; 3] {
    [median, min, max].map(grouped)
}

fn bytes(bytes: Option<f64>) -> String {
    bytes.map_or_else(not_measured, |bytes| format!("{bytes:.1}"))
}

fn held(is_held: Option<bool>) -> String {
    is_held.map_or_else(not_measured, |is_held| {
        if is_held { "yes" } else { "NO" }.to_owned()
    })
}

fn not_measured() -> String {
    "-".to_owned()
}

fn storing_plot(storing: &[Stored]) -> Plot {
    let mut series: Vec<Series> = Vec::new();
    for cell in storing {
        let point = (cell.batch as f64, cell.messages_per_s.median);
        match series.iter_mut().find(|series| series.name == cell.engine) {
            Some(series) => series.points.push(point),
            None => series.push(Series {
                name: cell.engine.clone(),
                points: vec![point],
            }),
        }
    }
    series.iter_mut().for_each(|series| {
        series
            .points
            .sort_by(|one, other| one.0.total_cmp(&other.0))
    });
    Plot {
        title: "Durable messages a second, by the size of a batch".to_owned(),
        meaning: "Small batches cost what the disk takes for each fdatasync; large ones what the engine does itself.".to_owned(),
        x: Axis { label: "messages in a batch", scale: Scale::Log },
        y: Axis { label: "messages/s", scale: Scale::Log },
        series,
    }
}

fn members_plot(members: &[OfMembers]) -> Plot {
    let mut points: Vec<_> = members
        .iter()
        .map(|cell| (cell.members as f64, cell.messages_per_s.median))
        .collect();
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    Plot {
        title: "Messages a second, by the size of the group".to_owned(),
        meaning: "A level line: a message is stored once, however many read it.".to_owned(),
        x: Axis {
            label: "members",
            scale: Scale::Log,
        },
        y: Axis {
            label: "messages/s",
            scale: Scale::Linear,
        },
        series: vec![Series {
            name: "cairn".to_owned(),
            points,
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(engine: &str, batch: usize, rate: f64, is_held: Option<bool>) -> Stored {
        let messages_per_s = Spread {
            median: rate,
            min: rate / 2.0,
            max: rate * 2.0,
        };
        Stored {
            engine: engine.to_owned(),
            batch,
            messages_per_s,
            cairn_is_times: Some(2.0),
            messages: 10,
            disk_bytes_per_message: None,
            is_held,
        }
    }

    #[test]
    fn a_loss_is_told() {
        let findings = |is_held| Findings::Storing {
            storing: vec![stored("a", 8, 10.0, is_held)],
        };
        assert!(findings(Some(true)).is_sound() && findings(None).is_sound());
        assert!(!findings(Some(false)).is_sound());
        assert_eq!(
            findings(Some(false)).tables()[0].rows[0],
            ["a", "8", "10", "5", "20", "2.00 ×", "-", "NO"]
        );
    }

    #[test]
    fn an_engine_is_one_line_of_the_plot_from_left_to_right() {
        let storing = vec![
            stored("a", 64, 10.0, None),
            stored("b", 64, 5.0, None),
            stored("a", 8, 1.0, None),
        ];
        let plot = &Findings::Storing { storing }.plots()[0];
        let lines: Vec<_> = plot
            .series
            .iter()
            .map(|series| (series.name.as_str(), series.points.clone()))
            .collect();
        assert_eq!(
            lines,
            [
                ("a", vec![(8.0, 1.0), (64.0, 10.0)]),
                ("b", vec![(64.0, 5.0)])
            ]
        );
    }
}
