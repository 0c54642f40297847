//! What comes after a message was stored: members who were away catch up, everybody acks, and it goes.

use std::time::{Duration, Instant};

use cairn_proto::ids::MsgId;

use super::scheme::{Closed, Group, Scheme, Store, Writes};
use super::speed::Sent;
use crate::error::BenchError;
use crate::limits;
use crate::watcher::Stop;

/// How many milliseconds it takes until a member who was away has pulled 1,000 messages, from a store that was just opened. Where less
/// was sent, several members pull what there is, one after the other; `None` when they are too few. Each `sample` begins with another.
pub(super) fn catch_up_ms(store: &Store, sample: usize) -> Result<Option<f64>, BenchError> {
    let offline = store.group.offline().count();
    let mut scheme = store.open()?;
    let mut pulled = 0;
    let began = Instant::now();
    for member in store.group.offline().cycle().skip(sample).take(offline) {
        let mut after = MsgId::ZERO;
        while pulled < limits::SCHEME_CATCH_UP_MESSAGES {
            let page = scheme.pull(member, after)?;
            let Some(last) = page.last() else { break };
            after = last.msgid;
            pulled += page.len();
        }
    }
    let took = began.elapsed();
    scheme.close()?;
    let enough = limits::SCHEME_CATCH_UP_MESSAGES;
    Ok((pulled >= enough).then(|| took.as_secs_f64() * 1e3 * enough as f64 / pulled as f64))
}

/// What acks cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Acks {
    /// Until the store was closed, and everything that is not needed any more was gone.
    pub(super) took: Duration,
    /// How many messages were acked, each by every member.
    pub(super) messages: u64,
    pub(super) writes: Writes,
}

/// Every member acks what was sent: the messages page by page, members taking turns, a commit for each batch of acks. It ends behind the
/// page with which the time is up.
pub(super) fn acks(
    store: &Store,
    sent: Sent,
    batch: usize,
    time: Duration,
    stop: &Stop,
) -> Result<Acks, BenchError> {
    let mut scheme = store.open()?;
    let began = Instant::now();
    let mut acked = MsgId::ZERO;
    while acked < sent.last && (acked == MsgId::ZERO || began.elapsed() < time) {
        acked = acked
            .max(sent.first.prev())
            .plus(limits::SCHEME_PAGE_MESSAGES as u64)
            .min(sent.last);
        ack_through(scheme.as_mut(), store.group, acked, batch, stop)?;
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

/// Every member acks everything up to here.
fn ack_through(
    scheme: &mut dyn Scheme,
    group: Group,
    through: MsgId,
    batch: usize,
    stop: &Stop,
) -> Result<(), BenchError> {
    for (at, member) in group.members().enumerate() {
        if stop.is_asked() {
            return Err(BenchError::Interrupted);
        }
        scheme.ack(member, through)?;
        if (at + 1).is_multiple_of(batch) {
            scheme.commit()?;
        }
    }
    scheme.commit()
}
