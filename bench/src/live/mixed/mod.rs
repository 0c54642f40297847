//! `mixed`: a working day of a team, in a minute. People talk in groups and with each other, read, scroll back; devices drop and return.
//!
//! * `scenario`, `bounded`, `day.toml`: what a day is like, read from a file
//! * `plan`: what happens in it, drawn from the seed
//! * `team`, `device`, `listener`: who plays it
//! * `play`, `day`: how it goes
//! * `tally`, `found`: what is counted, and told

mod bounded;
mod day;
mod device;
mod found;
mod listener;
mod plan;
mod play;
mod scenario;
mod tally;
mod team;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use self::found::MixedFound;
use self::plan::Plan;
use self::play::Play;
use self::scenario::Scenario;
pub use self::scenario::{DEFAULT as DEFAULT_SCENARIO, ScenarioError};
use self::team::assemble;
use super::stamp::Texts;
use super::venue::{Place, Venue};
use crate::error::BenchError;
use crate::limits;
use crate::report::Report;
use crate::watcher::Watcher;

/// The load of a run.
#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Play the day of this file [default: a day of 100 people]
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,

    /// Print the scenario that is played by default, with comments that explain the format, and do nothing else
    #[arg(long, exclusive = true)]
    #[serde(skip)]
    pub print_scenario: bool,

    /// Play the day in this time, whatever the scenario says
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u32).range(1..=i64::from(limits::DAY_SECONDS_MAX)))]
    seconds: Option<u32>,

    #[command(flatten)]
    #[serde(flatten)]
    place: Place,

    /// What the scenario says, once it is read.
    #[arg(skip)]
    day: Option<Scenario>,
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.day, self.seconds) {
            (Some(day), Some(seconds)) => write!(f, "{day}, played in {seconds} s"),
            (Some(day), None) => day.fmt(f),
            (None, _) => f.write_str("a day"),
        }
    }
}

/// Plays it.
///
/// # Errors
/// Says what the run came to nothing by. What was measured before it was interrupted is reported.
pub async fn run(
    settings: Settings,
    watcher: &mut Watcher,
) -> Result<Report<Settings, MixedFound>, BenchError> {
    let scenario = Scenario::load(settings.scenario.as_deref())?;
    let seconds = settings.seconds.unwrap_or_else(|| scenario.seconds());
    let plan = Plan::new(
        &scenario,
        Duration::from_secs(seconds.into()),
        settings.place.seed,
    );
    let texts = Arc::new(Texts::new(scenario.longest(), settings.place.seed));
    let stop = watcher.stop();
    let assembled = async {
        let mut venue = Venue::open(&settings.place).await?;
        let team = assemble(&scenario, &plan, &texts, &mut venue, watcher).await?;
        Ok((venue, team))
    };
    let (mut venue, team) = stop.clone().unless_asked(assembled).await?;
    let play = Play::begin(&scenario, plan, texts, team, settings.place.seed)?;
    let found = play
        .through(&venue, watcher)
        .await
        .map_err(|error| venue.blame(error))?;
    let settings = Settings {
        seconds: Some(seconds),
        day: Some(scenario),
        ..settings
    };
    Ok(Report::new(
        "mixed",
        venue.subject(),
        settings,
        stop.is_asked(),
        found,
    ))
}
