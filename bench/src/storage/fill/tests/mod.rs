mod disk_budget;
mod progress;

use std::path::PathBuf;

use super::*;
use clap::Parser;
use tokio::sync::watch;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    settings: Settings,
}

fn settings(line: &[&str]) -> Settings {
    Line::parse_from([&["fill"], line].concat()).settings
}

fn watcher(stop: &watch::Sender<bool>) -> Watcher {
    Watcher::new(stop.subscribe(), |_| ())
}

const SMALL: &[&str] = &[
    "--messages",
    "20000",
    "--conversations",
    "20",
    "--batch",
    "256",
];

#[test]
fn small_fill_is_complete() {
    let parent = tempfile::tempdir().unwrap();
    let stop = watch::Sender::new(false);
    let line = [SMALL, &["--dir", parent.path().to_str().unwrap()]].concat();
    let report = run(settings(&line), &watcher(&stop)).unwrap();
    assert!(!report.results.has_failed, "{report:?}");
    assert_eq!(
        std::fs::read_dir(parent.path()).unwrap().count(),
        0,
        "the folder of the run is gone"
    );
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(
        (&json["messages"], &json["missing"], &json["message_bytes"]),
        (&20_000.into(), &0.into(), &4_000_000.into())
    );
    assert_eq!(
        (&json["last_50"]["wrong"], &json["old_50"]["wrong"]),
        (&0.into(), &0.into())
    );
    assert_eq!(
        json["marks"].as_array().unwrap().last().unwrap()["messages"],
        20_000
    );
    let measured = [
        "seconds",
        "messages_per_s",
        "second_tenth_per_s",
        "last_tenth_per_s",
        "last_to_second_tenth",
        "disk_bytes",
        "disk_bytes_per_message_byte",
        "memory_mib_max",
        "close_s",
        "open_s",
    ];
    measured.iter().for_each(|field| {
        assert!(
            json[*field].as_f64().is_some_and(|value| value > 0.0),
            "{field}: {json}"
        )
    });
    assert!(
        json["old_50"]["messages_per_s"].as_f64() > json["old_50"]["reads_per_s"].as_f64(),
        "{json}"
    );
    let results = &report.results;
    assert_eq!(results.figures[0].meaning, "stored durably");
    assert_eq!(results.tables[0].title, "On the way");
}

#[test]
fn kept_directory_reopens() {
    let parent = tempfile::tempdir().unwrap();
    let stop = watch::Sender::new(false);
    let line = [
        "--messages",
        "300",
        "--conversations",
        "3",
        "--keep",
        "--dir",
        parent.path().to_str().unwrap(),
    ];
    let report = run(settings(&line), &watcher(&stop)).unwrap();
    let json = serde_json::to_value(&report).unwrap();
    let kept = PathBuf::from(json["kept_in"].as_str().unwrap());
    assert!(kept.starts_with(parent.path()));
    let figures = &report.results.figures;
    assert!(figures.iter().any(|figure| figure.value == json["kept_in"]));
    Engine::open(&kept).unwrap().close().unwrap();
}

#[test]
fn interrupted_fill_is_reported() {
    let stop = watch::Sender::new(false);
    let ends = stop.clone();
    // Progress is first reported after the first batch.
    let watcher = Watcher::new(stop.subscribe(), move |_| {
        ends.send_replace(true);
    });
    let report = run(settings(SMALL), &watcher).unwrap();
    assert!(report.interrupted);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(
        (&json["messages"], &json["disk_full"]),
        (&256.into(), &false.into())
    );
    assert!(
        json["close_s"].is_number() && json["open_s"].is_null() && json["last_50"].is_null(),
        "{json}"
    );
}
