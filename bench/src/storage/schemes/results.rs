//! The comparison of the schemes, as a table, and two plots per share of online members.

use clap::ValueEnum as _;
use serde_json::Value;

use super::scheme::Kind;
use super::trial::Cell;
use crate::results::{Column, Results, Scale, Series, Unit, grouped, list, to_value};

pub(super) const MEANING: &str = "Sends: until they are durable and where they stay. Bytes: what \
    the folder grows by for each, nothing acked. Writes: rows put and deleted for each. 1,000 \
    back: a member who was away pulls 1,000 messages. Acks: until all members have acked a message \
    and it is gone (cairn keeps what was said), with its writes. Left: bytes for each send when \
    all have acked. Lost: messages times members, of those that were accepted and not pushed when \
    the process was killed.";

pub(super) fn results(cells: &[Cell]) -> Results {
    let mut results = Results::default();
    results.json("schemes", cells);
    let online_percent = |cell: &Cell| cell.group.online_percent;
    let shares = cells.chunk_by(|a, b| online_percent(a) == online_percent(b));
    let ratios: Vec<_> = shares.clone().map(Ratios::of).collect();
    let least = |ratio: fn(&Ratios) -> Option<f64>| {
        let ratios = ratios.iter().flatten();
        ratios.filter_map(ratio).min_by(f64::total_cmp)
    };
    list! { results;
        "cairn_over_fastest": least(|ratios| Some(ratios.over_fastest)), Unit::TIMES, "cairn ahead"
            => "its sends a second over the fastest of the four's, in the smallest group";
        "cairn_largest_over_smallest": least(|ratios| ratios.flatness), Unit::TIMES, "cairn flat"
            => "its sends a second in the largest group over those in the smallest";
    }
    for (at, (cells, ratios)) in shares.zip(&ratios).enumerate() {
        let online = format!("{} % of the members online", online_percent(&cells[0]));
        let meaning = if at == 0 { MEANING } else { "" };
        let conclusion = ratios.as_ref().map_or("", |ratios| &ratios.conclusion);
        let meaning = format!("{meaning} {conclusion}");
        results.rows((&online, meaning.trim()), COLUMNS, &rows(cells));
        let mut plot = |title: &str, unit, meaning, value: Measure| {
            let title = format!("{title}, {online}");
            let [x, y] = ["members of the group", unit].map(|label| Scale::Log.axis(label));
            results.plot((&title, meaning), x, y, lines(cells, value));
        };
        let meaning = "The higher the better; flat is better still.";
        plot("Sends a second", "sends/s", meaning, |cell| {
            cell.sends_per_s
        });
        let (title, meaning) = ("Bytes on disk for each send", "The lower the better.");
        plot(title, "bytes", meaning, |cell| cell.bytes_per_send);
    }
    results.check(cells.iter().all(loses_as_expected));
    results
}

/// A scheme that stores for all members must lose nothing. One that trusts the push must lose
/// messages, unless no member is online.
fn loses_as_expected(cell: &Cell) -> bool {
    let must_lose = cell.scheme.trusts_push()
        && cell.at_stake.is_some_and(|at_stake| at_stake > 0)
        && cell.group.online_count() > 0;
    cell.lost.is_none_or(|lost| (lost > 0) == must_lose)
}

struct Ratios {
    over_fastest: f64,
    /// The ratio of the largest group to the smallest, if they differ.
    flatness: Option<f64>,
    conclusion: String,
}

impl Ratios {
    fn of(cells: &[Cell]) -> Option<Self> {
        let sizes = || cells.iter().map(|cell| cell.group.size);
        let (small, large) = (sizes().min()?, sizes().max()?);
        let cairn = |size| {
            let is_it = |cell: &&Cell| cell.scheme == Kind::Cairn && cell.group.size == size;
            cells.iter().find(is_it)?.sends_per_s
        };
        let is_rival = |cell: &&Cell| cell.scheme != Kind::Cairn && cell.group.size == small;
        let rate = |cell: &Cell| Some((cell.scheme.label(), cell.sends_per_s?));
        let rates = cells.iter().filter(is_rival).filter_map(rate);
        let (fastest, rate) = rates.max_by(|a, b| a.1.total_cmp(&b.1))?;
        let in_smallest = cairn(small)?;
        let over_fastest = in_smallest / rate;
        let in_largest = cairn(large).filter(|_| small != large);
        let flatness = in_largest.map(|in_largest| in_largest / in_smallest);
        let [small, large] = [small, large].map(|size| grouped(size.into()));
        let flat = flatness.map_or_else(String::new, |flat| {
            format!(
                "; in the group of {large}, it takes {flat:.2} times what it takes in the group \
                 of {small}"
            )
        });
        let conclusion = format!(
            "In the group of {small}, cairn takes {over_fastest:.2} times the sends of the fastest \
             of the four ({fastest}: {}/s){flat}.",
            grouped(rate)
        );
        Some(Self {
            over_fastest,
            flatness,
            conclusion,
        })
    }
}

const COLUMNS: &[Column] = &[
    Column::new("scheme", "/scheme", SHORT),
    Column::new("members", "/members", Unit::COUNT),
    Column::new("sends/s", "/sends_per_s", SHORT),
    Column::new("bytes", "/bytes_per_send", SHORT),
    Column::new("writes", "/writes_per_send", SHORT),
    Column::new("1,000 back", "/catch_up_ms_per_1000", Unit::short(" ms")),
    Column::new("acks", "/ack_us_per_send", Unit::short(" µs")),
    Column::new("ack writes", "/ack_writes_per_send", SHORT),
    Column::new("left", "/bytes_left_per_send", SHORT),
    Column::new("lost", "/lost", SHORT),
];

const SHORT: Unit = Unit::short("");

fn rows(cells: &[Cell]) -> Vec<Value> {
    let row = |cell: &Cell| {
        let mut row = to_value(cell);
        row["scheme"] = cell.scheme.label().into();
        if let Some((lost, of)) = cell.lost.zip(cell.at_stake) {
            let [lost, of] = [lost, of].map(|count| grouped(count as f64));
            row["lost"] = format!("{lost} of {of}").into();
        }
        row
    };
    cells.iter().map(row).collect()
}

type Measure = fn(&Cell) -> Option<f64>;

fn lines(cells: &[Cell], value: Measure) -> Vec<Series> {
    let line = |&scheme: &Kind| {
        let cells = cells.iter().filter(|cell| cell.scheme == scheme);
        // A logarithmic axis has no 0.
        let point = |cell: &Cell| {
            let value = value(cell).filter(|&value| value > 0.0)?;
            Some((f64::from(cell.group.size), value))
        };
        Series::new(scheme.label(), cells.filter_map(point).collect())
    };
    let lines = Kind::value_variants().iter().map(line);
    lines.filter(|line| !line.points.is_empty()).collect()
}
