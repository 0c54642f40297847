//! Reads of history.

use bytes::Bytes;
use cairn_proto::content::message::Run;
use cairn_proto::limits as wire;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::session::{Pull, Pulled};

use super::Asker;
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
    let mut once = None;
    // Asks the sequencer once, unless the user is no member.
    if session.readable(conversation).is_none() {
        let (ticket, answer) = registration::read(session.clone(), actor, conversation);
        let grant = shared.submit(actor.into(), ticket, answer).await?;
        let timeline = shared.timelines.get(conversation);
        once = timeline
            .filter(|_| !grant.is_member)
            .map(|timeline| Readable {
                timeline,
                floor: grant.floor,
            });
    }
    loop {
        let window = match &once {
            Some(readable) => readable.window(),
            None => session.window(conversation).ok_or(ErrorCode::NotFound)?,
        };
        let timeline = &window.timeline;
        let run = match window.restrict(range, limit.min(wire::RUN_MESSAGES_MAX)) {
            Ok((range, limit)) => shared.history.read(timeline, range, limit).await?,
            Err(first) => Run {
                conversation,
                first,
                count: 0,
                entries: Bytes::new(),
            },
        };
        if window.holds(&run) {
            return Ok(Pulled {
                run,
                head: window.head,
                floor: window.floor.max(timeline.floor()),
            });
        }
    }
}
