//! `mixed`: a working day of a team, compressed to a minute. Users chat in groups and directly,
//! read and scroll; devices disconnect and return.
//!
//! * `scenario`, `day.toml`: the parameters of a day, read from a file
//! * `plan`: the actions of the day, generated from a seed
//! * `team`: users, devices and conversations on the server, before the day
//! * `device`: performs the actions of one device
//! * `results`: counts and results

pub(crate) mod device;
pub(crate) mod plan;
pub(crate) mod results;
pub(crate) mod scenario;
mod team;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::device::{Day, Device, Habits, Stage};
use self::plan::Plan;
use self::results::{DayCounts, ServerUsage};
pub use self::scenario::DEFAULT as DEFAULT_SCENARIO;
use self::scenario::Scenario;
use self::team::Seat;
use super::target::{Reading, Target, TargetArgs};
use super::traffic::{Anomalies, Clock, Texts, Timeline, Window, delivered};
use crate::args::whole;
use crate::error::{BenchError, Result};
use crate::limits;
use crate::results::{Report, grouped};
use crate::watcher::Watcher;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Play the day of this file [default: a day of 100 people]
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,

    /// Only print the default scenario, with comments that explain the format
    #[arg(long, exclusive = true)]
    #[serde(skip)]
    pub print_scenario: bool,

    /// Play the day in this time, instead of the scenario's
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

/// Runs the benchmark. An interrupted run reports what it measured, if anything.
pub async fn run(mut settings: Settings, watcher: &Watcher) -> Result<Report> {
    let scenario = &Scenario::load(settings.scenario.as_deref())?;
    let seconds = settings.seconds.unwrap_or_else(|| scenario.seconds());
    let seed = settings.target.scratch.seed;
    settings.seconds = Some(seconds);
    settings.day = Some(scenario.clone());
    let plan = Plan::new(scenario, Duration::from_secs(seconds.into()), seed);
    let texts = Arc::new(Texts::new(scenario.longest(), seed));
    let measure = async |_: &Settings, target: &mut Target| {
        let assembling = team::assemble(scenario, &plan, &texts, target);
        let team = watcher.unless_asked(assembling).await?;
        // The devices fetch their conversations first.
        let began = Instant::now() + limits::WARM_UP;
        let window = Window::new(i64::MAX, team.len());
        let turns = plan.turns().into_iter();
        let turns = turns.map(move |(at, device)| (began + at, device));
        let clock = Clock::start(Arc::clone(&window.wakes), turns)?;
        let each = scenario.devices_each.get() as f64;
        let minutes = scenario.reading.after_minutes.get() as f64;
        let day = Arc::new(Day {
            actions: plan.actions,
            seed,
            texts,
            stage: watch::Sender::new(Stage::Day),
            counts: DayCounts::new(began, plan.phases),
            window,
            habits: Habits {
                probability: scenario.reading.percent.get() as f64 / 100.0 / each,
                mean: Duration::from_secs_f64(minutes * 60.0 / plan.speed),
            },
            scrolling: scenario.scrolling.clone(),
        });
        let device = |(at, member)| Device::new(member, at, Arc::clone(&day)).run();
        let mut playing: Playing = team.into_iter().enumerate().map(device).collect();
        let usage = act(&day.counts, &mut playing, target).await?;
        drop(clock);
        day.stage.send_replace(Stage::Evening);
        let go_on = |left: i64| {
            let left = grouped(left as f64);
            watcher.tell(|| format!("the day is over; {left} deliveries are on their way"));
            true
        };
        delivered(&day.window, &mut playing, go_on).await?;
        day.stage.send_replace(Stage::Night);
        let mut seats = Vec::new();
        while let Some(ended) = playing.join_next().await {
            seats.extend(ended??);
        }
        Ok(day.counts.list(&usage, check(&seats)))
    };
    Target::run("mixed", &settings, &settings.target, watcher, measure).await
}

/// Devices; each returns its seats, with how many messages it has sent to each.
type Playing = JoinSet<Result<Vec<(Seat, u64)>>>;

/// Waits for the devices to complete their plans, or for an interruption.
async fn act(counts: &DayCounts, playing: &mut Playing, target: &Target) -> Result<ServerUsage> {
    let (mut usage, mut timeline) = (ServerUsage::default(), Timeline::new());
    let (reading, watcher) = (target.reading().await, &target.watcher);
    let (began, end) = (counts.began, counts.end());
    let mut now = Instant::now();
    while now < end && !watcher.is_asked() {
        let next = if now < began { began } else { end };
        tokio::select! {
            biased;
            () = watcher.asked() => {}
            Some(ended) = playing.join_next() => {
                ended??;
                return Err(BenchError::EndedEarly);
            }
            () = sleep(next.saturating_duration_since(now).min(limits::TICK)) => {}
        }
        now = Instant::now();
        let (phase, moment) = (counts.phase_at(now), counts.moment(now));
        if now >= began {
            usage.note(phase, now.min(end), target.cpu(), target.server_mib());
            timeline.note(moment);
        }
        watcher.tell(|| format!("{}: {moment}", counts.spans[phase].name));
    }
    if usage.phases.is_empty() {
        return Err(BenchError::Interrupted);
    }
    usage.stats = Reading::between(reading, target.reading().await);
    usage.timeline = timeline.finish(counts.moment(now));
    Ok(usage)
}

/// Compares what each device received with what all devices sent.
fn check(seats: &[(Seat, u64)]) -> Anomalies {
    let mut to_talk: HashMap<usize, Vec<(u16, u64)>> = HashMap::new();
    for (seat, sent) in seats {
        let to_talk = to_talk.entry(seat.talk).or_default();
        to_talk.push((seat.number, *sent));
    }
    let sent = |seat: &Seat| to_talk[&seat.talk].iter().copied();
    let check = |(seat, _): &(Seat, u64)| seat.cursor.lock().check(sent(seat));
    seats.iter().map(check).sum()
}
