//! The timeline stream of one session. It writes, for each followed conversation, everything
//! between the session's position and the head, as fast as the stream accepts it.
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
use cairn_proto::wire::event::{TimelineFrame, Update};
use cairn_proto::wire::frame;
use cairn_proto::wire::request::session::PullRange;

use crate::delivery::feed::{Feed, FeedBound};
use crate::delivery::push::Push;
use crate::history::Reader;
use crate::limits;
use crate::limits::PUSH_BYTES_TARGET;
use crate::session::Session;
use crate::transport::{Connection, SendStream, StreamError};
use cairn_store::blocks::run::RunLimits;
use cairn_store::timeline::TailRead;

#[derive(Debug, thiserror::Error)]
pub(crate) enum DeliveryError {
    #[error("the timeline stream ended: {0}")]
    Stream(#[from] StreamError),
    #[error("cannot read messages to push: {0}")]
    History(ErrorCode),
}

/// Writes unread entries and updates until the session ends.
pub(crate) async fn deliver(
    session: Arc<Session>,
    history: Reader,
    mut stream: SendStream,
) -> Result<(), DeliveryError> {
    let Some(push) = &session.push else {
        return Ok(());
    };
    let (mut out, mut delay) = (Outgoing::default(), Duration::ZERO);
    let mut closed = pin!(session.connection.closed());
    loop {
        tokio::select! {
            biased;
            () = push.news(std::mem::take(&mut delay)) => {}
            // A quiet stream reports no error by itself.
            lost = &mut closed => return Err(StreamError::Lost(lost).into()),
        }
        while let Some((conversation, feed)) = push.next() {
            delay = delay.max(coalescing_delay(&session.connection, feed.push_delay));
            advance(push, &history, conversation, feed, &mut out, &mut stream).await?;
        }
        for update in push.drain_pending().into_values() {
            out.push_update(update);
        }
        out.write(&mut stream).await?;
    }
}

/// Returns how long to coalesce after pushing a conversation that asks for a delay of `wanted`. A
/// long round trip means that packets queue somewhere, and more packets would only lengthen the
/// queue.
fn coalescing_delay(connection: &Connection, wanted: Duration) -> Duration {
    if wanted.is_zero() {
        wanted
    } else {
        wanted
            .max(connection.rtt() / limits::COALESCING_DELAYS_PER_ROUND_TRIP)
            .min(limits::QUEUEING_DELAY_MAX)
    }
}

/// Chunks written together: the cost is per packet, not per byte.
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

    fn push_update(&mut self, update: Update) {
        self.push(frame::frame(&TimelineFrame::Update(update)));
    }

    async fn write(&mut self, stream: &mut SendStream) -> Result<(), StreamError> {
        if !self.chunks.is_empty() {
            stream.write_all(&mut self.chunks).await?;
            self.chunks.clear();
            self.bytes = 0;
        }
        Ok(())
    }
}

/// Pushes one conversation up to its head.
async fn advance(
    push: &Push,
    history: &Reader,
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
        floor: known_floor,
        generation,
        ..
    } = feed;
    if let Some(summary) = announce {
        out.push_update(Update::Conversation(*summary));
    }
    if let Some((read, head)) = read {
        out.push_update(Update::Read {
            conversation,
            read,
            head,
        });
    }
    let floor = timeline.floor();
    if floor > known_floor && end.is_none() {
        out.push_update(Update::Floor {
            conversation,
            floor,
        });
        push.set_floor(conversation, generation, floor);
    }
    let end = loop {
        position = position.max(timeline.floor());
        // Read again in each iteration: the membership may end while history is read or the stream
        // is blocked.
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
                history
                    .read(&timeline, range, left)
                    .await
                    .map_err(DeliveryError::History)?
            }
        };
        // Either the membership ended during the read, or the first entry of the run expired.
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
        out.push_update(Update::Removed { conversation, last });
        push.remove(conversation, generation);
    }
    Ok(())
}

/// Queues a run as a header and the entries, which stay shared with the tail.
fn push_run(run: Run, out: &mut Outgoing) {
    let [header, entries] = TimelineFrame::run_parts(run);
    out.push(header);
    out.push(entries);
}

#[cfg(test)]
mod tests;
