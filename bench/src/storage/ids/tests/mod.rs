mod scheme;
mod trial;

use super::measure::IdRows;
use super::*;
use clap::Parser;
use tokio::sync::watch;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    settings: Settings,
}

fn report(stop: bool) -> Report {
    let line = [
        "ids",
        "--ids",
        "20000",
        "--messages",
        "5000",
        "--conversations",
        "20",
        "--batch",
        "100",
    ];
    let stop = watch::Sender::new(stop);
    run(
        Line::parse_from(line).settings,
        &Watcher::new(stop.subscribe(), |_| ()),
    )
    .unwrap()
}

#[test]
fn every_scheme_is_measured() {
    let report = report(false);
    assert!(!report.results.has_failed, "{report:?}");
    let json = serde_json::to_value(&report).unwrap();
    let schemes = json["schemes"].as_array().unwrap();
    let names: Vec<_> = schemes
        .iter()
        .map(|scheme| scheme["scheme"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["uuid_v4", "uuid_v7", "snowflake", "segment", "counter"]
    );
    let measured = [
        "key_bytes",
        "wire_bytes",
        "ids_per_s",
        "stored_per_s",
        "disk_bytes_per_message",
        "last_50_reads_per_s",
    ];
    for (scheme, field) in schemes
        .iter()
        .flat_map(|scheme| measured.map(|field| (scheme, field)))
    {
        assert!(
            scheme[field].as_f64().is_some_and(|value| value > 0.0),
            "{field}: {scheme}"
        );
    }
    for trial in [
        "calm",
        "threads",
        "clock_back",
        "crash",
        "crash_and_clock_back",
    ] {
        assert!(
            schemes
                .iter()
                .all(|scheme| scheme["trials"][trial]["stored"].as_u64() > Some(0)),
            "{trial}: {json}"
        );
    }
    assert_eq!(report.results.tables.len(), 3);
    for table in &report.results.tables {
        let names: Vec<_> = table.rows.iter().map(|row| row[0].as_str()).collect();
        let expected = [
            "UUIDv4",
            "UUIDv7",
            "Snowflake",
            "segment",
            "counter (cairn)",
        ];
        assert_eq!(names, expected);
    }
}

#[test]
fn interrupted_run_has_nulls() {
    let report = report(true);
    assert!(report.interrupted);
    let json = serde_json::to_value(&report).unwrap();
    let nothing = |scheme: &serde_json::Value| {
        scheme["trials"].is_null()
            && scheme["ids_per_s"].is_null()
            && scheme["stored_per_s"].is_null()
    };
    assert!(
        json["schemes"].as_array().unwrap().iter().all(nothing),
        "{json}"
    );
    assert_eq!(report.results.tables[0].rows[0][1], "–");
}

#[test]
fn newest_messages_are_found_by_any_key() {
    for scheme in Scheme::ALL {
        let folder = tempfile::tempdir().unwrap();
        let mut rows = IdRows::create(folder.path(), scheme).unwrap();
        for number in 0..2_500 {
            rows.put(number % 3, number, "hello").unwrap();
            if number % 100 == 99 {
                rows.commit().unwrap();
            }
        }
        assert_eq!(rows.count().unwrap(), 2_500, "{scheme}");
        assert_eq!(
            rows.newest(0, 3).unwrap(),
            [2_493, 2_496, 2_499],
            "{scheme}"
        );
        assert_eq!(rows.newest(2, 1).unwrap(), [2_498], "{scheme}");
        assert_eq!(rows.newest(7, 1).unwrap(), [0; 0], "{scheme}");
        assert_eq!(rows.newest(1, 5_000).unwrap().len(), 833, "{scheme}");
    }
}
