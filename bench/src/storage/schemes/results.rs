//! The comparison of the schemes, as a table and two plots for each share of members online.

use super::cell::Cell;
use super::scheme::{Group, Kind};
use crate::results::{Results, Scale, Series, Table, Unit, grouped};
use crate::storage::tables::{Cells, not_measured, shown, table};

/// What the columns of the tables mean.
pub(super) const MEANING: &str = "Sends: until they are durable and where they stay. Bytes: what \
    the folder grows by for each, nothing acked. Writes: rows put and deleted for each. 1,000 \
    back: a member who was away pulls 1,000 messages. Acks: until all members have acked a message \
    and it is gone (cairn keeps what was said), with its writes. Left: bytes for each send when \
    all have acked. Lost: messages times members, of those that were accepted and not pushed when \
    the process was killed.";

pub(super) fn results(cells: &[Cell]) -> Results {
    let mut results = Results::default();
    let shares: Vec<Share<'_>> = cells
        .chunk_by(|a, b| a.online_percent == b.online_percent)
        .map(Share)
        .collect();
    results.json("schemes", cells);
    let least = |ratio: fn(&Share<'_>) -> Option<f64>| {
        shares.iter().filter_map(ratio).min_by(f64::total_cmp)
    };
    results.figure(
        "cairn_over_fastest",
        least(|share| share.over_fastest()),
        Unit::TIMES,
        "cairn ahead",
        "its sends a second over the fastest of the four's, in the smallest group",
    );
    results.figure(
        "cairn_largest_over_smallest",
        least(|share| share.flatness()),
        Unit::TIMES,
        "cairn flat",
        "its sends a second in the largest group over those in the smallest",
    );
    for (at, share) in shares.iter().enumerate() {
        let meaning = if at == 0 { MEANING } else { "" };
        results.tables.push(share.table(meaning));
        share.plot(
            &mut results,
            ("Sends a second", "sends/s"),
            "The higher the better; flat is better still.",
            |cell| cell.sends_per_s,
        );
        share.plot(
            &mut results,
            ("Bytes on disk for each send", "bytes"),
            "The lower the better.",
            |cell| cell.bytes_per_send,
        );
    }
    results.check(cells.iter().all(loses_as_expected));
    results
}

/// A scheme that stores for all members loses nothing. One that trusts the push must have been seen
/// losing, unless nobody was online.
fn loses_as_expected(cell: &Cell) -> bool {
    let group = Group::new(cell.members, cell.online_percent);
    let must_lose = cell.scheme.trusts_push()
        && cell.at_stake.is_some_and(|at_stake| at_stake > 0)
        && group.online().next().is_some();
    cell.lost.is_none_or(|lost| (lost > 0) == must_lose)
}

/// The cells of one share of members online.
struct Share<'a>(&'a [Cell]);

impl Share<'_> {
    fn smallest(&self) -> Option<u32> {
        self.0.iter().map(|cell| cell.members).min()
    }

    fn largest(&self) -> Option<u32> {
        self.0.iter().map(|cell| cell.members).max()
    }

    /// The fastest of the four in the smallest group.
    fn fastest(&self) -> Option<(Kind, f64)> {
        let smallest = self.smallest()?;
        let is_rival = |cell: &&Cell| cell.scheme != Kind::Cairn && cell.members == smallest;
        let rivals = self.0.iter().filter(is_rival);
        rivals
            .filter_map(|cell| Some((cell.scheme, cell.sends_per_s?)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// cairn's sends a second in a group of this size.
    fn cairn(&self, members: u32) -> Option<f64> {
        let is_cairn = |cell: &&Cell| cell.scheme == Kind::Cairn && cell.members == members;
        self.0.iter().find(is_cairn)?.sends_per_s
    }

    fn over_fastest(&self) -> Option<f64> {
        Some(self.cairn(self.smallest()?)? / self.fastest()?.1)
    }

    fn flatness(&self) -> Option<f64> {
        let (smallest, largest) = (self.smallest()?, self.largest()?);
        let ratio = self.cairn(largest)? / self.cairn(smallest)?;
        (smallest != largest).then_some(ratio)
    }

    /// What the numbers say, in a sentence.
    fn conclusion(&self) -> Option<String> {
        let (small, large) = (self.smallest()?, self.largest()?);
        let [small, large] = [small, large].map(|size| grouped(size.into()));
        let (fastest, rate) = self.fastest()?;
        let (over, name, rate) = (self.over_fastest()?, fastest.label(), grouped(rate));
        let flat = self.flatness().map_or_else(String::new, |flat| {
            format!(
                "; in the group of {large}, it takes {flat:.2} times what it takes in the group \
                 of {small}"
            )
        });
        Some(format!(
            "In the group of {small}, cairn takes {over:.2} times the sends of the fastest of the \
             four ({name}: {rate}/s){flat}."
        ))
    }

    fn online(&self) -> String {
        let percent = self.0.first().map_or(0, |cell| cell.online_percent);
        format!("{percent} % of the members online")
    }

    fn table(&self, meaning: &str) -> Table {
        let short = Unit::short("");
        let columns: [Cells<'_, Cell>; 10] = [
            ("scheme", &|cell| cell.scheme.label().to_owned()),
            ("members", &|cell| grouped(cell.members.into())),
            ("sends/s", &|cell| shown(cell.sends_per_s, short)),
            ("bytes", &|cell| shown(cell.bytes_per_send, short)),
            ("writes", &|cell| shown(cell.writes_per_send, short)),
            ("1,000 back", &|cell| {
                shown(cell.catch_up_ms_per_1000, Unit::short(" ms"))
            }),
            ("acks", &|cell| {
                shown(cell.ack_us_per_send, Unit::short(" µs"))
            }),
            ("ack writes", &|cell| shown(cell.ack_writes_per_send, short)),
            ("left", &|cell| shown(cell.bytes_left_per_send, short)),
            ("lost", &|cell| {
                let [lost, at_stake] = [cell.lost, cell.at_stake].map(Option::unwrap_or_default);
                match cell.lost {
                    Some(_) => format!("{} of {}", grouped(lost as f64), grouped(at_stake as f64)),
                    None => not_measured(),
                }
            }),
        ];
        let conclusion = self.conclusion().unwrap_or_default();
        let meaning = format!("{meaning} {conclusion}").trim().to_owned();
        table(self.online(), meaning, &columns, self.0)
    }

    fn plot(
        &self,
        results: &mut Results,
        (title, unit): (&str, &'static str),
        meaning: &str,
        value: impl Fn(&Cell) -> Option<f64>,
    ) {
        let series = Kind::ALL.map(|scheme| {
            let cells = self.0.iter().filter(|cell| cell.scheme == scheme);
            // A logarithmic axis has no place for 0.
            let points = cells.filter_map(|cell| {
                let value = value(cell).filter(|&value| value > 0.0)?;
                Some((f64::from(cell.members), value))
            });
            Series {
                name: scheme.label().to_owned(),
                points: points.collect(),
            }
        });
        let series = series
            .into_iter()
            .filter(|series| !series.points.is_empty());
        let title = format!("{title}, {}", self.online());
        results.plot(
            (&title, meaning),
            Scale::Log.axis("members of the group"),
            Scale::Log.axis(unit),
            series.collect(),
        );
    }
}
