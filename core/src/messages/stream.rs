//! The send streams that are remembered for a device.
//!
//! A stream opens with its first send. Of the streams that are not named, the least recently used
//! one is forgotten when there are too many, with everything that a retry on it could ask for. So a
//! stream that was forgotten must not open again: its retries would be stored a second time.

use cairn_proto::ids::{Revision, SendStreamId};

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::command::StreamPast;
use crate::limits::SEND_STREAMS_PER_DEVICE_MAX;
use crate::record::UsedStream;
use crate::state::State;

impl State {
    /// The batch up to which no send was made on the stream of a session that starts now.
    pub(crate) fn stream_began(&self, past: StreamPast) -> Revision {
        match past {
            StreamPast::New => self.revisions.moment().revision,
            StreamPast::Resumed(began) => began
                .and_then(|began| self.revisions.past(began))
                .unwrap_or_default(),
        }
    }

    /// Returns whether an unknown stream of the actor may have been used and forgotten since it
    /// began.
    pub(crate) fn may_have_forgotten(&self, actor: Actor) -> bool {
        // A stream is forgotten once all that are remembered were used after it.
        !actor.stream.is_named()
            && self
                .recent_streams(actor)
                .nth(SEND_STREAMS_PER_DEVICE_MAX - 1)
                .is_some_and(|oldest| oldest.used_at > actor.stream_began)
    }

    /// Makes the stream of a new send the most recently used one of its device, and opens it if it
    /// is unknown. Returns the ordinal of the send.
    pub(crate) fn use_stream(&mut self, actor: Actor, batch: &mut Batch) -> u64 {
        if !self.is_latest_stream(actor) {
            let forgotten = self.forgotten_for(actor);
            self.make(
                &Change::StreamOpened {
                    user: actor.user,
                    device: actor.device,
                    stream: actor.stream,
                    forgotten,
                },
                batch,
            );
        }
        self.streams
            .get_mut(&(actor.device, actor.stream))
            .map_or(1, |stream| {
                stream.is_latest = true;
                stream.next_place()
            })
    }

    fn is_latest_stream(&self, actor: Actor) -> bool {
        let is_own = |used: &UsedStream| used.stream == actor.stream;
        if actor.stream.is_named() {
            return self.streams_of(actor.user, actor.device).iter().any(is_own);
        }
        self.recent_streams(actor).next().is_some_and(is_own)
    }

    /// The stream to forget when the actor's becomes the most recently used one.
    fn forgotten_for(&self, actor: Actor) -> Option<SendStreamId> {
        if actor.stream.is_named() {
            return None;
        }
        self.recent_streams(actor)
            .map(|used| used.stream)
            .filter(|&known| known != actor.stream)
            .nth(SEND_STREAMS_PER_DEVICE_MAX - 1)
    }

    /// The streams of the actor's device that can be forgotten, most recently used first.
    fn recent_streams(&self, actor: Actor) -> impl Iterator<Item = &UsedStream> {
        self.streams_of(actor.user, actor.device)
            .iter()
            .filter(|used| !used.stream.is_named())
    }
}
