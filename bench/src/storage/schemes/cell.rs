//! What is found of one scheme with one group.

use serde::Serialize;

use super::crash::Loss;
use super::life::Acks;
use super::scheme::{Kind, Store};
use super::speed::{Round, Sent};
use crate::error::BenchError;
use crate::system::bytes_below;

/// One scheme with one group. What was not measured is `None`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Cell {
    pub(super) scheme: Kind,
    pub(super) members: u32,
    pub(super) online_percent: u8,
    /// Messages that were counted.
    pub(super) sends: u64,
    /// Until everything is where it stays: the median of the rounds.
    pub(super) sends_per_s: Option<f64>,
    /// Until the last message was accepted: the median of the rounds.
    pub(super) accepted_per_s: Option<f64>,
    /// Rows put and deleted.
    pub(super) writes_per_send: Option<f64>,
    /// What the folder grew by behind the warm-up, before anybody acked.
    pub(super) bytes_per_send: Option<f64>,
    pub(super) catch_up_ms_per_1000: Option<f64>,
    /// Until all members have acked and what nobody needs is gone.
    pub(super) ack_us_per_send: Option<f64>,
    pub(super) ack_writes_per_send: Option<f64>,
    /// What the folder is larger by than before the first message, when all members have acked everything, the warm-up included.
    pub(super) bytes_left_per_send: Option<f64>,
    /// (message, member) pairs that a crash between storing and pushing took away.
    pub(super) lost: Option<u64>,
    /// (message, member) pairs that were accepted and not pushed at that moment.
    pub(super) at_stake: Option<u64>,
    #[serde(skip)]
    course: Course,
}

/// What the numbers are made of.
#[derive(Clone, Debug, Default)]
struct Course {
    /// What the folder holds with no message in it, and behind the warm-up.
    empty_bytes: u64,
    warm_bytes: u64,
    /// With the warm-up.
    sent: Option<Sent>,
    writes: u64,
    sends_per_s: Vec<f64>,
    accepted_per_s: Vec<f64>,
    catch_up_ms: Vec<f64>,
}

impl Cell {
    pub(super) fn new(scheme: Kind, members: u32, online_percent: u8) -> Self {
        Self {
            scheme,
            members,
            online_percent,
            sends: 0,
            sends_per_s: None,
            accepted_per_s: None,
            writes_per_send: None,
            bytes_per_send: None,
            catch_up_ms_per_1000: None,
            ack_us_per_send: None,
            ack_writes_per_send: None,
            bytes_left_per_send: None,
            lost: None,
            at_stake: None,
            course: Course::default(),
        }
    }

    /// Whether there is anything to tell.
    pub(super) fn is_measured(&self) -> bool {
        self.sends_per_s.is_some() || self.lost.is_some()
    }

    pub(super) fn crashed(&mut self, Loss { lost, at_stake }: Loss) {
        (self.lost, self.at_stake) = (Some(lost), Some(at_stake));
    }

    /// The store knows its members, and no message.
    pub(super) fn prepared(&mut self, store: &Store) {
        self.course.empty_bytes = bytes_below(store.dir());
    }

    /// A round is over that is not counted. It also fills what free room the folder had.
    pub(super) fn warmed_up(&mut self, round: Round, store: &Store) {
        self.course.sent = Some(round.sent);
        self.course.warm_bytes = bytes_below(store.dir());
    }

    pub(super) fn sent(&mut self, round: Round) {
        let Course {
            sent,
            writes,
            sends_per_s,
            accepted_per_s,
            ..
        } = &mut self.course;
        let count = round.sent.count();
        self.sends += count;
        *writes += round.writes.0;
        *sent = Some(sent.map_or(round.sent, |sent| sent.and(round.sent)));
        sends_per_s.push(count as f64 / round.closed.as_secs_f64());
        accepted_per_s.push(count as f64 / round.accepted.as_secs_f64());
        self.sends_per_s = median(sends_per_s);
        self.accepted_per_s = median(accepted_per_s);
    }

    /// All rounds are over.
    pub(super) fn stored(&mut self, store: &Store) -> Result<(), BenchError> {
        let (counted, all) = (
            self.sends as f64,
            self.all_sent().map_or(0, Sent::count) as f64,
        );
        self.writes_per_send =
            Some(self.course.writes as f64 / counted + store.moved()?.0 as f64 / all);
        self.bytes_per_send = Some(growth(self.course.warm_bytes, store) / counted);
        Ok(())
    }

    pub(super) fn caught_up(&mut self, ms_per_1000: Option<f64>) {
        self.course.catch_up_ms.extend(ms_per_1000);
        self.catch_up_ms_per_1000 = median(&mut self.course.catch_up_ms);
    }

    /// Everything that was sent to the store.
    pub(super) fn all_sent(&self) -> Option<Sent> {
        self.course.sent
    }

    pub(super) fn acked(
        &mut self,
        Acks {
            took,
            messages,
            writes,
        }: Acks,
    ) {
        self.ack_us_per_send = Some(took.as_secs_f64() * 1e6 / messages as f64);
        self.ack_writes_per_send = Some(writes.0 as f64 / messages as f64);
    }

    /// Every member has acked everything.
    pub(super) fn emptied(&mut self, store: &Store) {
        self.bytes_left_per_send = self
            .all_sent()
            .map(|sent| growth(self.course.empty_bytes, store) / sent.count() as f64);
    }
}

/// What a store's folder holds more than so many bytes.
fn growth(before: u64, store: &Store) -> f64 {
    bytes_below(store.dir()).saturating_sub(before) as f64
}

/// The middle one, of an even number the upper.
fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
