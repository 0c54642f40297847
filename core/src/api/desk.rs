//! Commands of the server itself about the support desk, and their answers.

use cairn_proto::ids::{ConversationId, LinkId, SendStreamId, Timestamp, UserId, VisitorId};
use cairn_proto::model::desk::{DeskInfo, QueueCounts, VisitorInquiry};
use cairn_proto::secret::DeskSecret;
use cairn_proto::text::{AttrName, AttrValue, DisplayName, Language};
use cairn_proto::wire::overview::Moment;
use cairn_proto::wire::request::session::OpenInquiry;

use crate::api::actor::Actor;
use crate::api::command::{Feed, StreamPast};
use crate::record::SecretHash;

/// What a shop signed about a visitor. The server has checked the signature, the key that it is for
/// and the times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The shop's name for the visitor.
    pub sub: AttrValue,
    pub name: Option<DisplayName>,
    pub attrs: Vec<(AttrName, AttrValue)>,
}

/// Looks up a key of the desk by its hash.
#[derive(Clone, Copy, Debug)]
pub struct FindDesk(pub SecretHash);

/// A key of the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundDesk {
    pub id: LinkId,
    /// The queue of visitors for whom no routing rule holds.
    pub queue: ConversationId,
    /// With which the shop signs who its visitors are.
    pub secret: DeskSecret,
    /// Whether only visitors with a signed identity may ask.
    pub requires_signature: bool,
}

/// Logs in a visitor. One who is not known has no inquiry, and is stored with the first one.
#[derive(Clone, Debug)]
pub struct VisitorLogin {
    /// The first eight bytes of `key`.
    pub visitor: VisitorId,
    /// The hash of the visitor's token, or of who the shop says that the visitor is.
    pub key: SecretHash,
    /// The hash of the desk's key.
    pub desk: SecretHash,
    pub stream: SendStreamId,
    pub stream_past: StreamPast,
    /// Whether the session wants entries pushed.
    pub push: bool,
}

/// A session of a visitor that starts.
#[derive(Clone, Debug)]
pub struct VisitorIn {
    pub actor: Actor,
    pub desk: DeskInfo,
    /// The open inquiry, or else the last one.
    pub inquiry: Option<VisitorInquiry>,
    /// Where push resumes. Empty without an inquiry, or unless the session wants entries pushed.
    pub feeds: Vec<Feed>,
    pub as_of: Moment,
    pub now: Timestamp,
}

/// Sends a message into a visitor's open inquiry, and opens one if there is none.
#[derive(Clone, Debug)]
pub struct OpenVisit {
    pub actor: Actor,
    /// As in [`VisitorLogin`].
    pub key: SecretHash,
    /// The hash of the desk's key.
    pub desk: SecretHash,
    pub claims: Option<Claims>,
    pub name: Option<DisplayName>,
    pub language: Option<Language>,
    pub request: OpenInquiry,
}

/// The first session of an agent that receives what is pushed began, or the last one ended.
#[derive(Clone, Copy, Debug)]
pub struct AgentPresence {
    pub user: UserId,
    pub present: bool,
}

/// Does what is due: offers that are over, absent agents, overflow, idle visitors, hours, and what
/// routing left to do. See [`crate::State::desk_due`].
#[derive(Clone, Copy, Debug)]
pub struct DeskDue;

/// The spans of time at which a queue with hours is open: ordered, disjoint, at most
/// [`crate::limits::HOURS_SPANS_MAX`]. Outside of them, and after the last one, it is closed. See
/// [`crate::State::queues_wanting_hours`].
#[derive(Clone, Debug)]
pub struct SetQueueHours {
    pub queue: ConversationId,
    /// From, and up to.
    pub spans: Vec<(Timestamp, Timestamp)>,
}

/// Asks for what the queues have to do, and for the places of waiting visitors.
#[derive(Clone, Debug)]
pub struct CountDesk {
    pub places_of: Vec<VisitorId>,
}

/// The answer to [`CountDesk`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskCounted {
    /// Ordered by id.
    pub queues: Vec<QueueCounts>,
    /// Those of the visitors who wait.
    pub places: Vec<QueuePlace>,
}

/// The place of a waiting visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueuePlace {
    pub visitor: VisitorId,
    /// How many are before them, and themselves.
    pub place: u32,
    /// How long others waited lately, in seconds.
    pub about_seconds: Option<u32>,
}

/// Makes a key of the desk. Answered with its id.
#[derive(Clone, Debug)]
pub struct MakeDeskKey {
    pub actor: Actor,
    /// The hash of the key.
    pub key: SecretHash,
    pub secret: DeskSecret,
    pub queue: ConversationId,
    pub requires_signature: bool,
}
