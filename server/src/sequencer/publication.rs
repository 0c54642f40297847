//! A publication: the updates, registrations and replies of one batch, from the sequencer to the
//! hub.

use std::fmt;
use std::sync::Arc;

use cairn_core::Actor;
use cairn_core::api::command::{Feed, Grant};
use cairn_core::api::update::Update;
use cairn_core::state::settings::Settings;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId, VisitorId};
use cairn_proto::model::desk::VisitorInquiry;
use cairn_proto::model::presence::UserPresence;
use cairn_proto::model::receipts::{MemberCursors, Reads};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::frame;
use cairn_proto::wire::response::ServerFrame;
use cairn_store::timeline::Timeline;
use tokio::sync::oneshot;

use crate::session::Session;
use crate::session::reply_to::ReplyTo;

#[derive(Debug, Default)]
pub(crate) struct Publication {
    /// In the order of the decisions.
    pub(crate) steps: Vec<Step>,
    /// Timelines with new entries, and their heads after the batch.
    pub(crate) grown: Vec<(Arc<Timeline>, MsgId)>,
    pub(crate) responses: Responses,
    /// Answers that tasks of the server wait for.
    pub(crate) answers: Vec<Box<dyn Pending>>,
}

/// An answer that is sent once its batch is durable.
pub(crate) trait Pending: Send {
    /// Replaces the answer.
    fn refuse(&mut self, code: ErrorCode);

    /// Sends the answer.
    fn send(self: Box<Self>);
}

impl fmt::Debug for dyn Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending")
    }
}

/// One step of a publication.
///
/// Updates and registrations share one order: a session that was registered before a kick or a
/// block is found by it, and one registered after it was decided with the newer state.
#[derive(Debug)]
pub(crate) enum Step {
    Update(Update),
    /// Cursors of a member of a focused conversation moved.
    Moved {
        conversation: ConversationId,
        cursors: MemberCursors,
    },
    /// A setting was set. Has all of them.
    Settings(Box<Settings>),
    /// A user became an agent, changed as one, or is none any longer.
    Agent {
        user: UserId,
        is_agent: bool,
    },
    /// The first deadline of the desk changed.
    DeskDue(Option<Timestamp>),
    Register(Registration),
}

/// What a session may do from now on, until an update revokes it.
#[derive(Debug)]
pub(crate) enum Registration {
    Login {
        session: Arc<Session>,
        actor: Actor,
        feeds: Vec<Feed>,
    },
    /// A visitor of the support desk.
    Visit {
        session: Arc<Session>,
        actor: Actor,
        inquiry: Option<Box<VisitorInquiry>>,
        feeds: Vec<Feed>,
    },
    /// What a visitor said in an inquiry, which may have opened it.
    Inquiry {
        visitor: VisitorId,
        inquiry: Box<VisitorInquiry>,
    },
    Read {
        session: Arc<Session>,
        grant: Grant,
    },
    Watch {
        session: Arc<Session>,
        users: Vec<UserId>,
        /// Receives the presences as of the registration.
        presences: oneshot::Sender<Vec<UserPresence>>,
    },
    Focus {
        session: Arc<Session>,
        conversation: Option<ConversationId>,
        /// Whether the session sees read receipts.
        reads: Reads,
    },
}

/// Encoded responses to requests of sessions, in the order of the decisions.
#[derive(Debug, Default)]
pub(crate) struct Responses {
    /// The frames, one after another.
    bytes: Vec<u8>,
    frames: Vec<Response>,
}

#[derive(Debug)]
struct Response {
    reply_to: ReplyTo,
    /// Where its frame ends.
    end: usize,
}

impl Publication {
    /// Creates an empty publication after this one, with room for as many responses.
    pub(super) fn next(&self) -> Self {
        let Responses { bytes, frames } = &self.responses;
        let responses = Responses {
            bytes: Vec::with_capacity(bytes.len()),
            frames: Vec::with_capacity(frames.len()),
        };
        Self {
            responses,
            ..Self::default()
        }
    }

    #[must_use]
    pub(crate) const fn is_empty(&self) -> bool {
        self.steps.is_empty()
            && self.grown.is_empty()
            && self.responses.frames.is_empty()
            && self.answers.is_empty()
    }

    /// Drops the updates and registrations, and replaces all replies by a refusal.
    pub(super) fn refuse(&mut self, code: ErrorCode) {
        self.steps.clear();
        self.grown.clear();
        let Responses { frames, .. } = std::mem::take(&mut self.responses);
        for Response { reply_to, .. } in frames {
            self.responses.add(reply_to, |_| Err(code));
        }
        for answer in &mut self.answers {
            answer.refuse(code);
        }
    }
}

impl Responses {
    /// Adds a response: the frame that `answer` appends, or a refusal if it fails.
    pub(super) fn add(
        &mut self,
        reply_to: ReplyTo,
        answer: impl FnOnce(&mut Vec<u8>) -> Result<(), ErrorCode>,
    ) {
        if let Err(code) = answer(&mut self.bytes) {
            let refusal = ServerFrame::Response(reply_to.id, Err(code));
            frame::write(&refusal, &mut self.bytes);
        }
        let end = self.bytes.len();
        self.frames.push(Response { reply_to, end });
    }

    /// Copies the responses to the outboxes. Consecutive ones to one session wake it once.
    pub(crate) fn deliver(self) {
        let Self { bytes, frames } = self;
        let mut start = 0;
        let is_same = |one: &Response, next: &Response| {
            Arc::ptr_eq(&one.reply_to.session, &next.reply_to.session)
        };
        for run in frames.chunk_by(is_same) {
            let Some(Response { reply_to, end }) = run.last() else {
                continue;
            };
            let session = &reply_to.session;
            let frames = bytes.get(start..*end).unwrap_or_default();
            let reserved = run.iter().map(|response| response.reply_to.reserved).sum();
            session.outbox.add(run.len(), reserved, frames);
            session.outbox.wake();
            start = *end;
        }
    }
}
