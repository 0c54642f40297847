//! The measurements of one scheme with one group.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use cairn_proto::ids::MsgId;
use cairn_proto::text::Text;
use serde::Serialize;

use super::crash;
use super::scheme::{Group, Kind, Scheme, Sent, Store};
use crate::error::{BenchError, Result};
use crate::storage::limits;
use crate::storage::spread::median;
use crate::system::bytes_below;
use crate::watcher::Watcher;

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Cell {
    pub(super) scheme: Kind,
    #[serde(flatten)]
    pub(super) group: Group,
    pub(super) sends: u64,
    /// Until everything is in its final place; the median of the rounds.
    pub(super) sends_per_s: Option<f64>,
    /// Until the last message was accepted; the median of the rounds.
    pub(super) accepted_per_s: Option<f64>,
    pub(super) writes_per_send: Option<f64>,
    /// Growth of the folder after the warm-up, before any ack.
    pub(super) bytes_per_send: Option<f64>,
    pub(super) catch_up_ms_per_1000: Option<f64>,
    /// Until all members acked, and what is no longer needed was deleted.
    pub(super) ack_us_per_send: Option<f64>,
    pub(super) ack_writes_per_send: Option<f64>,
    /// Growth of the folder since before the first message, after all acks.
    pub(super) bytes_left_per_send: Option<f64>,
    /// Pairs of message and member that were lost in a crash between store and push.
    pub(super) lost: Option<u64>,
    /// Such pairs that were accepted and not pushed at the crash.
    pub(super) at_stake: Option<u64>,
}

pub(super) struct Pace<'a> {
    pub(super) texts: &'a [Text],
    pub(super) batch: usize,
    pub(super) time: Duration,
    pub(super) watcher: &'a Watcher,
}

impl Pace<'_> {
    pub(super) fn check(&self) -> Result<()> {
        match self.watcher.is_asked() {
            true => Err(BenchError::Interrupted),
            false => Ok(()),
        }
    }

    /// Acks as every member, with a commit per batch of acks.
    fn ack(&self, scheme: &mut dyn Scheme, group: Group, through: MsgId) -> Result<()> {
        for (at, member) in group.members().enumerate() {
            self.check()?;
            scheme.ack(member, through)?;
            if (at + 1).is_multiple_of(self.batch) {
                scheme.commit()?;
            }
        }
        scheme.commit()
    }
}

#[derive(Default)]
pub(super) struct Trial {
    pub(super) cell: Cell,
    store: Store,
    empty_bytes: u64,
    /// Bytes in the folder after the warm-up, which also fills the free space in its files.
    warm_bytes: u64,
    /// Including the warm-up.
    sent: Sent,
    writes: u64,
    sends_per_s: Vec<f64>,
    accepted_per_s: Vec<f64>,
    catch_up_ms: Vec<f64>,
}

impl Trial {
    pub(super) fn new(kind: Kind, group: Group, parent: &Path) -> Self {
        let dir = parent.join(kind.name());
        let cell = Cell {
            scheme: kind,
            group,
            ..Cell::default()
        };
        Self {
            cell,
            store: Store { kind, dir, group },
            ..Self::default()
        }
    }

    pub(super) fn crash(&mut self, pace: &Pace<'_>) -> Result<()> {
        let size = self.store.group.size;
        let batch = (limits::SCHEME_CRASH_PAIRS_MAX / size as usize).clamp(1, pace.batch);
        let store = Store {
            dir: self.store.dir.with_extension("crash"),
            ..self.store.clone()
        };
        let [pushed, stored] = crash::crash(&store, batch)?;
        self.cell.lost = Some(crash::lost(&store, pushed, stored)?);
        self.cell.at_stake = Some(stored.count() * u64::from(size));
        Ok(())
    }

    pub(super) fn create(&mut self) -> Result<()> {
        self.store.create()?;
        self.empty_bytes = bytes_below(&self.store.dir);
        Ok(())
    }

    /// Opens the store, and sends in batches for a time; accepted messages are pushed. The first
    /// call is the warm-up.
    pub(super) fn send(&mut self, pace: &Pace<'_>) -> Result<()> {
        let mut scheme = self.store.open()?;
        // The last message pushed to each online member; in memory only.
        let mut pushed = vec![MsgId::ZERO; self.store.group.online_count()];
        let mut texts = pace.texts.iter().cycle();
        let mut sent = Sent::default();
        let began = Instant::now();
        let is_over = || began.elapsed() >= pace.time;
        while !is_over() || sent.count() == 0 {
            pace.check()?;
            sent.send_batch(scheme.as_mut(), texts.by_ref().take(pace.batch), is_over)?;
            black_box(&mut pushed).fill(sent.last);
        }
        let accepted = began.elapsed();
        let closed = scheme.close()?;
        let took = began.elapsed();
        if self.sent.count() == 0 {
            self.sent = sent;
            self.warm_bytes = bytes_below(&self.store.dir);
            return Ok(());
        }
        self.sent.last = sent.last;
        self.writes += closed.writes;
        let per_s = |took: Duration| sent.count() as f64 / took.as_secs_f64();
        self.sends_per_s.push(per_s(took));
        self.accepted_per_s.push(per_s(accepted));
        self.cell.sends += sent.count();
        self.cell.sends_per_s = median(&self.sends_per_s);
        self.cell.accepted_per_s = median(&self.accepted_per_s);
        Ok(())
    }

    pub(super) fn weigh(&mut self) -> Result<()> {
        let moved = self.store.moved()? as f64 / self.sent.count() as f64;
        let sends = self.cell.sends as f64;
        self.cell.writes_per_send = Some(self.writes as f64 / sends + moved);
        self.cell.bytes_per_send = Some(self.growth(self.warm_bytes) / sends);
        Ok(())
    }

    /// Measures a member who pulls 1,000 messages from a freshly opened store. If fewer were sent,
    /// several members pull in turn; if those are too few, nothing is measured. Each `sample`
    /// begins with another member.
    pub(super) fn catch_up(&mut self, sample: usize) -> Result<()> {
        let enough = limits::SCHEME_CATCH_UP_MESSAGES;
        let offline = self.store.group.offline();
        let mut scheme = self.store.open()?;
        let mut pulled = 0;
        let began = Instant::now();
        for member in offline.clone().cycle().skip(sample).take(offline.count()) {
            let mut after = MsgId::ZERO;
            while pulled < enough {
                let page = scheme.pull(member, after)?;
                let Some(&(last, _)) = page.last() else { break };
                after = last;
                pulled += page.len();
            }
        }
        let ms = began.elapsed().as_secs_f64() * 1e3;
        scheme.close()?;
        if pulled >= enough {
            self.catch_up_ms.push(ms * enough as f64 / pulled as f64);
        }
        self.cell.catch_up_ms_per_1000 = median(&self.catch_up_ms);
        Ok(())
    }

    /// Acks everything as every member, by page and in turns. The time ends after the page in which
    /// the time limit is reached.
    pub(super) fn ack(&mut self, pace: &Pace<'_>) -> Result<()> {
        let (group, Sent { after, last }) = (self.store.group, self.sent);
        let mut scheme = self.store.open()?;
        let mut acked = after;
        let began = Instant::now();
        loop {
            acked = last.min(acked.plus(limits::SCHEME_PAGE_MESSAGES as u64));
            pace.ack(scheme.as_mut(), group, acked)?;
            if acked == last || began.elapsed() >= pace.time {
                break;
            }
        }
        let closed = scheme.close()?;
        let micros = began.elapsed().as_secs_f64() * 1e6;
        let messages = acked.above(after) as f64;
        self.cell.ack_us_per_send = Some(micros / messages);
        self.cell.ack_writes_per_send = Some(closed.writes as f64 / messages);
        // sled locks its folder until it is dropped.
        drop(closed);
        let mut scheme = self.store.open()?;
        pace.ack(scheme.as_mut(), group, last)?;
        scheme.close()?;
        let left = self.growth(self.empty_bytes) / self.sent.count() as f64;
        self.cell.bytes_left_per_send = Some(left);
        Ok(())
    }

    fn growth(&self, before: u64) -> f64 {
        bytes_below(&self.store.dir).saturating_sub(before) as f64
    }
}
