//! The numbers of one scheme with one group.

use serde::Serialize;

use super::crash::Loss;
use super::measure::{Acks, Round};
use super::scheme::{Kind, Sent, Store};
use crate::error::BenchError;
use crate::storage::tables::median;
use crate::system::bytes_below;

/// What was not measured is `None`.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Cell {
    pub(super) scheme: Kind,
    pub(super) members: u32,
    pub(super) online_percent: u8,
    /// Messages that were counted.
    sends: u64,
    /// Until everything is in its final place: the median of the rounds.
    pub(super) sends_per_s: Option<f64>,
    /// Until the last message was accepted: the median of the rounds.
    accepted_per_s: Option<f64>,
    /// Rows put and deleted.
    pub(super) writes_per_send: Option<f64>,
    /// Growth of the folder after the warm-up, before any ack.
    pub(super) bytes_per_send: Option<f64>,
    pub(super) catch_up_ms_per_1000: Option<f64>,
    /// Until all members have acked and what nobody needs is deleted.
    pub(super) ack_us_per_send: Option<f64>,
    pub(super) ack_writes_per_send: Option<f64>,
    /// Growth of the folder since before the first message, when all members have acked everything.
    pub(super) bytes_left_per_send: Option<f64>,
    /// Pairs of a message and a member that a crash between storing and pushing lost.
    pub(super) lost: Option<u64>,
    /// Such pairs that were accepted and not pushed at that moment.
    pub(super) at_stake: Option<u64>,
    /// Including the warm-up.
    #[serde(skip)]
    pub(super) all_sent: Option<Sent>,
    #[serde(skip)]
    empty_bytes: u64,
    #[serde(skip)]
    warm_bytes: u64,
    #[serde(skip)]
    writes: u64,
    #[serde(skip)]
    rounds: Vec<(f64, f64)>,
    #[serde(skip)]
    catch_up_ms: Vec<f64>,
}

impl Cell {
    pub(super) fn new(scheme: Kind, members: u32, online_percent: u8) -> Self {
        Self {
            scheme,
            members,
            online_percent,
            ..Self::default()
        }
    }

    pub(super) fn is_measured(&self) -> bool {
        self.sends_per_s.is_some() || self.lost.is_some()
    }

    pub(super) fn crashed(&mut self, Loss { lost, at_stake }: Loss) {
        (self.lost, self.at_stake) = (Some(lost), Some(at_stake));
    }

    pub(super) fn created(&mut self, store: &Store) {
        self.empty_bytes = bytes_below(&store.dir);
    }

    /// After a round that also fills the free space in the folder's files.
    pub(super) fn warmed_up(&mut self, round: Round, store: &Store) {
        self.all_sent = Some(round.sent);
        self.warm_bytes = bytes_below(&store.dir);
    }

    pub(super) fn sent(&mut self, round: Round) {
        let count = round.sent.count();
        self.sends += count;
        self.writes += round.writes;
        self.all_sent = Some(Sent::join(self.all_sent, round.sent));
        let rates = [round.closed, round.accepted].map(|took| count as f64 / took.as_secs_f64());
        self.rounds.push(rates.into());
        let (closed, accepted) = self.rounds.iter().copied().unzip();
        (self.sends_per_s, self.accepted_per_s) = (median(closed), median(accepted));
    }

    /// After all rounds.
    pub(super) fn stored(&mut self, store: &Store) -> Result<(), BenchError> {
        let all = self.all_sent.map_or(0, Sent::count) as f64;
        let sends = self.sends as f64;
        self.writes_per_send = Some(self.writes as f64 / sends + store.moved()? as f64 / all);
        self.bytes_per_send = Some(growth(self.warm_bytes, store) / sends);
        Ok(())
    }

    pub(super) fn caught_up(&mut self, ms_per_1000: Option<f64>) {
        self.catch_up_ms.extend(ms_per_1000);
        self.catch_up_ms_per_1000 = median(self.catch_up_ms.clone());
    }

    pub(super) fn acked(&mut self, acks: Acks) {
        let messages = acks.messages as f64;
        self.ack_us_per_send = Some(acks.took.as_secs_f64() * 1e6 / messages);
        self.ack_writes_per_send = Some(acks.writes as f64 / messages);
    }

    /// After every member has acked everything.
    pub(super) fn emptied(&mut self, store: &Store, sent: Sent) {
        self.bytes_left_per_send = Some(growth(self.empty_bytes, store) / sent.count() as f64);
    }
}

fn growth(before: u64, store: &Store) -> f64 {
    bytes_below(&store.dir).saturating_sub(before) as f64
}
