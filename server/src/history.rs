//! Reading a conversation: what a session may see of it, and its entries, from the tail in memory
//! or on the blocking pool. Every read for a session is restricted by a [`Window`].

use std::sync::Arc;

use cairn_proto::content::message::Run;
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::session::PullRange;
use cairn_store::blocks::run::RunLimits;
use cairn_store::timeline::history::{History, HistoryError};
use cairn_store::timeline::{TailRead, Timeline};
use tracing::error;

use crate::host::Blocking;
use crate::session::{Readable, Session};

/// The entries of a conversation that a session may see at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) timeline: Arc<Timeline>,
    /// Everything up to here is hidden from the session, or expired.
    pub(crate) floor: MsgId,
    /// The last entry that sessions may see.
    pub(crate) head: MsgId,
}

impl Session {
    /// Returns what the session may see. `None` unless [`Session::grant`] allowed it.
    ///
    /// Take it before reading entries: one that is published during the read may have been sent
    /// after the membership ended.
    #[must_use]
    pub(crate) fn window(&self, conversation: ConversationId) -> Option<Window> {
        Some(self.readable(conversation)?.window())
    }
}

impl Readable {
    /// Returns what may be seen at this moment.
    #[must_use]
    pub(crate) fn window(&self) -> Window {
        let floor = self.floor.max(self.timeline.floor());
        Window {
            timeline: self.timeline.clone(),
            floor,
            head: self.timeline.shown().max(floor),
        }
    }
}

impl Window {
    /// Restricts a range to the visible entries, and `limit` to their number.
    ///
    /// # Errors
    ///
    /// Returns the end of the range when no entry of it remains.
    pub(crate) fn restrict(&self, range: PullRange, limit: u32) -> Result<(PullRange, u32), MsgId> {
        let limit_to = |available: u64| limit.min(u32::try_from(available).unwrap_or(u32::MAX));
        match range {
            PullRange::From(from) => {
                let from = from.max(self.floor.next());
                match self.head.above(from.prev()) {
                    0 => Err(from),
                    available => Ok((PullRange::From(from), limit_to(available))),
                }
            }
            PullRange::Before(before) => {
                let before = before.min(self.head.next());
                match before.prev().above(self.floor) {
                    0 => Err(before),
                    available => Ok((PullRange::Before(before), limit_to(available))),
                }
            }
        }
    }

    /// Returns whether a run that was read in a restricted range is within it. It is not if its
    /// first entry expired during the read, so that it starts above the head.
    pub(crate) fn holds(&self, run: &Run) -> bool {
        run.count == 0 || run.last() <= self.head
    }

    /// Returns whether the session may see this entry.
    pub(crate) fn shows(&self, msgid: MsgId) -> bool {
        msgid > self.floor.max(self.timeline.floor()) && msgid <= self.head
    }
}

/// Reads history on behalf of sessions.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    pub(crate) history: History,
    pub(crate) blocking: Blocking,
}

impl Reader {
    /// Reads a range from the tail in memory, else where work may block.
    pub(crate) async fn read(
        &self,
        timeline: &Arc<Timeline>,
        range: PullRange,
        limit: u32,
    ) -> Result<Run, ErrorCode> {
        let limits = RunLimits::of_messages(limit);
        if let PullRange::From(from) = range
            && let TailRead::Hit(run) = timeline.read_tail(from, limits)
        {
            return Ok(run);
        }
        let (history, timeline) = (self.history.clone(), timeline.clone());
        let read = self
            .blocking
            .run(move || history.read(&timeline, range, limits));
        read.await
            .map_err(|_| ErrorCode::Damaged)?
            .map_err(|failure: HistoryError| {
                error!(%failure, "cannot read stored messages");
                ErrorCode::Damaged
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_restricted_to_floor_and_head() {
        let id = MsgId::new;
        let conversation = ConversationId::new(5);
        let window = Window {
            timeline: Arc::new(Timeline::new(conversation, id(5), id(10))),
            floor: id(5),
            head: id(10),
        };
        let between = |range, limit| window.restrict(range, limit);
        assert_eq!(
            between(PullRange::From(id(1)), 3),
            Ok((PullRange::From(id(6)), 3))
        );
        assert_eq!(
            between(PullRange::From(id(8)), 500),
            Ok((PullRange::From(id(8)), 3)),
            "what comes meanwhile is left out"
        );
        assert_eq!(
            between(PullRange::From(id(10)), 500),
            Ok((PullRange::From(id(10)), 1))
        );
        assert_eq!(between(PullRange::From(id(11)), 500), Err(id(11)));
        assert_eq!(
            between(PullRange::Before(id(99)), 500),
            Ok((PullRange::Before(id(11)), 5))
        );
        assert_eq!(between(PullRange::Before(id(6)), 500), Err(id(6)));
        assert!(!window.shows(id(5)) && window.shows(id(6)));
        assert!(window.shows(id(10)) && !window.shows(id(11)));
    }
}
