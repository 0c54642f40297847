//! A device, which performs the actions of its plan, follows all its conversations, and reads them
//! after a delay.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cairn_client::Client;
use cairn_client::proto::content::message::Run;
use cairn_client::proto::limits::SENDS_IN_FLIGHT_MAX;
use cairn_client::proto::wire::request::session::PullRange;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use super::plan::{Action, What};
use super::results::DayCounts;
use super::scenario::Scrolling;
use super::team::{Member, Seat};
use crate::error::{BenchError, Result};
use crate::live::target::reconnect;
use crate::live::traffic::{InFlight, Texts, Unanswered, Window};

pub(super) struct Day {
    pub(super) actions: Vec<Vec<Action>>,
    pub(super) seed: u64,
    pub(super) texts: Arc<Texts>,
    pub(super) stage: watch::Sender<Stage>,
    pub(super) counts: DayCounts,
    /// Counts the messages in flight to all devices, and wakes each device when an action is due.
    pub(super) window: Window,
    pub(super) habits: Habits,
    pub(super) scrolling: Scrolling,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Day,
    /// Sending has ended: offline devices reconnect, and everything is delivered.
    Evening,
    Night,
}

pub(super) struct Device {
    member: Member,
    at: usize,
    day: Arc<Day>,
    done: usize,
    since: Instant,
    /// Tasks of the connection: listeners, which never end, and scrolling.
    tasks: JoinSet<Result<()>>,
    /// The number of the last message to each seat.
    numbers: Vec<u64>,
    unanswered: Unanswered,
}

impl Device {
    pub(super) fn new(member: Member, at: usize, day: Arc<Day>) -> Self {
        Self {
            numbers: vec![0; member.seats.len()],
            member,
            at,
            day,
            done: 0,
            since: Instant::now(),
            tasks: JoinSet::new(),
            unanswered: Unanswered::default(),
        }
    }

    /// Performs the actions of the day. Returns the seats, each with the number of accepted
    /// messages sent from it.
    pub(super) async fn run(mut self) -> Result<Vec<(Seat, u64)>> {
        let day = Arc::clone(&self.day);
        let mut stage = day.stage.subscribe();
        self.listen();
        while *day.stage.borrow() != Stage::Night {
            if let Some(until) = self.act().await? {
                self.settle().await?;
                self = self.stay_away(until).await?;
                continue;
            }
            tokio::select! {
                biased;
                changed = stage.changed() => changed.map_err(|_| BenchError::EndedEarly)?,
                answered = self.unanswered.answered() => self.count(&answered?),
                Some(ended) = self.tasks.join_next() => ended??,
                () = day.window.wakes[self.at].notified() => {}
            }
        }
        self.settle().await?;
        Ok(self.member.seats.into_iter().zip(self.numbers).collect())
    }

    fn listen(&mut self) {
        self.since = Instant::now();
        let seed = self.day.seed.wrapping_add(self.at as u64);
        let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for (at, seat) in (0..).zip(&self.member.seats) {
            let listener = Listener {
                client: self.member.client.clone(),
                since: self.since,
                seat: seat.clone(),
                day: Arc::clone(&self.day),
            };
            let random = StdRng::seed_from_u64(seed.wrapping_add(at));
            self.tasks.spawn(listener.run(random));
        }
    }

    /// Performs the actions that are due. Returns the end of the absence, if the device goes
    /// offline.
    async fn act(&mut self) -> Result<Option<Instant>> {
        let (day, now) = (Arc::clone(&self.day), Instant::now());
        let (began, actions) = (day.counts.began, &day.actions[self.at]);
        // With more, the client would have to wait, so the oldest answer is awaited first.
        while *day.stage.borrow() == Stage::Day && self.unanswered.len() < SENDS_IN_FLIGHT_MAX {
            let next = actions.get(self.done);
            let Some(&Action { at, what }) = next.filter(|next| began + next.at <= now) else {
                break;
            };
            self.done += 1;
            match what {
                What::Send { talk, bytes } => self.send(talk, bytes, began + at).await?,
                What::Scroll { talk } => self.scroll(talk),
                What::Drop { until } => return Ok(Some(began + until)),
            }
        }
        Ok(None)
    }

    async fn send(&mut self, talk: usize, bytes: usize, due: Instant) -> Result<()> {
        let Some((group, seat)) = self.seat(talk) else {
            return Ok(());
        };
        // Actions that were due while the device was reconnecting are sent now, and their latency
        // counts from now.
        let since = due.max(self.since);
        let number = self.numbers[group] + 1;
        let body = self.day.texts.body(bytes, seat.number, number, since)?;
        let conversation = self.member.client.conversation(seat.conversation);
        let accepted = conversation.enqueue(body).await?;
        self.day.window.sent(seat.devices.into());
        self.day.counts.count(since, |counts| counts.sent += 1);
        self.numbers[group] = number;
        self.unanswered.push(InFlight { since, group }, accepted);
        Ok(())
    }

    /// Reads some pages, one after the other, from the newest.
    fn scroll(&mut self, talk: usize) {
        let Some((_, seat)) = self.seat(talk) else {
            return;
        };
        let (client, day) = (self.member.client.clone(), Arc::clone(&self.day));
        let Scrolling { pages, messages } = day.scrolling;
        let messages = messages.get() as u32;
        self.tasks.spawn(async move {
            let mut before = seat.cursor.lock().next;
            for _ in 0..pages.get() {
                let asked = Instant::now();
                let range = PullRange::Before(before);
                let group = client.conversation(seat.conversation);
                let page = group.pull(range, messages).await?;
                let took = asked.elapsed();
                day.counts.count(asked, |counts| counts.page.record(took));
                let Some(first) = page.messages.first() else {
                    break;
                };
                before = first.msgid;
            }
            Ok(())
        });
    }

    /// The seat in a conversation of the plan, and its index among those of the device.
    fn seat(&self, talk: usize) -> Option<(usize, Seat)> {
        let seats = &self.member.seats;
        let at = seats.binary_search_by_key(&talk, |seat| seat.talk).ok()?;
        Some((at, seats[at].clone()))
    }

    fn count(&self, answered: &[InFlight]) {
        let now = Instant::now();
        for &InFlight { since, .. } in answered {
            let latency = now.saturating_duration_since(since);
            let counts = &self.day.counts;
            counts.count(since, |counts| counts.accept.record(latency));
        }
    }

    async fn settle(&mut self) -> Result<()> {
        while let Some(answered) = self.unanswered.settle().await? {
            self.count(&answered);
        }
        Ok(())
    }

    /// Disconnects until this time, or until the evening, and reconnects.
    async fn stay_away(mut self, until: Instant) -> Result<Self> {
        // The connection ends with its last client, so nothing that is queued is sent before.
        self.tasks = JoinSet::new();
        drop(self.member.client);
        let mut stage = self.day.stage.subscribe();
        tokio::select! {
            () = sleep_until(until.into()) => {}
            _ = stage.wait_for(|&stage| stage != Stage::Day) => {}
        }
        let (began, counts) = (Instant::now(), &self.day.counts);
        let (account, options) = (&self.member.account, &self.member.options);
        self.member.client = reconnect(account, options, || ()).await?;
        counts.count(began, |counts| counts.reconnect.record(began.elapsed()));
        self.listen();
        Ok(self)
    }
}

/// One device in one conversation, for as long as it is connected.
struct Listener {
    client: Client,
    since: Instant,
    seat: Seat,
    day: Arc<Day>,
}

impl Listener {
    /// Listens until dropped.
    async fn run(self, mut random: StdRng) -> Result<()> {
        let (mut reading, mut read_at) = (JoinSet::new(), None);
        let from = self.seat.cursor.lock().next;
        let conversation = self.client.conversation(self.seat.conversation);
        let mut timeline = conversation.follow(from);
        let mut latencies = Vec::new();
        let habits = self.day.habits;
        loop {
            tokio::select! {
                biased;
                run = timeline.next_run() => {
                    let run = run.ok_or(BenchError::EndedEarly)??;
                    let of_others = self.take(run, &mut latencies)?;
                    if read_at.is_none() && (0..of_others).any(|_| habits.reads(&mut random)) {
                        read_at = Some(Instant::now() + habits.after(&mut random));
                    }
                }
                () = sleep_until(read_at.unwrap_or(self.since).into()), if read_at.is_some() => {
                    read_at = None;
                    reading.spawn(self.read());
                }
                Some(ended) = reading.join_next() => ended??,
            }
        }
    }

    /// Returns the number of messages from others.
    fn take(&self, run: Run, latencies: &mut Vec<Duration>) -> Result<usize> {
        let (now, mut of_others) = (Instant::now(), 0);
        let conversation = self.client.conversation(self.seat.conversation);
        conversation.ack(run.last());
        self.seat.cursor.lock().take(run, |stamp| {
            latencies.push(self.day.texts.age(stamp, now));
            of_others += usize::from(stamp.sender != self.seat.number);
        })?;
        self.day.counts.delivered(now, latencies, self.since);
        self.day.window.delivered(latencies.len() as i64);
        latencies.clear();
        Ok(of_others)
    }

    /// Marks everything as read that has arrived.
    fn read(&self) -> impl Future<Output = Result<()>> + Send + 'static {
        let (client, conversation) = (self.client.clone(), self.seat.conversation);
        let (day, last) = (Arc::clone(&self.day), self.seat.cursor.lock().next.prev());
        async move {
            client.conversation(conversation).mark_read(last).await?;
            day.counts.count(Instant::now(), |counts| counts.reads += 1);
            Ok(())
        }
    }
}

/// Delays of reading, scaled to the time of the run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habits {
    /// The probability that a message makes this device of its user the one to read it.
    pub(crate) probability: f64,
    pub(crate) mean: Duration,
}

impl Habits {
    pub(crate) fn reads(self, random: &mut StdRng) -> bool {
        random.random_bool(self.probability)
    }

    /// An exponentially distributed delay.
    pub(crate) fn after(self, random: &mut StdRng) -> Duration {
        self.mean.mul_f64(-(1.0 - random.random::<f64>()).ln())
    }
}
