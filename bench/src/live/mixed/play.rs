//! How the day goes: all devices follow the plan, then everything is delivered and checked.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::device::{Day, Device, SentToSeats, Stage};
use super::listener::{Habits, Seat};
use super::plan::Plan;
use super::results::{DayCounts, DayProgress, ServerUsage};
use super::scenario::Scenario;
use super::team::Member;
use crate::error::BenchError;
use crate::limits;
use crate::live::target::{ServerStats, Target};
use crate::live::traffic::cursor::Anomalies;
use crate::live::traffic::pace::{Clock, Window};
use crate::live::traffic::progress::Timeline;
use crate::live::traffic::receivers::delivered;
use crate::live::traffic::stamp::Texts;
use crate::results::{Results, grouped};
use crate::watcher::Watcher;

type Playing = JoinSet<Result<(usize, SentToSeats), BenchError>>;

/// Plays the day, or as much of it as is wanted, and lets everything settle.
pub(super) async fn play(
    scenario: &Scenario,
    mut plan: Plan,
    texts: Arc<Texts>,
    team: Vec<Member>,
    seed: u64,
    target: &Target,
    watcher: &mut Watcher,
) -> Result<Results, BenchError> {
    // Devices first ask where the conversations are.
    let began = Instant::now() + limits::WARM_UP;
    let wakes: Vec<Arc<Notify>> = team.iter().map(|_| Arc::default()).collect();
    let turns = plan
        .turns()
        .into_iter()
        .map(move |(at, device)| (began + at, device));
    let clock = Clock::of(wakes.clone(), turns)?;
    let each = scenario.devices_each.get() as f64;
    let minutes = scenario.reading.after_minutes.get() as f64;
    let habits = Habits {
        probability: scenario.reading.percent.get() as f64 / 100.0 / each,
        mean: Duration::from_secs_f64(minutes * 60.0 / plan.speed),
    };
    let day = Arc::new(Day {
        texts,
        counts: DayCounts::new(began, plan.phases),
        window: Window::open(),
        habits,
        scrolling: scenario.scrolling.clone(),
    });
    let (stage, hears) = watch::channel(Stage::Day);
    let seats: Vec<_> = team.iter().map(|member| member.seats.clone()).collect();
    let mut playing = Playing::new();
    for (at, (member, wake)) in team.into_iter().zip(wakes).enumerate() {
        let (actions, seed) = (
            std::mem::take(&mut plan.actions[at]),
            seed.wrapping_add(at as u64),
        );
        let device = Device::new(member, actions, wake, Arc::clone(&day), seed, hears.clone());
        playing.spawn(async move { Ok((at, device.run().await?)) });
    }
    let progress = act(&day, &mut playing, target, watcher).await?;
    drop(clock);
    stage.send_replace(Stage::Evening);
    let go_on = |left: i64| {
        let left = grouped(left as f64);
        watcher.tell(&|| format!("the day is over; {left} deliveries are on their way"));
        true
    };
    delivered(&day.window, &mut playing, go_on).await?;
    stage.send_replace(Stage::Night);
    let mut sent: Vec<SentToSeats> = vec![Vec::new(); seats.len()];
    while let Some(ended) = playing.join_next().await {
        let (device, to_seats) = ended??;
        sent[device] = to_seats;
    }
    Ok(day.counts.list(progress, check(&seats, &sent)))
}

async fn act(
    day: &Day,
    playing: &mut Playing,
    target: &Target,
    watcher: &mut Watcher,
) -> Result<DayProgress, BenchError> {
    let (counts, mut stop) = (&day.counts, watcher.stop());
    let (mut usage, mut timeline) = (ServerUsage::default(), Timeline::new());
    let reading = target.reading().await;
    let (began, end) = (counts.began(), counts.end());
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
        let phase = counts.phase_at(now);
        if now >= began {
            usage.note(phase, now.min(end), target.cpu(), target.server_mib());
            timeline.note(counts.moment(now));
        }
        watcher.tell(&|| {
            let (phase, moment) = (&counts.spans()[phase].name, counts.moment(now));
            let (accepted, delivered) = (moment.accepted as f64, moment.delivered as f64);
            format!(
                "{phase}: {} accepted, {} delivered",
                grouped(accepted),
                grouped(delivered)
            )
        });
    }
    if usage.phases.is_empty() {
        return Err(BenchError::Interrupted);
    }
    Ok(DayProgress {
        usage,
        server_stats: ServerStats::between(reading.as_ref(), target.reading().await.as_ref()),
        timeline: timeline.finish(counts.moment(now)),
    })
}

/// What is wrong with what each device got of what every device has sent.
fn check(seats: &[Vec<(usize, Seat)>], sent: &[SentToSeats]) -> Anomalies {
    let mut to_talk: HashMap<usize, Vec<(u16, u64)>> = HashMap::new();
    for (seats, sent) in seats.iter().zip(sent) {
        for ((talk, seat), &sent) in seats.iter().zip(sent) {
            to_talk.entry(*talk).or_default().push((seat.number, sent));
        }
    }
    let mut found = Anomalies::default();
    for (talk, seat) in seats.iter().flatten() {
        let sent = to_talk.get(talk).map_or(&[][..], Vec::as_slice);
        found.add(seat.cursor.lock().check(sent.iter().copied()));
    }
    found
}
