//! The timeline stream of one session: everything between its position and the head of each
//! conversation, written when the stream takes it.
pub(crate) mod feed;
pub(crate) mod outbox;
pub(crate) mod push;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cairn_proto::content::message::Run;
use cairn_proto::ids::ConversationId;
use cairn_proto::limits::{PUSH_BACKLOG_MESSAGES_MAX, RUN_MESSAGES_MAX};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::TimelineFrame;
use cairn_proto::wire::frame;
use cairn_proto::wire::request::PullRange;
use quinn::{Connection, SendStream, WriteError};

use crate::delivery::feed::{Feed, FeedBound};
use crate::delivery::push::Push;
use crate::history::read_history;
use crate::limits;
use crate::limits::PUSH_BYTES_TARGET;
use crate::session::Session;
use cairn_store::blocks::run::RunLimits;
use cairn_store::timeline::TailRead;
use cairn_store::timeline::history::History;

/// Why delivery to a session ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeliveryError {
    /// The stream or the connection is gone.
    #[error("the timeline stream ended: {0}")]
    Stream(#[from] WriteError),
    /// What should be pushed cannot be read.
    #[error("cannot read what is to be pushed: {0}")]
    History(ErrorCode),
}

/// Writes news until the session ends.
///
/// # Errors
/// When the stream is gone, or stored messages cannot be read.
pub(crate) async fn deliver(
    session: Arc<Session>,
    history: History,
    mut stream: SendStream,
) -> Result<(), DeliveryError> {
    let Some(push) = &session.push else {
        return Ok(());
    };
    let (mut out, mut rest) = (Outgoing::default(), Duration::ZERO);
    let mut closed = pin!(session.connection.closed());
    loop {
        tokio::select! {
            biased;
            () = push.news(std::mem::take(&mut rest)) => {}
            // Nothing is written meanwhile that would tell.
            lost = &mut closed => return Err(WriteError::ConnectionLost(lost).into()),
        }
        while let Some((conversation, feed)) = push.next() {
            rest = rest.max(rest_of(&session.connection, feed.push_delay));
            advance(push, &history, conversation, feed, &mut out, &mut stream).await?;
        }
        for told in push.drain_pending().into_values() {
            out.push(frame::frame(&told));
        }
        out.write(&mut stream).await?;
    }
}

/// How long a session rests after a push of a conversation that asks for a rest of `wanted`. Where
/// packets queue, on the way or at either end, more packets only make the queue longer; the round
/// trip tells.
fn rest_of(connection: &Connection, wanted: Duration) -> Duration {
    if wanted.is_zero() {
        wanted
    } else {
        wanted
            .max(connection.rtt() / limits::COALESCING_DELAYS_PER_ROUND_TRIP)
            .min(limits::QUEUEING_DELAY_MAX)
    }
}

/// Chunks that go out with one write: packets are what costs, not bytes.
#[derive(Default)]
struct Outgoing {
    chunks: Vec<Bytes>,
    bytes: usize,
}

impl Outgoing {
    fn push(&mut self, chunk: Bytes) {
        self.bytes += chunk.len();
        self.chunks.push(chunk);
    }

    async fn write(&mut self, stream: &mut SendStream) -> Result<(), WriteError> {
        if !self.chunks.is_empty() {
            stream.write_all_chunks(&mut self.chunks).await?;
            self.chunks.clear();
            self.bytes = 0;
        }
        Ok(())
    }
}

/// Brings one conversation of the session level.
async fn advance(
    push: &Push,
    history: &History,
    conversation: ConversationId,
    feed: Feed,
    out: &mut Outgoing,
    stream: &mut SendStream,
) -> Result<(), DeliveryError> {
    let Feed {
        timeline,
        mut position,
        end,
        announce,
        read,
        floor: told,
        generation,
        ..
    } = feed;
    if let Some(summary) = announce {
        out.push(frame::frame(&TimelineFrame::Conversation(*summary)));
    }
    if let Some((read, head)) = read {
        out.push(frame::frame(&TimelineFrame::Read {
            conversation,
            read,
            head,
        }));
    }
    let floor = timeline.floor();
    if floor > told && end.is_none() {
        out.push(frame::frame(&TimelineFrame::Floor {
            conversation,
            floor,
        }));
        push.told_floor(conversation, generation, floor);
    }
    let end = loop {
        position = position.max(timeline.floor());
        // Asked anew each time: while history is read, or the stream takes no more, the membership
        // may end.
        let bound = push.bound(conversation, generation);
        let (end, until) = match bound {
            FeedBound::Head => (None, timeline.shown()),
            FeedBound::Until(last) => (Some(last), last),
            FeedBound::Stale => return Ok(()),
        };
        let left = u32::try_from(until.above(position))
            .unwrap_or(u32::MAX)
            .min(RUN_MESSAGES_MAX);
        if left == 0 {
            break end;
        }
        let run = match timeline.read_tail(position.next(), RunLimits::of_messages(left)) {
            TailRead::CaughtUp => break end,
            TailRead::Hit(run) => run,
            TailRead::OnDisk => {
                if until.above(position) > PUSH_BACKLOG_MESSAGES_MAX {
                    out.push(frame::frame(&TimelineFrame::Behind {
                        conversation,
                        head: until,
                    }));
                    position = until;
                    push.advance(conversation, generation, position);
                    continue;
                }
                let range = PullRange::From(position.next());
                read_history(history, &timeline, range, left)
                    .await
                    .map_err(DeliveryError::History)?
            }
        };
        // The membership ended meanwhile, or what the run should begin with expired.
        if run.last() > until || push.bound(conversation, generation) != bound {
            continue;
        }
        if run.count == 0 {
            break end;
        }
        position = run.last();
        push.advance(conversation, generation, position);
        push_run(run, out);
        if out.bytes >= PUSH_BYTES_TARGET {
            out.write(stream).await?;
        }
    };
    if let Some(last) = end {
        out.push(frame::frame(&TimelineFrame::Removed { conversation, last }));
        push.remove(conversation, generation);
    }
    Ok(())
}

/// The run as a frame: a header of its own, and the entries as they lie in memory.
fn push_run(run: Run, out: &mut Outgoing) {
    let [header, entries] = TimelineFrame::run_parts(run);
    out.push(header);
    out.push(entries);
}

#[cfg(test)]
mod tests;
