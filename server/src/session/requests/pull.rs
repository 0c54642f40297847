//! Reads of history.

use bytes::Bytes;
use cairn_proto::content::message::Run;
use cairn_proto::ids::MsgId;
use cairn_proto::limits as wire;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::session::{Pull, PullRange, Pulled};

use super::Asker;
use crate::history::read_history;
use crate::session::Readable;
use crate::session::registration;

pub(super) async fn pull(asker: Asker, call: Pull) -> Result<Pulled, ErrorCode> {
    let Asker {
        shared,
        session,
        actor,
    } = asker;
    let Pull {
        conversation,
        range,
        limit,
    } = call;
    if limit == 0 {
        return Err(ErrorCode::BadRequest);
    }
    // Asks the sequencer once.
    if session.readable(conversation).is_none() {
        let (ticket, answer) = registration::read(session.clone(), actor, conversation);
        shared.submit(actor.user.into(), ticket, answer).await?;
    }
    loop {
        // Both are read before the entries: an entry published during the read may have been sent
        // after the membership ended.
        let Readable { timeline, floor } =
            session.readable(conversation).ok_or(ErrorCode::NotFound)?;
        let floor = floor.max(timeline.floor());
        let head = timeline.shown().max(floor);
        let run = match between(floor, head, range, limit.min(wire::RUN_MESSAGES_MAX)) {
            Ok((range, limit)) => read_history(&shared.history, &timeline, range, limit).await?,
            Err(first) => Run {
                conversation,
                first,
                count: 0,
                entries: Bytes::new(),
            },
        };
        // Otherwise the first entry expired during the read, and the run starts above the head.
        if run.count == 0 || run.last() <= head {
            return Ok(Pulled {
                run,
                head,
                floor: floor.max(timeline.floor()),
            });
        }
    }
}

/// Restricts a range to entries above `floor` and up to `head`, and `limit` to their number.
///
/// # Errors
///
/// Returns the end of the range when no entry of it remains.
fn between(
    floor: MsgId,
    head: MsgId,
    range: PullRange,
    limit: u32,
) -> Result<(PullRange, u32), MsgId> {
    match range {
        PullRange::From(from) => {
            let from = from.max(floor.next());
            match head.above(from.prev()) {
                0 => Err(from),
                available => Ok((
                    PullRange::From(from),
                    limit.min(u32::try_from(available).unwrap_or(u32::MAX)),
                )),
            }
        }
        PullRange::Before(before) => {
            let before = before.min(head.next());
            match before.prev().above(floor) {
                0 => Err(before),
                available => Ok((
                    PullRange::Before(before),
                    limit.min(u32::try_from(available).unwrap_or(u32::MAX)),
                )),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pull_is_restricted_to_floor_and_head() {
        let id = MsgId::new;
        let between = |range, limit| between(id(5), id(10), range, limit);
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
    }
}
