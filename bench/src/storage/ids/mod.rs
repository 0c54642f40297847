//! `ids`: ways to give messages their ids, what they cost, and what they do when the clock steps back or the process crashes.
//!
//! * `scheme`, `generator`: the ways, each as a pure state machine
//! * `trial`, `tally`: what each does to a conversation, and to the client that reads it
//! * `shelf`, `race`: how fast ids are made, and messages stored and read under them
//! * `findings`: what is told of all that

use std::fmt;

use cairn_proto::limits::TEXT_BYTES_MAX;
use clap::Args;
use clap::builder::RangedU64ValueParser;
use serde::Serialize;

use super::place::Place;
use crate::error::BenchError;
use crate::report::{Report, counted, grouped};
use crate::watcher::Watcher;

mod findings;
mod generator;
mod race;
mod scheme;
mod shelf;
mod tally;
mod trial;

use findings::{Findings, Trials};
use scheme::Scheme;
pub use shelf::ShelfError;

/// What is made and stored, and where.
#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Ids that are made of each kind, without storing anything
    #[arg(long, value_name = "N", default_value_t = 2_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    ids: u64,

    /// Messages that are stored under ids of each kind
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    messages: u64,

    /// Groups that the messages go to, the n-th with a share of 1 / n
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    conversations: usize,

    /// Bytes of each message's text
    #[arg(long, value_name = "BYTES", default_value_t = 200, value_parser = RangedU64ValueParser::<usize>::new().range(1..=TEXT_BYTES_MAX as u64))]
    body: usize,

    /// Messages that are made durable together
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = RangedU64ValueParser::<usize>::new().range(1..=4_096))]
    batch: usize,

    #[command(flatten)]
    #[serde(flatten)]
    place: Place,
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            ids,
            messages,
            conversations,
            body,
            batch,
            ..
        } = self;
        let [ids, messages] = [ids, messages].map(|&count| grouped(count as f64));
        let groups = counted(*conversations, "group");
        write!(
            f,
            "{ids} ids of each kind, {messages} messages to {groups}, {body}-byte bodies, batches of {batch}"
        )
    }
}

/// Tries each way, and measures it.
///
/// # Errors
/// Says what the run came to nothing by. What was measured before it was interrupted is reported.
pub fn run(
    settings: Settings,
    watcher: &mut Watcher,
) -> Result<Report<Settings, Findings>, BenchError> {
    let (folder, stop) = (settings.place.open()?, watcher.stop());
    let mut found = Findings::new();
    for scheme in Scheme::ALL {
        watcher.tell(&|| format!("trying what {scheme} does"));
        found.of(scheme).trials =
            (!stop.is_asked()).then(|| Trials::run(scheme, settings.place.seed));
    }
    race::make_ids(&mut found, &settings, folder.path(), watcher)?;
    race::store(&mut found, &settings, folder.path(), watcher)?;
    Ok(Report::new(
        "ids",
        settings.place.subject(),
        settings,
        stop.is_asked(),
        found,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use tokio::sync::watch;

    use crate::report::Found as _;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        settings: Settings,
    }

    fn report(stop: bool) -> Report<Settings, Findings> {
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
            &mut Watcher::new(stop.subscribe(), |_| ()),
        )
        .unwrap()
    }

    #[test]
    fn every_scheme_is_measured_and_tried() {
        let report = report(false);
        assert!(report.found.is_sound(), "{report}");
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
        let text = report.to_string();
        assert!(
            ["UUIDv4 ", "Snowflake ", "counter (cairn) "]
                .iter()
                .all(|name| text.matches(name).count() == 3),
            "{text}"
        );
    }

    #[test]
    fn who_ends_it_at_once_is_told_that_nothing_was_measured() {
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
        assert!(!report.to_string().is_empty());
    }
}
