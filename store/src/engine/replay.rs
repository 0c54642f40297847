//! Bringing memory to where the log ends, at the start.

use bytes::Bytes;
use cairn_proto::ids::ConversationId;
use cairn_proto::wire::codec::DecodeError;
use hashbrown::HashSet;

use crate::engine::ReplayError;
use crate::timeline::{Timeline, Timelines};
use crate::trees::rows_in::Loader;
use cairn_core::api::change::Appended;
use cairn_core::{Change, State, api::batch};

/// The conversations that the log changes, which the next checkpoint must see to.
#[derive(Debug, Default)]
pub(crate) struct Replayed {
    /// Those with entries.
    pub(crate) grown: HashSet<ConversationId>,
    /// Those whose floor rose.
    pub(crate) expired: HashSet<ConversationId>,
}

/// Applies a batch of the log to the state that the trees gave, which may be as old as the
/// checkpoint or newer in parts.
pub(crate) fn apply(
    state: &mut State,
    loader: &Loader,
    timelines: &Timelines,
    replayed: &mut Replayed,
    payload: Bytes,
) -> Result<(), ReplayError> {
    batch::replay(payload, |change, entry| {
        for need in state.loads_for(&change) {
            loader.load(state, need)?;
        }
        if let Change::Appended(Appended {
            conversation,
            msgid,
            ..
        }) = change
        {
            if replayed.grown.insert(conversation) {
                // Everything before the first entry in the log is in blocks for certain. What they
                // hold beyond it was written by a checkpoint that did not come to its end, and is
                // written again.
                let floor = timelines
                    .get(conversation)
                    .map_or(msgid.prev(), |timeline| timeline.floor());
                timelines.put(Timeline::new(conversation, floor, msgid.prev()));
            }
            let timeline = timelines.get(conversation).ok_or(DecodeError::Malformed)?;
            let head = timeline.publish(msgid, [Bytes::copy_from_slice(&entry)])?;
            timeline.show(head);
        }
        if let Change::FloorRaised {
            conversation,
            floor,
        } = change
            && let Some(timeline) = timelines.get(conversation)
        {
            timeline.raise_floor(floor);
            replayed.expired.insert(conversation);
        }
        if let Change::Rewritten {
            conversation,
            msgid,
            ..
        } = change
        {
            let timeline = timelines.get(conversation).ok_or(DecodeError::Malformed)?;
            timeline.rewrite(msgid, Bytes::copy_from_slice(&entry));
        }
        state.apply(&change);
        Ok(())
    })
}
