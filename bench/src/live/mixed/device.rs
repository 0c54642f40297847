//! One device of a person: follows the plan, and listens to all its conversations.

use std::iter::Peekable;
use std::sync::Arc;
use std::time::Instant;
use std::vec;

use cairn_client::proto::limits::SENDS_IN_FLIGHT_MAX;
use cairn_client::proto::wire::request::session::PullRange;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use super::listener::{Habits, Listener, Seat};
use super::plan::{Action, What};
use super::results::DayCounts;
use super::scenario::Scrolling;
use super::team::Member;
use crate::error::BenchError;
use crate::live::traffic::pace::Window;
use crate::live::traffic::ramp::reconnect;
use crate::live::traffic::sender::{Send, Unanswered};
use crate::live::traffic::stamp::Texts;

/// What all devices have in common.
#[derive(Debug)]
pub(super) struct Day {
    pub(super) texts: Arc<Texts>,
    pub(super) counts: DayCounts,
    /// What is on its way to all devices.
    pub(super) window: Window,
    pub(super) habits: Habits,
    pub(super) scrolling: Scrolling,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Devices follow the plan.
    Day,
    /// Nothing is sent; who is away comes back, and everything is delivered.
    Evening,
    /// Devices stop.
    Night,
}

/// How many messages a device has sent to each of its conversations, in the order of its seats.
pub(super) type SentToSeats = Vec<u64>;

pub(super) struct Device {
    member: Member,
    actions: Peekable<vec::IntoIter<Action>>,
    /// Notified when an action is due.
    wake: Arc<Notify>,
    day: Arc<Day>,
    seed: u64,
    stage: watch::Receiver<Stage>,
    /// When it connected.
    since: Instant,
    /// Of this connection: listeners, which never end, and scrolling.
    tasks: JoinSet<Result<(), BenchError>>,
    /// The number of the last message to each seat.
    numbers: SentToSeats,
    unanswered: Unanswered,
}

impl Device {
    pub(super) fn new(
        member: Member,
        actions: Vec<Action>,
        wake: Arc<Notify>,
        day: Arc<Day>,
        seed: u64,
        stage: watch::Receiver<Stage>,
    ) -> Self {
        let numbers = vec![0; member.seats.len()];
        Self {
            member,
            actions: actions.into_iter().peekable(),
            wake,
            day,
            seed,
            stage,
            since: Instant::now(),
            tasks: JoinSet::new(),
            numbers,
            unanswered: Unanswered::default(),
        }
    }

    /// Plays the day. Returns what was sent and accepted, once it is night.
    pub(super) async fn run(mut self) -> Result<SentToSeats, BenchError> {
        self.listen();
        while self.stage() != Stage::Night {
            if let Some(until) = self.act().await? {
                self.settle().await?;
                self = self.stay_away(until).await?;
                continue;
            }
            let wake = Arc::clone(&self.wake);
            tokio::select! {
                biased;
                changed = self.stage.changed() => changed.map_err(|_| BenchError::EndedEarly)?,
                answered = self.unanswered.answered() => self.count(&answered?),
                Some(ended) = self.tasks.join_next() => ended??,
                () = wake.notified() => {}
            }
        }
        self.settle().await?;
        Ok(self.numbers)
    }

    fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Begins to listen on a new connection.
    fn listen(&mut self) {
        self.since = Instant::now();
        for (at, (_, seat)) in (0..).zip(&self.member.seats) {
            let listener = Listener {
                client: self.member.client.clone(),
                since: self.since,
                seat: seat.clone(),
                day: Arc::clone(&self.day),
                seed: self
                    .seed
                    .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                    .wrapping_add(at),
            };
            self.tasks.spawn(listener.run());
        }
    }

    /// Does everything that is due. Returns until when the device is away, when it drops.
    async fn act(&mut self) -> Result<Option<Instant>, BenchError> {
        let (now, began) = (Instant::now(), self.day.counts.began());
        // Beyond that many, the client would have to wait; the oldest answer comes first then.
        while self.stage() == Stage::Day && self.unanswered.len() < SENDS_IN_FLIGHT_MAX {
            let is_due = |action: &Action| began + action.at <= now;
            let Some(Action { at, what }) = self.actions.next_if(is_due) else {
                break;
            };
            match what {
                What::Send { talk, bytes } => self.send(talk, bytes, began + at).await?,
                What::Scroll { talk } => self.scroll(talk),
                What::Drop { until } => return Ok(Some(began + until)),
            }
        }
        Ok(None)
    }

    async fn send(&mut self, talk: usize, bytes: usize, due: Instant) -> Result<(), BenchError> {
        let Some((group, seat)) = self.seat(talk) else {
            return Ok(());
        };
        // What was due while the device was on its way back is sent now, and counts from then on.
        let since = due.max(self.since);
        let number = self.numbers[group] + 1;
        let body = self.day.texts.body_of(bytes, seat.number, number, since)?;
        let accepted = self
            .member
            .client
            .conversation(seat.conversation)
            .enqueue(body)
            .await?;
        self.day.window.sent(seat.devices.into());
        self.day.counts.count(since, |counts| counts.sent += 1);
        self.numbers[group] = number;
        self.unanswered.push(Send { since, group }, accepted);
        Ok(())
    }

    /// Reads some pages, one after the other, from the newest on.
    fn scroll(&mut self, talk: usize) {
        let Some((_, seat)) = self.seat(talk) else {
            return;
        };
        let (client, day) = (self.member.client.clone(), Arc::clone(&self.day));
        let (pages, messages) = (
            day.scrolling.pages.get(),
            day.scrolling.messages.get() as u32,
        );
        self.tasks.spawn(async move {
            let mut before = seat.cursor.lock().next;
            for _ in 0..pages {
                let asked = Instant::now();
                let range = PullRange::Before(before);
                let page = client
                    .conversation(seat.conversation)
                    .pull(range, messages)
                    .await?;
                day.counts
                    .count(asked, |counts| counts.page.record(asked.elapsed()));
                let Some(first) = page.messages.first() else {
                    break;
                };
                before = first.msgid;
            }
            Ok(())
        });
    }

    /// The seat in a conversation of the plan, and its place among those of the device.
    fn seat(&self, talk: usize) -> Option<(usize, Seat)> {
        let seats = &self.member.seats;
        let at = seats.binary_search_by_key(&talk, |&(talk, _)| talk).ok()?;
        Some((at, seats[at].1.clone()))
    }

    fn count(&self, answered: &[Send]) {
        let now = Instant::now();
        for &Send { since, .. } in answered {
            let latency = now.saturating_duration_since(since);
            self.day
                .counts
                .count(since, |counts| counts.accept.record(latency));
        }
    }

    /// Waits until every send is accepted.
    async fn settle(&mut self) -> Result<(), BenchError> {
        while let Some(answered) = self.unanswered.settle().await? {
            self.count(&answered);
        }
        Ok(())
    }

    /// Disconnects until then, or until the evening, and connects again.
    async fn stay_away(mut self, until: Instant) -> Result<Self, BenchError> {
        // The connection ends with its last client: nothing that waits is sent before.
        self.tasks = JoinSet::new();
        drop(self.member.client);
        let mut stage = self.stage.clone();
        tokio::select! {
            () = sleep_until(until.into()) => {}
            _ = stage.wait_for(|&stage| stage != Stage::Day) => {}
        }
        let began = Instant::now();
        let endpoint = self.member.endpoint.as_ref();
        self.member.client = reconnect(&self.member.account, endpoint, || ()).await?;
        self.day
            .counts
            .count(began, |counts| counts.reconnect.record(began.elapsed()));
        self.listen();
        Ok(self)
    }
}
