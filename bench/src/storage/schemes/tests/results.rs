use super::super::results::*;
use super::super::scheme::{Group, Kind};
use super::super::trial::Cell;
use crate::results::Results;

fn cell(scheme: Kind, size: u32, online_percent: u8, sends_per_s: Option<f64>) -> Cell {
    Cell {
        scheme,
        group: Group {
            size,
            online_percent,
        },
        sends_per_s,
        ..Cell::default()
    }
}

fn crashed(scheme: Kind, lost: u64, online_percent: u8) -> Results {
    let mut cell = cell(scheme, 10, online_percent, None);
    (cell.lost, cell.at_stake) = (Some(lost), Some(10));
    results(&[cell])
}

#[test]
fn ratios_compare_smallest_and_largest_group() {
    let rates = [
        (Kind::OfflineCopies, 10, 50_000.0),
        (Kind::BodyAndCursors, 10, 60_000.0),
        (Kind::Cairn, 10, 150_000.0),
        (Kind::BodyAndCursors, 1_000, 70_000.0),
        (Kind::Cairn, 1_000, 120_000.0),
    ];
    let found = results(&rates.map(|(kind, members, rate)| cell(kind, members, 20, Some(rate))));
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["cairn_over_fastest"], 2.5);
    assert_eq!(json["cairn_largest_over_smallest"], 0.8);
    let tables = found.tables;
    let conclusion = "In the group of 10, cairn takes 2.50 times the sends of the fastest of the \
                      four (4 one body, cursors: 60,000/s); in the group of 1,000, it takes 0.80 \
                      times what it takes in the group of 10.";
    assert!(
        tables[0].meaning.starts_with(MEANING) && tables[0].meaning.ends_with(conclusion),
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
fn least_ratio_of_all_shares_counts() {
    let of = |online, cairn| {
        [
            cell(Kind::BodyAndCursors, 10, online, Some(100.0)),
            cell(Kind::Cairn, 10, online, Some(cairn)),
        ]
    };
    let found = results(&[of(20, 300.0), of(80, 200.0)].concat());
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["cairn_over_fastest"], 2.0);
    assert_eq!((found.tables.len(), found.plots.len()), (2, 4));
}

#[test]
fn only_trusting_the_push_may_lose() {
    assert!(!crashed(Kind::OfflineCopies, 2, 20).has_failed);
    assert!(crashed(Kind::OfflineCopies, 0, 20).has_failed);
    assert!(!crashed(Kind::OfflineCopies, 0, 0).has_failed);
    assert!(!crashed(Kind::Cairn, 0, 20).has_failed);
    assert!(crashed(Kind::Cairn, 1, 20).has_failed);
}

#[test]
fn unmeasured_is_null() {
    let json = serde_json::to_value(crashed(Kind::Cairn, 0, 20)).unwrap();
    assert_eq!(json["schemes"][0]["scheme"], "cairn");
    assert!(
        json["schemes"][0]["sends_per_s"].is_null() && json["cairn_over_fastest"].is_null(),
        "{json}"
    );
}
