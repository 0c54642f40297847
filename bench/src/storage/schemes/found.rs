//! What a comparison of the schemes found, as people and programs see it.

use serde::Serialize;

use super::cell::Cell;
use super::scheme::{Group, Kind};
use crate::report::{self, Axis, Figure, Plot, Scale, Series, Table, grouped};

/// What a comparison found. What was not measured is `null`.
#[derive(Clone, Debug, Serialize)]
pub struct Found {
    /// By the share of members who are online, then by size, then by scheme.
    schemes: Vec<Cell>,
    /// Sends a second of cairn, over those of the fastest of the four, in the smallest group: the least of all shares online.
    cairn_over_fastest: Option<f64>,
    /// Sends a second of cairn in the largest group, over those in the smallest: the least of all shares online.
    cairn_largest_over_smallest: Option<f64>,
}

/// What the columns of the tables mean.
const COLUMNS: &str = "Sends: until they are durable and where they stay. Bytes: what the folder grows by for each, nothing acked. Writes: \
rows put and deleted for each. 1,000 back: a member who was away pulls 1,000 messages. Acks: until all members have acked a message and it \
is gone (cairn keeps what was said), with its writes. Left: bytes for each send when all have acked. Lost: messages times members, of those \
that were accepted and not pushed when the process was killed.";

impl Found {
    pub(super) fn new(schemes: Vec<Cell>) -> Self {
        let shares = shares(&schemes);
        let cairn_over_fastest = shares
            .iter()
            .filter_map(Share::over_fastest)
            .min_by(f64::total_cmp);
        let cairn_largest_over_smallest = shares
            .iter()
            .filter_map(Share::flatness)
            .min_by(f64::total_cmp);
        Self {
            schemes,
            cairn_over_fastest,
            cairn_largest_over_smallest,
        }
    }
}

impl report::Found for Found {
    fn figures(&self) -> Vec<Figure> {
        let times = |times: f64| format!("{times:.2} times");
        let over = self.cairn_over_fastest.map(|over| {
            Figure::new(
                "cairn ahead",
                times(over),
                "its sends a second over the fastest of the four's, in the smallest group",
            )
        });
        let flat = self.cairn_largest_over_smallest.map(|flat| {
            Figure::new(
                "cairn flat",
                times(flat),
                "its sends a second in the largest group over those in the smallest",
            )
        });
        over.into_iter().chain(flat).collect()
    }

    fn tables(&self) -> Vec<Table> {
        let mut tables: Vec<Table> = shares(&self.schemes).iter().map(Share::table).collect();
        if let Some(first) = tables.first_mut() {
            first.meaning = format!("{COLUMNS} {}", first.meaning).trim_end().to_owned();
        }
        tables
    }

    fn plots(&self) -> Vec<Plot> {
        let of = |share: &Share<'_>| {
            [
                share.plot(
                    "Sends a second",
                    "The higher the better; flat is better still.",
                    "sends/s",
                    |cell| cell.sends_per_s,
                ),
                share.plot(
                    "Bytes on disk for each send",
                    "The lower the better.",
                    "bytes",
                    |cell| cell.bytes_per_send,
                ),
            ]
        };
        shares(&self.schemes).iter().flat_map(of).collect()
    }

    /// Whoever stores for all members loses nothing; whoever trusts the push was seen losing, or nobody was online.
    fn is_sound(&self) -> bool {
        let loses_as_it_must = |cell: &Cell| match (cell.lost, cell.at_stake) {
            (Some(lost), Some(at_stake)) if cell.scheme.trusts_push() => {
                (lost > 0)
                    == (Group::new(cell.members, cell.online_percent)
                        .online()
                        .next()
                        .is_some()
                        && at_stake > 0)
            }
            (Some(lost), _) => lost == 0,
            (None, _) => true,
        };
        self.schemes.iter().all(loses_as_it_must)
    }
}

/// The cells of one share of members online.
struct Share<'a>(Vec<&'a Cell>);

fn shares(cells: &[Cell]) -> Vec<Share<'_>> {
    let by_share = cells.chunk_by(|a, b| a.online_percent == b.online_percent);
    by_share
        .map(|cells| Share(cells.iter().collect()))
        .collect()
}

impl Share<'_> {
    fn of(&self, scheme: Kind) -> impl Iterator<Item = &Cell> {
        self.0
            .iter()
            .copied()
            .filter(move |cell| cell.scheme == scheme)
    }

    fn smallest(&self) -> Option<u32> {
        self.0.iter().map(|cell| cell.members).min()
    }

    /// The fastest of the four in the smallest group.
    fn fastest(&self) -> Option<(&Cell, f64)> {
        let smallest = self.smallest()?;
        let rivals = self
            .0
            .iter()
            .copied()
            .filter(|cell| cell.scheme != Kind::Cairn && cell.members == smallest);
        rivals
            .filter_map(|cell| Some((cell, cell.sends_per_s?)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// How fast cairn is with so many members.
    fn cairn(&self, members: u32) -> Option<f64> {
        self.of(Kind::Cairn)
            .find(|cell| cell.members == members)?
            .sends_per_s
    }

    fn over_fastest(&self) -> Option<f64> {
        Some(self.cairn(self.smallest()?)? / self.fastest()?.1)
    }

    fn flatness(&self) -> Option<f64> {
        let (smallest, largest) = (
            self.smallest()?,
            self.0.iter().map(|cell| cell.members).max()?,
        );
        if smallest == largest {
            None
        } else {
            Some(self.cairn(largest)? / self.cairn(smallest)?)
        }
    }

    /// What the numbers say, in a sentence.
    fn conclusion(&self) -> Option<String> {
        let (smallest, largest) = (
            self.smallest()?,
            self.0.iter().map(|cell| cell.members).max()?,
        );
        let (fastest, rate) = self.fastest()?;
        let (over, name) = (self.over_fastest()?, fastest.scheme.label());
        let (small, large) = (grouped(smallest.into()), grouped(largest.into()));
        let mut text = format!(
            "In the group of {small}, cairn takes {over:.2} times the sends of the fastest of the four ({name}: {}/s)",
            grouped(rate)
        );
        if let Some(flatness) = self.flatness() {
            text += &format!(
                "; in the group of {large}, it takes {flatness:.2} times what it takes in the group of {small}"
            );
        }
        Some(text + ".")
    }

    fn table(&self) -> Table {
        let columns = [
            "scheme",
            "members",
            "sends/s",
            "bytes",
            "writes",
            "1,000 back",
            "acks",
            "ack writes",
            "left",
            "lost",
        ];
        Table {
            title: format!("{} % of the members online", self.online_percent()),
            meaning: self.conclusion().unwrap_or_default(),
            columns: columns.map(str::to_owned).into(),
            rows: self.0.iter().map(|cell| row(cell)).collect(),
        }
    }

    fn online_percent(&self) -> u8 {
        self.0.first().map_or(0, |cell| cell.online_percent)
    }

    fn plot(
        &self,
        what: &str,
        meaning: &str,
        unit: &'static str,
        value: impl Fn(&Cell) -> Option<f64>,
    ) -> Plot {
        let series = Kind::ALL.map(|scheme| {
            // A logarithmic axis has no place for 0.
            let points = self.of(scheme).filter_map(|cell| {
                Some((
                    f64::from(cell.members),
                    value(cell).filter(|value| *value > 0.0)?,
                ))
            });
            Series {
                name: scheme.label().to_owned(),
                points: points.collect(),
            }
        });
        Plot {
            title: format!("{what}, {} % of the members online", self.online_percent()),
            meaning: meaning.to_owned(),
            x: Axis {
                label: "members of the group",
                scale: Scale::Log,
            },
            y: Axis {
                label: unit,
                scale: Scale::Log,
            },
            series: series
                .into_iter()
                .filter(|series| !series.points.is_empty())
                .collect(),
        }
    }
}

fn row(cell: &Cell) -> Vec<String> {
    let shown = |value: Option<f64>, unit: &str| {
        value.map_or_else(|| "-".to_owned(), |value| format!("{}{unit}", short(value)))
    };
    let lost = match (cell.lost, cell.at_stake) {
        (Some(lost), Some(at_stake)) => {
            format!("{} of {}", grouped(lost as f64), grouped(at_stake as f64))
        }
        _ => "-".to_owned(),
    };
    vec![
        cell.scheme.label().to_owned(),
        grouped(cell.members.into()),
        shown(cell.sends_per_s, ""),
        shown(cell.bytes_per_send, ""),
        shown(cell.writes_per_send, ""),
        shown(cell.catch_up_ms_per_1000, " ms"),
        shown(cell.ack_us_per_send, " µs"),
        shown(cell.ack_writes_per_send, ""),
        shown(cell.bytes_left_per_send, ""),
        lost,
    ]
}

/// A number with as many digits as can be told apart.
fn short(number: f64) -> String {
    match number {
        ..10.0 => format!("{number:.2}"),
        ..100.0 => format!("{number:.1}"),
        _ => grouped(number),
    }
}

#[cfg(test)]
mod tests {
    use super::super::crash::Loss;
    use super::*;
    use crate::report::Found as _;

    fn cell(scheme: Kind, members: u32, online_percent: u8, sends_per_s: f64) -> Cell {
        let mut cell = Cell::new(scheme, members, online_percent);
        cell.sends_per_s = Some(sends_per_s);
        cell
    }

    fn crashed(scheme: Kind, lost: u64, online_percent: u8) -> Found {
        let mut cell = Cell::new(scheme, 10, online_percent);
        cell.crashed(Loss { lost, at_stake: 10 });
        Found::new(vec![cell])
    }

    #[test]
    fn cairn_is_held_against_the_fastest_in_the_smallest_group_and_against_itself_in_the_largest() {
        let rates = [
            (Kind::OfflineCopies, 10, 50_000.0),
            (Kind::BodyAndCursors, 10, 60_000.0),
            (Kind::Cairn, 10, 150_000.0),
            (Kind::BodyAndCursors, 1_000, 70_000.0),
            (Kind::Cairn, 1_000, 120_000.0),
        ];
        let found = Found::new(
            rates
                .map(|(kind, members, rate)| cell(kind, members, 20, rate))
                .into(),
        );
        assert_eq!(
            (found.cairn_over_fastest, found.cairn_largest_over_smallest),
            (Some(2.5), Some(0.8))
        );
        let tables = found.tables();
        let conclusion = "In the group of 10, cairn takes 2.50 times the sends of the fastest of the four (4 one body, cursors: 60,000/s); \
                          in the group of 1,000, it takes 0.80 times what it takes in the group of 10.";
        assert!(
            tables[0].meaning.starts_with(COLUMNS) && tables[0].meaning.ends_with(conclusion),
            "{}",
            tables[0].meaning
        );
        assert!(
            tables[0]
                .rows
                .iter()
                .all(|row| row.len() == tables[0].columns.len())
        );
    }

    #[test]
    fn of_several_shares_online_the_least_ratio_counts() {
        let of = |online, cairn| {
            [
                cell(Kind::BodyAndCursors, 10, online, 100.0),
                cell(Kind::Cairn, 10, online, cairn),
            ]
        };
        let found = Found::new([of(20, 300.0), of(80, 200.0)].concat());
        assert_eq!(found.cairn_over_fastest, Some(2.0));
        assert_eq!((found.tables().len(), found.plots().len()), (2, 4));
    }

    #[test]
    fn whoever_trusts_the_push_must_be_seen_losing_and_nobody_else() {
        assert!(crashed(Kind::OfflineCopies, 2, 20).is_sound());
        assert!(!crashed(Kind::OfflineCopies, 0, 20).is_sound());
        assert!(crashed(Kind::OfflineCopies, 0, 0).is_sound());
        assert!(crashed(Kind::Cairn, 0, 20).is_sound());
        assert!(!crashed(Kind::Cairn, 1, 20).is_sound());
    }

    #[test]
    fn what_was_not_measured_is_null() {
        let json = serde_json::to_value(crashed(Kind::Cairn, 0, 20)).unwrap();
        assert_eq!(json["schemes"][0]["scheme"], "cairn");
        assert!(
            json["schemes"][0]["sends_per_s"].is_null() && json["cairn_over_fastest"].is_null(),
            "{json}"
        );
    }
}
