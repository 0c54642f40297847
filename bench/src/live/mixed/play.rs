//! How the day goes: all devices follow the plan, then everything is delivered and checked.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::device::{Day, Device, Habits, Stage};
use super::plan::Plan;
use super::results::{DayCounts, ServerUsage};
use super::scenario::Scenario;
use super::team::{Member, Seat};
use crate::error::{BenchError, Result};
use crate::limits;
use crate::live::target::{Reading, Target};
use crate::live::traffic::{Anomalies, Clock, Rates, Texts, Timeline, Window, delivered};
use crate::results::{Results, grouped};

/// Devices; each returns its seats, with how many messages it has sent to each.
type Playing = JoinSet<Result<Vec<(Seat, u64)>>>;

/// Plays the day, or as much of it as is wanted, and lets everything settle.
pub(super) async fn play(
    scenario: &Scenario,
    plan: Plan,
    texts: Arc<Texts>,
    team: Vec<Member>,
    seed: u64,
    target: &Target,
) -> Result<Results> {
    // Devices first ask where the conversations are.
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
    let (usage, stats, timeline) = act(&day.counts, &mut playing, target).await?;
    drop(clock);
    day.stage.send_replace(Stage::Evening);
    let go_on = |left: i64| {
        let left = grouped(left as f64);
        let text = || format!("the day is over; {left} deliveries are on their way");
        target.watcher.tell(&text);
        true
    };
    delivered(&day.window, &mut playing, go_on).await?;
    day.stage.send_replace(Stage::Night);
    let mut seats = Vec::new();
    while let Some(ended) = playing.join_next().await {
        seats.extend(ended??);
    }
    let anomalies = check(&seats);
    Ok(day.counts.list(&usage, stats, &timeline, anomalies))
}

async fn act(
    counts: &DayCounts,
    playing: &mut Playing,
    target: &Target,
) -> Result<(ServerUsage, Option<Reading>, Vec<Rates>)> {
    let (mut usage, mut timeline) = (ServerUsage::default(), Timeline::new());
    let (reading, stop) = (target.reading().await, target.watcher.stop());
    let (began, end) = (counts.began, counts.end());
    let mut now = Instant::now();
    while now < end && !stop.is_asked() {
        let next = if now < began { began } else { end };
        tokio::select! {
            biased;
            () = stop.asked() => {}
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
        let text = || format!("{}: {moment}", counts.spans[phase].name);
        target.watcher.tell(&text);
    }
    if usage.phases.is_empty() {
        return Err(BenchError::Interrupted);
    }
    let stats = Reading::between(reading, target.reading().await);
    Ok((usage, stats, timeline.finish(counts.moment(now))))
}

/// What is wrong with what each device got of what every device has sent.
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
