//! `engine`: the commit path without a network, beside other ways to store the same messages, or against the size of a group.

use std::fmt;
use std::time::Duration;

use cairn_proto::limits::TEXT_BYTES_MAX;
use clap::Args;
use clap::builder::RangedU64ValueParser;
use serde::Serialize;

use super::findings::{Findings, OfMembers, Stored};
use super::place::Place;
use super::race::{Contender, Race, Supply, cairn, plain_sled, raw_file};
use crate::error::BenchError;
use crate::limits;
use crate::report::{Report, counted, grouped};
use crate::watcher::Watcher;
use cairn_store::limits::BATCH_BYTES_MAX;

/// What is stored, and how.
#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Messages in each durable commit; each size is a race of its own
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [1, 8, 64, 512, 4_096], value_parser = RangedU64ValueParser::<usize>::new().range(1..=65_536))]
    batches: Vec<usize>,

    /// Measure something else: what a message costs in a group of each of these sizes, with cairn alone and commits of 64
    #[arg(long, value_name = "N,…", value_delimiter = ',', conflicts_with_all = ["batches", "conversations"], value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    members: Vec<u64>,

    /// Bytes of each message's text
    #[arg(long, value_name = "BYTES", default_value_t = 200, value_parser = RangedU64ValueParser::<usize>::new().range(1..=TEXT_BYTES_MAX as u64))]
    body: usize,

    /// Groups that the messages go to, the n-th with a share of 1 / n
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    conversations: usize,

    /// How long each contender stores for each size, all rounds together
    #[arg(long, value_name = "S", default_value_t = limits::SECONDS_DEFAULT.into(), value_parser = parse_seconds)]
    seconds: f64,

    #[command(flatten)]
    #[serde(flatten)]
    place: Place,
}

/// The longest time that can be asked for.
const SECONDS_MAX: f64 = 3_600.0;

fn parse_seconds(raw: &str) -> Result<f64, String> {
    match raw.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= SECONDS_MAX => Ok(seconds),
        _ => Err(format!(
            "it is not a number above 0 and up to {SECONDS_MAX}"
        )),
    }
}

impl Settings {
    fn round(&self) -> Duration {
        Duration::from_secs_f64(self.seconds / f64::from(limits::ROUNDS))
    }

    /// The log takes only so much at once, and so does a person's patience with an error behind the first races.
    fn check(&self) -> Result<(), BenchError> {
        let body_bytes = self.body;
        let is_too_large = |&&batch: &&usize| {
            batch * (body_bytes + limits::MESSAGE_OVERHEAD_BYTES) > BATCH_BYTES_MAX
        };
        match self.batches.iter().find(is_too_large) {
            Some(&batch) if self.members.is_empty() => {
                Err(BenchError::BatchTooLarge { batch, body_bytes })
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            batches,
            members,
            body,
            conversations,
            seconds,
            ..
        } = self;
        let list = |numbers: &[f64]| {
            numbers
                .iter()
                .map(|&number| grouped(number))
                .collect::<Vec<_>>()
                .join(", ")
        };
        if members.is_empty() {
            let batches: Vec<f64> = batches.iter().map(|&batch| batch as f64).collect();
            write!(
                f,
                "batches of {}, {body}-byte bodies, {}, {seconds} s each",
                list(&batches),
                counted(*conversations, "group")
            )
        } else {
            let members: Vec<f64> = members.iter().map(|&members| members as f64).collect();
            write!(
                f,
                "groups of {}, {body}-byte bodies, batches of {}, {seconds} s each",
                list(&members),
                limits::MEMBERS_BATCH
            )
        }
    }
}

/// Measures it, with `others` beside those who always take part.
///
/// # Errors
/// Says what the run came to nothing by. What was measured before it was interrupted is reported.
pub fn run(
    settings: Settings,
    others: Vec<Contender>,
    watcher: &mut Watcher,
) -> Result<Report<Settings, Findings>, BenchError> {
    settings.check()?;
    let found = if settings.members.is_empty() {
        Findings::Storing {
            storing: storing(&settings, others, watcher)?,
        }
    } else {
        Findings::Members {
            members: members(&settings, watcher)?,
        }
    };
    if found.is_empty() {
        return Err(BenchError::Interrupted);
    }
    Ok(Report::new(
        "engine",
        settings.place.subject(),
        settings,
        watcher.stop().is_asked(),
        found,
    ))
}

/// A race for each size of batch.
fn storing(
    settings: &Settings,
    others: Vec<Contender>,
    watcher: &mut Watcher,
) -> Result<Vec<Stored>, BenchError> {
    let folder = settings.place.open()?;
    let supply = Supply::new(settings.conversations, settings.body, settings.place.seed)?;
    let mut contenders = vec![
        cairn::with_groups(settings.conversations),
        raw_file::raw_file(),
        plain_sled::flushed(),
        plain_sled::synced(),
    ];
    contenders.extend(others);
    let mut stored = Vec::new();
    for &batch in &settings.batches {
        let race = Race {
            contenders: &contenders,
            supply: &supply,
            batch,
            round: settings.round(),
        };
        let title = format!("batches of {}", grouped(batch as f64));
        let outcomes = race.run(&title, &folder.path().join(batch.to_string()), watcher)?;
        stored.extend(Stored::of_race(batch, &contenders, outcomes));
        if watcher.stop().is_asked() {
            break;
        }
    }
    Ok(stored)
}

/// One race of groups against each other.
fn members(settings: &Settings, watcher: &mut Watcher) -> Result<Vec<OfMembers>, BenchError> {
    let folder = settings.place.open()?;
    let supply = Supply::new(1, settings.body, settings.place.seed)?;
    let meters: Vec<cairn::Meter> = settings
        .members
        .iter()
        .map(|_| cairn::Meter::default())
        .collect();
    let sizes = settings.members.iter().zip(&meters);
    let contenders: Vec<Contender> = sizes
        .clone()
        .map(|(&members, meter)| cairn::with_members(members, meter.clone()))
        .collect();
    let race = Race {
        contenders: &contenders,
        supply: &supply,
        batch: limits::MEMBERS_BATCH,
        round: settings.round(),
    };
    let outcomes = race.run("sizes of groups", &folder.path().join("members"), watcher)?;
    Ok(sizes
        .zip(outcomes)
        .filter_map(|((&members, meter), outcome)| {
            Some(OfMembers::new(members, meter.get(), outcome?))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use tokio::sync::watch;

    use super::*;
    use crate::report::Found as _;

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

    fn report(args: &[&str]) -> Report<Settings, Findings> {
        let (_stop, hears) = watch::channel(false);
        run(
            settings(args),
            Vec::new(),
            &mut Watcher::new(hears, |text| drop(text())),
        )
        .unwrap()
    }

    #[test]
    fn every_contender_has_a_line_for_each_batch() {
        let report = report(&[
            "--batches",
            "1,8",
            "--conversations",
            "10",
            "--seconds",
            "0.1",
        ]);
        assert!(report.found.is_sound());
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
            cells.iter().all(|cell| cell["is_held"] == true
                && cell["messages_per_s"]["median"].as_f64() > Some(0.0)),
            "{json}"
        );
        let text = report.to_string();
        assert!(
            text.starts_with(
                "cairn bench engine: batches of 1, 8, 200-byte bodies, 10 groups, 0.1 s each\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn others_run_behind_those_who_always_do() {
        let (_stop, hears) = watch::channel(false);
        let other = Contender::new("another", |folder| raw_file::raw_file().open(folder));
        let settings = settings(&[
            "--batches",
            "8",
            "--conversations",
            "10",
            "--seconds",
            "0.1",
        ]);
        let report = run(settings, vec![other], &mut Watcher::new(hears, |_| {})).unwrap();
        let json = serde_json::to_value(&report).unwrap();
        let last = json["storing"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (last["engine"].as_str(), last["is_held"].as_bool()),
            (Some("another"), Some(true)),
            "{json}"
        );
    }

    #[test]
    fn each_size_of_a_group_has_a_line() {
        let report = report(&["--members", "1,20", "--seconds", "0.1"]);
        assert!(report.found.is_sound());
        let json = serde_json::to_value(&report).unwrap();
        let sizes: Vec<_> = json["members"]
            .as_array()
            .unwrap()
            .iter()
            .map(|cell| cell["members"].as_u64().unwrap())
            .collect();
        assert_eq!(sizes, [1, 20]);
        // Ten times the members, the same bytes, but for how short the numbers in a message are.
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
    fn a_run_that_is_ended_before_it_measures_has_nothing_to_tell() {
        let (_stop, hears) = watch::channel(true);
        let result = run(settings(&[]), Vec::new(), &mut Watcher::new(hears, |_| {}));
        assert!(matches!(result, Err(BenchError::Interrupted)), "{result:?}");
    }

    #[test]
    fn a_batch_that_the_log_cannot_take_is_refused_at_once() {
        let (_stop, hears) = watch::channel(false);
        let result = run(
            settings(&["--batches", "1,4096", "--body", "16384"]),
            Vec::new(),
            &mut Watcher::new(hears, |_| {}),
        );
        assert!(
            matches!(
                result,
                Err(BenchError::BatchTooLarge {
                    batch: 4_096,
                    body_bytes: 16_384
                })
            ),
            "{result:?}"
        );
    }

    #[test]
    fn a_time_is_a_positive_number() {
        assert_eq!(parse_seconds("0.1"), Ok(0.1));
        ["0", "-1", "NaN", "inf", "3601", "a"]
            .iter()
            .for_each(|raw| assert!(parse_seconds(raw).is_err(), "{raw}"));
    }
}
