//! How the day goes: everybody does what the plan says, then everything is brought to everybody, and is checked.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::day::{Day, Stage};
use super::device::{Device, SentToSeats};
use super::found::{Course, MixedFound, ServerSeen};
use super::listener::{Habits, Seat};
use super::plan::Plan;
use super::scenario::Scenario;
use super::tally::Tally;
use super::team::Member;
use crate::error::BenchError;
use crate::limits;
use crate::live::audience::{Wait, delivered};
use crate::live::pace::{Clock, Window};
use crate::live::sequence::Anomalies;
use crate::live::stamp::Texts;
use crate::live::timeline::Timeline;
use crate::live::venue::Venue;
use crate::live::workings::Workings;
use crate::report::grouped;
use crate::watcher::Watcher;

/// Everybody at work.
pub(super) struct Play {
    day: Arc<Day>,
    stage: watch::Sender<Stage>,
    /// Wakes devices when something is due.
    clock: Clock,
    playing: JoinSet<Result<(usize, SentToSeats), BenchError>>,
    /// What each device has of its conversations.
    seats: Vec<Vec<(usize, Seat)>>,
}

impl Play {
    /// Lets the day begin, a moment from now: everybody first looks at where the conversations are.
    pub(super) fn begin(
        scenario: &Scenario,
        plan: Plan,
        texts: Arc<Texts>,
        team: Vec<Member>,
        seed: u64,
    ) -> Result<Self, BenchError> {
        let began = Instant::now() + limits::WARM_UP;
        let wakes: Vec<Arc<Notify>> = team.iter().map(|_| Arc::default()).collect();
        let turns = plan
            .turns()
            .into_iter()
            .map(move |(at, device)| (began + at, device));
        let clock = Clock::of(wakes.clone(), turns).map_err(BenchError::Clock)?;
        let habits = Habits {
            probability: scenario.reading.percent.get() as f64
                / 100.0
                / scenario.devices_each.get() as f64,
            mean: Duration::from_secs_f64(
                scenario.reading.after_minutes.get() as f64 * 60.0 / plan.speed,
            ),
        };
        let window = Window::new(i64::MAX, Vec::new());
        let day = Arc::new(Day {
            texts,
            tally: Tally::new(began, plan.phases),
            window,
            habits,
            scrolling: scenario.scrolling,
        });
        let (stage, hears) = watch::channel(Stage::Day);
        let seats = team.iter().map(|member| member.seats.clone()).collect();
        let mut playing = JoinSet::new();
        for (at, ((member, actions), wake)) in
            team.into_iter().zip(plan.actions).zip(wakes).enumerate()
        {
            let Member {
                client,
                account,
                endpoint,
                seats,
            } = member;
            let actions = actions.into_iter().peekable();
            let seed = seed.wrapping_add(at as u64);
            let device = Device {
                account,
                endpoint,
                seats,
                actions,
                wake,
                day: Arc::clone(&day),
                seed,
            };
            let hears = hears.clone();
            playing.spawn(async move { Ok((at, device.run(client, hears).await?)) });
        }
        Ok(Self {
            day,
            stage,
            clock,
            playing,
            seats,
        })
    }

    /// Plays the day, or as much of it as is wanted, and lets everything settle.
    pub(super) async fn through(
        mut self,
        venue: &Venue,
        watcher: &mut Watcher,
    ) -> Result<MixedFound, BenchError> {
        let course = self.act(venue, watcher).await?;
        drop(self.clock);
        self.stage.send_replace(Stage::Evening);
        let tell = |left: i64| {
            watcher.tell(&|| {
                format!(
                    "the day is over; {} deliveries are on their way",
                    grouped(left as f64)
                )
            });
            Wait::On
        };
        delivered(&self.day.window, &mut self.playing, tell).await?;
        self.stage.send_replace(Stage::Night);
        let mut sent: Vec<SentToSeats> = vec![Vec::new(); self.seats.len()];
        while let Some(ended) = self.playing.join_next().await {
            let (device, to_seats) = ended.map_err(|_| BenchError::Panicked)??;
            sent[device] = to_seats;
        }
        Ok(MixedFound::new(
            &self.day.tally,
            course,
            check(&self.seats, &sent).into(),
        ))
    }

    async fn act(&mut self, venue: &Venue, watcher: &mut Watcher) -> Result<Course, BenchError> {
        let (tally, mut stop) = (&self.day.tally, watcher.stop());
        let (mut server, mut timeline) = (ServerSeen::default(), Timeline::new());
        let reading = venue.reading().await;
        let (began, end) = (tally.began(), tally.end());
        let mut now = Instant::now();
        while now < end && !stop.is_asked() {
            let next = if now < began { began } else { end };
            tokio::select! {
                biased;
                () = stop.asked() => {}
                Some(ended) = self.playing.join_next() => {
                    ended.map_err(|_| BenchError::Panicked)??;
                    return Err(BenchError::EndedEarly);
                }
                () = sleep(next.saturating_duration_since(now).min(limits::TICK)) => {}
            }
            now = Instant::now();
            if now >= began {
                server.during(
                    tally.phase_at(now),
                    now.min(end),
                    venue.cpu(),
                    venue.server_kib(),
                );
                timeline.note(tally.moment(now));
            }
            watcher.tell(&|| {
                let (phase, moment) = (&tally.spans()[tally.phase_at(now)].name, tally.moment(now));
                format!(
                    "{phase}: {} accepted, {} delivered",
                    grouped(moment.accepted as f64),
                    grouped(moment.delivered as f64)
                )
            });
        }
        if server.is_empty() {
            return Err(BenchError::Interrupted);
        }
        let workings = Workings::between(reading.as_ref(), venue.reading().await.as_ref());
        Ok(Course {
            server,
            workings,
            timeline: timeline.finish(tally.moment(now)),
        })
    }
}

/// What is amiss with what each device got of what every device has sent.
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
