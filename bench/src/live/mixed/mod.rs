//! `mixed`: a working day of a team, in a minute. People talk in groups and with each other, read,
//! scroll back; devices drop and return.
//!
//! * `scenario`, `day.toml`: what a day is like, read from a file
//! * `plan`: what happens in it, drawn from the seed
//! * `team`: users, devices and conversations on the server, before the day
//! * `play`, `device`: the day
//! * `results`: what is counted

pub(crate) mod device;
pub(crate) mod plan;
mod play;
pub(crate) mod results;
pub(crate) mod scenario;
mod team;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use self::plan::Plan;
pub use self::scenario::DEFAULT as DEFAULT_SCENARIO;
use self::scenario::Scenario;
use super::target::{Target, TargetArgs};
use super::traffic::Texts;
use crate::args::whole;
use crate::error::Result;
use crate::limits;
use crate::results::Report;
use crate::watcher::Watcher;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Play the day of this file [default: a day of 100 people]
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,

    /// Print the scenario that is played by default, with comments that explain the format, and do
    /// nothing else
    #[arg(long, exclusive = true)]
    #[serde(skip)]
    pub print_scenario: bool,

    /// Play the day in this time, whatever the scenario says
    #[arg(long, value_name = "S",
        value_parser = whole::<u32>(1..=limits::DAY_SECONDS_MAX.into()))]
    seconds: Option<u32>,

    #[command(flatten)]
    #[serde(flatten)]
    target: TargetArgs,

    /// The content of the scenario, once it is read.
    #[arg(skip)]
    day: Option<Scenario>,
}

/// Plays it. What was measured before an interruption is reported, unless that is nothing.
pub async fn run(mut settings: Settings, watcher: &Watcher) -> Result<Report> {
    let scenario = &Scenario::load(settings.scenario.as_deref())?;
    let seconds = settings.seconds.unwrap_or_else(|| scenario.seconds());
    let seed = settings.target.seed;
    settings.seconds = Some(seconds);
    settings.day = Some(scenario.clone());
    let plan = Plan::new(scenario, Duration::from_secs(seconds.into()), seed);
    let texts = Arc::new(Texts::new(scenario.longest(), seed));
    let measure = async |target: &mut Target| {
        let assembling = team::assemble(scenario, &plan, &texts, target);
        let team = watcher.stop().unless_asked(assembling).await?;
        play::play(scenario, plan, texts, team, seed, target).await
    };
    Target::run("mixed", &settings, &settings.target, watcher, measure).await
}
