use clap::Parser;
use tokio::sync::watch;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    settings: Settings,
}

fn settings(args: &[&str]) -> Settings {
    Line::try_parse_from(std::iter::once(&"bench").chain(args))
        .unwrap()
        .settings
}

fn report(args: &[&str]) -> Report {
    let (_stop, hears) = watch::channel(false);
    run(
        settings(args),
        Vec::new(),
        &Watcher::new(hears, |text| drop(text())),
    )
    .unwrap()
}

#[test]
fn every_contender_has_a_row_per_batch() {
    let report = report(&[
        "--batches",
        "1,8",
        "--conversations",
        "10",
        "--seconds",
        "0.1",
    ]);
    assert!(!report.results.has_failed);
    let json = serde_json::to_value(&report).unwrap();
    let cells = json["storing"].as_array().unwrap();
    let names: Vec<_> = cells
        .iter()
        .map(|cell| {
            (
                cell["batch"].as_u64().unwrap(),
                cell["engine"].as_str().unwrap(),
            )
        })
        .collect();
    let engines = [
        "cairn",
        "raw append + fdatasync",
        "sled, flush (no fsync)",
        "sled, flush + fdatasync",
    ];
    assert_eq!(
        names,
        [1, 8]
            .into_iter()
            .flat_map(|batch| engines.map(|name| (batch, name)))
            .collect::<Vec<_>>()
    );
    assert_eq!(cells[0]["cairn_is_times"], 1.0);
    assert!(
        cells
            .iter()
            .all(|cell| cell["is_held"] == true
                && cell["messages_per_s"]["median"].as_f64() > Some(0.0)),
        "{json}"
    );
}

#[test]
fn other_contenders_run_last() {
    let (_stop, hears) = watch::channel(false);
    let mut other = race::raw_file();
    other.name = "another".to_owned();
    let settings = settings(&[
        "--batches",
        "8",
        "--conversations",
        "10",
        "--seconds",
        "0.1",
    ]);
    let report = run(settings, vec![other], &Watcher::new(hears, |_| {})).unwrap();
    let json = serde_json::to_value(&report).unwrap();
    let last = json["storing"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (last["engine"].as_str(), last["is_held"].as_bool()),
        (Some("another"), Some(true)),
        "{json}"
    );
}

#[test]
fn every_group_size_has_a_row() {
    let report = report(&["--members", "1,20", "--seconds", "0.1"]);
    assert!(!report.results.has_failed);
    let json = serde_json::to_value(&report).unwrap();
    let sizes: Vec<_> = json["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| cell["members"].as_u64().unwrap())
        .collect();
    assert_eq!(sizes, [1, 20]);
    // With ten times the members, the bytes are equal, except for varints in the messages.
    let bytes = |at: usize| {
        json["members"][at]["log_bytes_per_message"]
            .as_f64()
            .unwrap()
    };
    assert!(
        bytes(0) > 200.0 && (bytes(0) - bytes(1)).abs() < 4.0,
        "{json}"
    );
}

#[test]
fn early_interruption_is_an_error() {
    let (_stop, hears) = watch::channel(true);
    let result = run(settings(&[]), Vec::new(), &Watcher::new(hears, |_| {}));
    assert!(matches!(result, Err(BenchError::Interrupted)), "{result:?}");
}

#[test]
fn oversized_batch_is_refused() {
    let (_stop, hears) = watch::channel(false);
    let result = run(
        settings(&["--batches", "1,4096", "--body", "16384"]),
        Vec::new(),
        &Watcher::new(hears, |_| {}),
    );
    let refusal = result.unwrap_err().to_string();
    assert!(
        refusal.starts_with("4096 messages of 16384 bytes"),
        "{refusal}"
    );
}

#[test]
fn time_must_be_positive() {
    let seconds = number(limits::SECONDS);
    assert_eq!(seconds("0.1"), Ok(0.1));
    ["0", "-1", "NaN", "inf", "3601", "a"]
        .iter()
        .for_each(|raw| assert!(seconds(raw).is_err(), "{raw}"));
}

fn stored(engine: &str, batch: usize, rate: f64, is_held: Option<bool>) -> Measured {
    let messages_per_s = super::super::spread::Spread {
        median: rate,
        min: rate / 2.0,
        max: rate * 2.0,
    };
    Measured {
        engine: engine.to_owned(),
        batch,
        members: None,
        cairn_is_times: Some(2.0),
        outcome: Outcome {
            messages_per_s,
            messages: 10,
            log_bytes_per_message: None,
            disk_bytes_per_message: None,
            is_held,
        },
    }
}

#[test]
fn loss_fails_the_run() {
    let results = |is_held| results(&[stored("a", 8, 10.0, is_held)]);
    assert!(!results(Some(true)).has_failed && !results(None).has_failed);
    let lost = results(Some(false));
    assert!(lost.has_failed);
    assert_eq!(
        lost.tables[0].rows[0],
        ["a", "8", "10", "5", "20", "2.00 ×", "–", "NO"]
    );
}

#[test]
fn plot_has_one_line_per_engine_from_left_to_right() {
    let storing = [
        stored("a", 64, 10.0, None),
        stored("b", 64, 5.0, None),
        stored("a", 8, 1.0, None),
    ];
    let plot = &results(&storing).plots[0];
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
