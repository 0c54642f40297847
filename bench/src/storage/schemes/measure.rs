//! What is timed of each scheme: sending in rounds, catching up, and acking.

use std::hint::black_box;
use std::time::{Duration, Instant};

use cairn_proto::ids::MsgId;
use cairn_proto::text::Text;

use super::scheme::{Closed, Group, Scheme, Sent, Store};
use crate::error::BenchError;
use crate::storage::limits;
use crate::watcher::Stop;

/// What the online members have been pushed; in memory alone.
#[derive(Debug)]
pub(super) struct Pushed(Vec<MsgId>);

impl Pushed {
    pub(super) fn nothing(group: Group) -> Self {
        Self(group.online().map(|_| MsgId::ZERO).collect())
    }

    pub(super) fn push(&mut self, through: MsgId) {
        self.0.fill(through);
        black_box(&mut self.0);
    }
}

/// Sends a durable batch, cut short when `is_over` after a message.
pub(super) fn send_batch<'a>(
    scheme: &mut dyn Scheme,
    texts: impl Iterator<Item = &'a Text>,
    is_over: impl Fn() -> bool,
) -> Result<Option<Sent>, BenchError> {
    let mut sent = None;
    for text in texts {
        let msgid = scheme.send(text)?;
        let (first, last) = (msgid, msgid);
        sent = Some(Sent::join(sent, Sent { first, last }));
        if is_over() {
            break;
        }
    }
    scheme.commit()?;
    Ok(sent)
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    pub(super) sent: Sent,
    /// Until the last message was accepted.
    pub(super) accepted: Duration,
    /// Until the store was closed, and everything in its final place.
    pub(super) closed: Duration,
    pub(super) writes: u64,
}

/// Opens a store and sends to it in batches for a time; what is accepted is pushed.
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
    let mut sent = None;
    let began = Instant::now();
    let is_over = || began.elapsed() >= time;
    while !is_over() || sent.is_none() {
        check(stop)?;
        if let Some(more) = send_batch(scheme.as_mut(), texts.by_ref().take(batch), is_over)? {
            pushed.push(more.last);
            sent = Some(Sent::join(sent, more));
        }
    }
    let accepted = began.elapsed();
    let Closed { writes, .. } = &scheme.close()?;
    Ok(Round {
        sent: sent.ok_or(BenchError::NoAnswer)?,
        accepted,
        closed: began.elapsed(),
        writes: *writes,
    })
}

/// The milliseconds in which a member who was away pulls 1,000 messages from a store that was just
/// opened. Where fewer were sent, several members pull what there is, one after the other; `None`
/// if they are too few. Each `sample` begins with another member.
pub(super) fn catch_up_ms(store: &Store, sample: usize) -> Result<Option<f64>, BenchError> {
    let enough = limits::SCHEME_CATCH_UP_MESSAGES;
    let offline = store.group.offline();
    let mut scheme = store.open()?;
    let mut pulled = 0;
    let began = Instant::now();
    for member in offline.clone().cycle().skip(sample).take(offline.count()) {
        let mut after = MsgId::ZERO;
        while pulled < enough {
            let page = scheme.pull(member, after)?;
            let Some(last) = page.last() else { break };
            after = last.msgid;
            pulled += page.len();
        }
    }
    let took = began.elapsed();
    scheme.close()?;
    Ok((pulled >= enough).then(|| took.as_secs_f64() * 1e3 * enough as f64 / pulled as f64))
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Acks {
    /// Until the store was closed, and everything deleted that is not needed.
    pub(super) took: Duration,
    /// Messages that every member acked.
    pub(super) messages: u64,
    pub(super) writes: u64,
}

/// Every member acks what was sent, page by page in turns, with a commit for each batch of acks.
/// Ends after the page in which the time is up.
pub(super) fn acks(
    store: &Store,
    sent: Sent,
    batch: usize,
    time: Duration,
    stop: &Stop,
) -> Result<Acks, BenchError> {
    let mut scheme = store.open()?;
    let began = Instant::now();
    let mut acked = sent.first.prev();
    loop {
        let page = acked.plus(limits::SCHEME_PAGE_MESSAGES as u64);
        acked = page.min(sent.last);
        ack_through(scheme.as_mut(), store.group, acked, batch, stop)?;
        if acked == sent.last || began.elapsed() >= time {
            break;
        }
    }
    let Closed { writes, .. } = &scheme.close()?;
    Ok(Acks {
        took: began.elapsed(),
        messages: acked.above(sent.first.prev()),
        writes: *writes,
    })
}

/// Every member acks everything.
pub(super) fn ack_all(
    store: &Store,
    sent: Sent,
    batch: usize,
    stop: &Stop,
) -> Result<(), BenchError> {
    let mut scheme = store.open()?;
    ack_through(scheme.as_mut(), store.group, sent.last, batch, stop)?;
    scheme.close().map(drop)
}

fn ack_through(
    scheme: &mut dyn Scheme,
    group: Group,
    through: MsgId,
    batch: usize,
    stop: &Stop,
) -> Result<(), BenchError> {
    for (at, member) in group.members().enumerate() {
        check(stop)?;
        scheme.ack(member, through)?;
        if (at + 1).is_multiple_of(batch) {
            scheme.commit()?;
        }
    }
    scheme.commit()
}

pub(super) fn check(stop: &Stop) -> Result<(), BenchError> {
    if stop.is_asked() {
        return Err(BenchError::Interrupted);
    }
    Ok(())
}
