//! A session's position in one conversation.

use std::sync::Arc;
use std::time::Duration;

use cairn_proto::ids::MsgId;
use cairn_proto::model::conversation::Conversation;
use cairn_store::timeline::Timeline;

#[derive(Clone, Debug)]
pub(crate) struct Feed {
    pub(crate) timeline: Arc<Timeline>,
    /// The last entry that was pushed, or that the device already had.
    pub(crate) position: MsgId,
    /// The entry that ended the membership.
    pub(crate) end: Option<MsgId>,
    /// A summary to push before the entries: the conversation is new to the user, or changed.
    pub(crate) announce: Option<Box<Conversation>>,
    /// The user's read cursor and the head at that time, if not pushed yet.
    pub(crate) read: Option<(MsgId, MsgId)>,
    /// The highest floor that the session knows of.
    pub(crate) floor: MsgId,
    /// Coalescing delay after this conversation was pushed.
    pub(crate) push_delay: Duration,
    pub(crate) generation: Generation,
    pub(super) dirty: bool,
}

/// Distinguishes the successive feeds of one conversation: a new membership has a new generation,
/// so that work begun for the old one cannot touch it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Generation(pub(super) u64);

/// How far a feed may push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FeedBound {
    /// Up to the head that sessions may see.
    Head,
    /// Up to the entry that ended the membership.
    Until(MsgId),
    /// The feed was removed or replaced.
    Stale,
}

impl Feed {
    /// Creates the feed of a conversation that the client learned of at login.
    #[must_use]
    pub(crate) fn resumed(timeline: Arc<Timeline>, position: MsgId, floor: MsgId) -> Self {
        let (push_delay, generation) = (Duration::ZERO, Generation::default());
        Self {
            timeline,
            position,
            end: None,
            announce: None,
            read: None,
            floor,
            push_delay,
            generation,
            dirty: false,
        }
    }

    /// Creates the feed of a conversation that is new to the user.
    #[must_use]
    pub(crate) fn joined(
        timeline: Arc<Timeline>,
        position: MsgId,
        announce: Box<Conversation>,
    ) -> Self {
        let floor = announce.floor;
        Self {
            announce: Some(announce),
            ..Self::resumed(timeline, position, floor)
        }
    }
}
