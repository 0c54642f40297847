//! A session's position in one conversation.

use std::sync::Arc;
use std::time::Duration;

use cairn_proto::ids::MsgId;
use cairn_proto::model::conversation::Conversation;
use cairn_store::timeline::Timeline;

/// Where a session is in one conversation.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    /// The conversation's log.
    pub(crate) timeline: Arc<Timeline>,
    /// The last entry that was pushed, or that the device had before.
    pub(crate) position: MsgId,
    /// The entry that ended the membership.
    pub(crate) end: Option<MsgId>,
    /// What the session is pending of the conversation first: it is new to the user, or something
    /// about it is.
    pub(crate) announce: Option<Box<Conversation>>,
    /// How far the user has read, by the head that the log had then, when the session has not been
    /// pending.
    pub(crate) read: Option<(MsgId, MsgId)>,
    /// The last entry of which the session knows that it is gone on purpose.
    pub(crate) floor: MsgId,
    /// How long the session rests once this was pushed.
    pub(crate) push_delay: Duration,
    /// Which of the feeds it is that the conversation has had, one after the other.
    pub(crate) generation: Generation,
    pub(super) dirty: bool,
}

/// Tells the feeds of a session apart. A membership that ends and begins anew has another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Generation(pub(super) u64);

/// How far what a feed pushes goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FeedBound {
    /// As far as sessions are shown the log.
    Head,
    /// Up to the entry that ended the membership.
    Until(MsgId),
    /// The feed is no more, or another is in its place.
    Stale,
}

impl Feed {
    /// A feed of a conversation that the client learned of at login, with its floor.
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

    /// A feed of a conversation that is new to the user.
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
