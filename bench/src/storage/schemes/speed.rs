//! How fast each scheme takes messages, in rounds that take turns.

use std::hint::black_box;
use std::time::{Duration, Instant};

use cairn_proto::ids::MsgId;
use cairn_proto::text::Text;

use super::scheme::{Closed, Group, Scheme, Store, Writes};
use crate::error::BenchError;
use crate::watcher::Stop;

/// Messages that are one after another in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) first: MsgId,
    pub(super) last: MsgId,
}

impl Sent {
    pub(super) const fn count(self) -> u64 {
        self.last.above(self.first) + 1
    }

    /// These and the ones behind them.
    pub(super) const fn and(self, more: Self) -> Self {
        Self {
            first: self.first,
            last: more.last,
        }
    }
}

/// What the members who are online have been pushed: it is in the memory of the process alone.
#[derive(Debug)]
pub(super) struct Pushed(Vec<MsgId>);

impl Pushed {
    pub(super) fn nothing(group: Group) -> Self {
        Self(group.online().map(|_| MsgId::ZERO).collect())
    }

    /// Hands everything up to here to everybody who is online, each once.
    pub(super) fn push(&mut self, through: MsgId) {
        self.0.iter_mut().for_each(|last| *last = through);
        black_box(&mut self.0);
    }
}

/// Sends a batch: stored and durable, and so accepted. It is shorter when the time is up; `is_over` is asked behind each message.
pub(super) fn send_batch<'a>(
    scheme: &mut dyn Scheme,
    texts: impl Iterator<Item = &'a Text>,
    is_over: impl Fn() -> bool,
) -> Result<Option<Sent>, BenchError> {
    let mut sent: Option<Sent> = None;
    for text in texts {
        let last = scheme.send(text)?;
        sent = Some(Sent {
            first: sent.map_or(last, |sent| sent.first),
            last,
        });
        if is_over() {
            break;
        }
    }
    scheme.commit()?;
    Ok(sent)
}

/// What one round did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    pub(super) sent: Sent,
    /// Until the last message was accepted.
    pub(super) accepted: Duration,
    /// Until the store was closed, and everything where it stays.
    pub(super) closed: Duration,
    pub(super) writes: Writes,
}

/// Opens a store and sends to it in batches, for so long; what is accepted is pushed.
pub(super) fn round(
    store: &Store,
    texts: &[Text],
    batch: usize,
    time: Duration,
    stop: &Stop,
) -> Result<Round, BenchError> {
    let mut scheme = store.open()?;
    let mut pushed = Pushed::nothing(store.group);
    let mut texts = texts.iter().cycle();
    let mut sent: Option<Sent> = None;
    let began = Instant::now();
    let is_over = || began.elapsed() >= time;
    while !is_over() || sent.is_none() {
        if stop.is_asked() {
            return Err(BenchError::Interrupted);
        }
        if let Some(more) = send_batch(scheme.as_mut(), texts.by_ref().take(batch), is_over)? {
            pushed.push(more.last);
            sent = Some(sent.map_or(more, |sent| sent.and(more)));
        }
    }
    let accepted = began.elapsed();
    let Closed { writes, .. } = &scheme.close()?;
    let closed = began.elapsed();
    Ok(Round {
        sent: sent.ok_or(BenchError::NoAnswer)?,
        accepted,
        closed,
        writes: *writes,
    })
}
