//! One device of a person: does what the plan says, and listens to all its conversations.

use std::iter::Peekable;
use std::sync::Arc;
use std::time::Instant;
use std::vec;

use cairn_client::proto::limits::SENDS_IN_FLIGHT_MAX;
use cairn_client::proto::wire::request::PullRange;
use cairn_client::{Account, Client, Endpoint};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};

use super::day::{Day, Stage};
use super::listener::{Listener, Seat};
use super::plan::{Action, What};
use crate::error::BenchError;
use crate::limits;
use crate::live::comeback::come_back;
use crate::live::unanswered::{Send, Unanswered};

/// One device of a person.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) account: Account,
    pub(super) endpoint: Option<Endpoint>,
    /// Its conversations, each with its place in the plan, in the order of those.
    pub(super) seats: Vec<(usize, Seat)>,
    /// What it does, one thing after the other.
    pub(super) actions: Peekable<vec::IntoIter<Action>>,
    /// Notified when something of that is due.
    pub(super) wake: Arc<Notify>,
    pub(super) day: Arc<Day>,
    pub(super) seed: u64,
}

/// How many messages a device has sent to each of its conversations, in the order of its seats.
pub(super) type SentToSeats = Vec<u64>;

/// A device at work.
struct Work {
    device: Device,
    stage: watch::Receiver<Stage>,
    session: Session,
    /// The number of the last message to each seat.
    numbers: Vec<u64>,
    unanswered: Unanswered,
    answered: Vec<Send>,
}

/// What goes on over one connection. Dropping it drops the connection: nothing that waits is sent before.
struct Session {
    client: Client,
    /// When it began.
    since: Instant,
    /// Listeners, which never end, and pages.
    tasks: JoinSet<Result<(), BenchError>>,
}

impl Device {
    /// Plays the day, beginning with this connection. Gives what was sent and accepted, once it is night.
    pub(super) async fn run(
        self,
        client: Client,
        stage: watch::Receiver<Stage>,
    ) -> Result<SentToSeats, BenchError> {
        let numbers = vec![0; self.seats.len()];
        let session = self.session(client, Instant::now());
        let mut work = Work {
            device: self,
            stage,
            session,
            numbers,
            unanswered: Unanswered::default(),
            answered: Vec::new(),
        };
        while work.stage() != Stage::Night {
            if let Some(until) = work.act().await? {
                work.settle().await?;
                work = work.away(until).await?;
                continue;
            }
            let wake = Arc::clone(&work.device.wake);
            tokio::select! {
                biased;
                changed = work.stage.changed() => changed.map_err(|_| BenchError::EndedEarly)?,
                accepted = work.unanswered.accepted(&mut work.answered) => {
                    accepted?;
                    work.count();
                }
                Some(ended) = work.session.tasks.join_next() => ended.map_err(|_| BenchError::Panicked)??,
                () = wake.notified() => {}
            }
        }
        work.settle().await?;
        Ok(work.numbers)
    }

    fn session(&self, client: Client, since: Instant) -> Session {
        let listener = |(at, (_, seat)): (u64, &(usize, Seat))| {
            let seed = self
                .seed
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .wrapping_add(at);
            Listener {
                client: client.clone(),
                since,
                seat: seat.clone(),
                day: Arc::clone(&self.day),
                seed,
            }
            .run()
        };
        let tasks = (0..).zip(&self.seats).map(listener).collect();
        Session {
            client,
            since,
            tasks,
        }
    }
}

impl Work {
    fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Does everything that is due. Gives until when the device is away, when it drops.
    async fn act(&mut self) -> Result<Option<Instant>, BenchError> {
        let (now, began) = (Instant::now(), self.device.day.tally.began());
        // Beyond that many, the client would have to wait; the answer to the oldest comes first then.
        while self.stage() == Stage::Day && self.unanswered.len() < SENDS_IN_FLIGHT_MAX {
            let Some(Action { at, what }) = self
                .device
                .actions
                .next_if(|action| began + action.at <= now)
            else {
                break;
            };
            match what {
                What::Say { talk, bytes } => self.say(talk, bytes, began + at).await?,
                What::Scroll { talk } => self.scroll(talk),
                What::Drop { until } => return Ok(Some(began + until)),
            }
        }
        Ok(None)
    }

    async fn say(&mut self, talk: usize, bytes: usize, due: Instant) -> Result<(), BenchError> {
        let Some((at, seat)) = self.seat(talk) else {
            return Ok(());
        };
        // What was due while the device was on its way back is said now, and counts from then on.
        let since = due.max(self.session.since);
        let (number, day) = (self.numbers[at] + 1, Arc::clone(&self.device.day));
        let body = day.texts.body_of(bytes, seat.number, number, since)?;
        let accepted = self.session.client.enqueue(seat.conversation, body).await?;
        day.window.sent(seat.devices.into());
        day.tally.count(since, |counts| counts.sent += 1);
        self.numbers[at] = number;
        self.unanswered.push(Send { since, group: at }, accepted);
        Ok(())
    }

    /// Reads some pages, one behind the other, from the newest on.
    fn scroll(&mut self, talk: usize) {
        let Some((_, seat)) = self.seat(talk) else {
            return;
        };
        let (client, day) = (self.session.client.clone(), Arc::clone(&self.device.day));
        let (pages, messages) = (
            day.scrolling.pages.get(),
            u32::try_from(day.scrolling.messages.get()).unwrap_or(u32::MAX),
        );
        self.session.tasks.spawn(async move {
            let mut before = seat.cursor.lock().next;
            for _ in 0..pages {
                let asked = Instant::now();
                let page = client
                    .pull(seat.conversation, PullRange::Before(before), messages)
                    .await?;
                day.tally
                    .count(asked, |counts| counts.page.record(asked.elapsed()));
                let Some(first) = page.messages.first() else {
                    break;
                };
                before = first.msgid;
            }
            Ok(())
        });
    }

    /// The seat in a conversation of the plan, and which of the device's it is.
    fn seat(&self, talk: usize) -> Option<(usize, Seat)> {
        let at = self
            .device
            .seats
            .binary_search_by_key(&talk, |&(talk, _)| talk)
            .ok()?;
        Some((at, self.device.seats[at].1.clone()))
    }

    /// Counts what was just accepted.
    fn count(&mut self) {
        let now = Instant::now();
        for Send { since, .. } in self.answered.drain(..) {
            self.device.day.tally.count(since, |counts| {
                counts.accept.record(now.saturating_duration_since(since))
            });
        }
    }

    /// Waits until everything is accepted that was sent.
    async fn settle(&mut self) -> Result<(), BenchError> {
        while !self.unanswered.is_empty() {
            match timeout(
                limits::SETTLE_TIME_MAX,
                self.unanswered.accepted(&mut self.answered),
            )
            .await
            {
                Ok(accepted) => accepted?,
                Err(_) => return Err(BenchError::Unanswered(self.unanswered.len())),
            }
            self.count();
        }
        Ok(())
    }

    /// Is away until then, or until the evening, and comes back.
    async fn away(mut self, until: Instant) -> Result<Self, BenchError> {
        drop(self.session);
        let evening = async {
            self.stage
                .wait_for(|&stage| stage != Stage::Day)
                .await
                .is_ok()
        };
        tokio::select! {
            () = sleep_until(until.into()) => {}
            _ = evening => {}
        }
        let began = Instant::now();
        let client = come_back(&self.device.account, self.device.endpoint.as_ref(), || ()).await?;
        self.device
            .day
            .tally
            .count(began, |counts| counts.reconnect.record(began.elapsed()));
        let session = self.device.session(client, Instant::now());
        Ok(Self { session, ..self })
    }
}
