//! Replay of the log at the start.

use bytes::Bytes;
use cairn_proto::ids::ConversationId;
use cairn_proto::wire::codec::DecodeError;
use hashbrown::HashSet;

use crate::engine::error::ReplayError;
use crate::timeline::{Timeline, Timelines};
use crate::trees::rows_in::Loader;
use cairn_core::api::change::Appended;
use cairn_core::api::kinds::Kinds;
use cairn_core::{Change, State, api::batch};

/// The conversations that the log changes, for the next checkpoint.
#[derive(Debug, Default)]
pub(crate) struct Replayed {
    pub(crate) grown: HashSet<ConversationId>,
    pub(crate) expired: HashSet<ConversationId>,
}

/// Applies a batch of the log to the state from the trees, parts of which may be newer than the
/// checkpoint. Returns the kinds of its changes.
pub(crate) fn apply(
    state: &mut State,
    loader: &Loader,
    timelines: &Timelines,
    replayed: &mut Replayed,
    payload: Bytes,
) -> Result<Kinds, ReplayError> {
    let mut kinds = Kinds::NONE;
    batch::replay::<ReplayError>(payload, |change, entry| {
        kinds = kinds.with(change.kind());
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
                // Everything before the first entry in the log is certainly in blocks. If the
                // blocks hold more, an interrupted checkpoint wrote it, and the next one writes it
                // again.
                let floor = timelines
                    .get(conversation)
                    .map_or(msgid.prev(), |timeline| timeline.floor());
                timelines.put(Timeline::new(conversation, floor, msgid.prev()));
            }
            let timeline = timelines.get(conversation).ok_or(DecodeError::Malformed)?;
            let head = timeline.publish(msgid, [Bytes::copy_from_slice(&entry)])?;
            timeline.show(head);
        }
        if let Change::Conversation(id, _) = change {
            timelines.begin(id);
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
    })?;
    Ok(kinds)
}
