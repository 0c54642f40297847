//! Commands: what each needs in memory, and what it does.
//!
//! `prefetch` is defined next to `execute`, so that what is loaded matches what is decided. A
//! command that is refused anyway loads nothing further.

use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::{
    Answer, Call, DeskRequest, GroupRequest, MessageRequest, PeopleRequest, ReadingRequest,
    Request, ServerRequest, SessionRequest, Traits, Visit, Visitor,
};

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::prefetch::Load;
use crate::state::State;

/// A command to the state machine.
pub trait Command: Sized {
    /// What a command that is not refused returns.
    type Answer;
    /// What [`Command::prefetch`] found, so that [`Command::execute`] need not search it again.
    type Found;

    /// Adds what must be loaded before [`Command::execute`]. What is neither in memory nor stored
    /// does not exist. Loading may reveal more to load, for at most
    /// [`crate::limits::PREFETCH_ROUNDS_MAX`] rounds.
    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) -> Self::Found;

    /// Executes the command, with what the last `prefetch` found in the same state. The changes
    /// take effect in memory at once; they are durable, and may be published, with the batch.
    ///
    /// # Errors
    /// Why nothing was changed.
    fn execute(
        self,
        found: Self::Found,
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Self::Answer, ErrorCode>;

    /// Executes the command on a state that holds everything.
    ///
    /// # Errors
    /// As [`Command::execute`].
    fn run(
        self,
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Self::Answer, ErrorCode> {
        let found = self.prefetch(state, &mut Vec::new());
        self.execute(found, state, now, batch)
    }
}

/// How the state machine handles one kind of request.
pub trait Handle: Call {
    /// As [`Command::Found`].
    type Found;

    /// Whether a visitor of the support desk may make it. Mostly not.
    fn visits(&self) -> Visits {
        Visits::Refused
    }

    /// As [`Command::prefetch`].
    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) -> Self::Found;

    /// As [`Command::execute`]. The actor has been checked.
    ///
    /// # Errors
    /// Why nothing was changed.
    fn execute(
        self,
        state: &mut State,
        context: Context<'_, Self::Found>,
    ) -> Result<Self::Answer, ErrorCode>;
}

/// Whether a visitor of the support desk may make a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visits {
    Refused,
    /// It concerns whatever inquiry is theirs.
    Own,
    /// It is about this conversation, which must be theirs.
    In(ConversationId),
}

/// What a request is executed with.
#[derive(Debug)]
pub struct Context<'a, F = ()> {
    pub actor: Actor,
    pub found: F,
    pub now: Timestamp,
    pub batch: &'a mut Batch,
}

/// A request of a logged-in device.
#[derive(Clone, Debug)]
pub struct By<C>(pub Actor, pub C);

/// A request of any kind that the state machine executes alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Message(MessageRequest),
    Reading(ReadingRequest),
    Group(GroupRequest),
    People(PeopleRequest),
    Server(ServerRequest),
    Desk(DeskRequest),
}

impl TryFrom<Request> for Asked {
    type Error = SessionRequest;

    fn try_from(request: Request) -> Result<Self, SessionRequest> {
        Ok(match request {
            Request::Message(request) => Self::Message(request),
            Request::Reading(request) => Self::Reading(request),
            Request::Group(request) => Self::Group(request),
            Request::People(request) => Self::People(request),
            Request::Server(request) => Self::Server(request),
            Request::Desk(request) => Self::Desk(request),
            Request::Session(request) => return Err(request),
        })
    }
}

impl<C: Handle> Command for By<C> {
    type Answer = C::Answer;
    type Found = C::Found;

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) -> C::Found {
        if self.0.user == UserId::VISITOR {
            state.visiting(self.0, self.1.visits(), loads);
        }
        self.1.prefetch(self.0, state, loads)
    }

    fn execute(
        self,
        found: C::Found,
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<C::Answer, ErrorCode> {
        let Self(actor, call) = self;
        state.check_requester(actor, call.visits())?;
        let context = Context {
            actor,
            found,
            now,
            batch,
        };
        call.execute(state, context)
    }
}

/// What is done with a request once its kind is known.
pub trait Dispatch {
    /// The result for every kind.
    type Output;

    /// Handles a request of kind `C`.
    fn dispatch<C: Handle>(self, call: C) -> Self::Output;
}

impl Asked {
    /// Passes the request on as one of its kind.
    pub fn dispatch<D: Dispatch>(self, to: D) -> D::Output {
        match self {
            Self::Message(request) => request.visit(Each(to)),
            Self::Reading(request) => request.visit(Each(to)),
            Self::Group(request) => request.visit(Each(to)),
            Self::People(request) => request.visit(Each(to)),
            Self::Server(request) => request.visit(Each(to)),
            Self::Desk(request) => request.visit(Each(to)),
        }
    }

    /// Returns what holds for this kind of request.
    #[must_use]
    pub const fn traits(&self) -> Traits {
        match self {
            Self::Message(request) => request.traits(),
            Self::Reading(request) => request.traits(),
            Self::Group(request) => request.traits(),
            Self::People(request) => request.traits(),
            Self::Server(request) => request.traits(),
            Self::Desk(request) => request.traits(),
        }
    }
}

struct Each<D>(D);

impl<D: Dispatch> Visitor for Each<D> {
    type Output = D::Output;
}

impl<C: Handle, D: Dispatch> Visit<C> for Each<D> {
    fn visit(self, call: C) -> D::Output {
        self.0.dispatch(call)
    }
}

/// A request whose kind is not known to the caller. The answer is encoded.
impl Command for By<Asked> {
    type Answer = Answer;
    type Found = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        let Self(actor, asked) = self;
        let prefetch = Prefetch {
            actor: *actor,
            state,
            loads,
        };
        match asked {
            Asked::Message(request) => request.visit_ref(prefetch),
            Asked::Reading(request) => request.visit_ref(prefetch),
            Asked::Group(request) => request.visit_ref(prefetch),
            Asked::People(request) => request.visit_ref(prefetch),
            Asked::Server(request) => request.visit_ref(prefetch),
            Asked::Desk(request) => request.visit_ref(prefetch),
        }
    }

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Answer, ErrorCode> {
        let Self(actor, asked) = self;
        asked.dispatch(Run {
            actor,
            state,
            now,
            batch,
        })
    }
}

struct Prefetch<'a> {
    actor: Actor,
    state: &'a State,
    loads: &'a mut Vec<Load>,
}

impl Visitor for Prefetch<'_> {
    type Output = ();
}

impl<C: Handle> Visit<&C> for Prefetch<'_> {
    fn visit(self, call: &C) {
        if self.actor.user == UserId::VISITOR {
            self.state.visiting(self.actor, call.visits(), self.loads);
        }
        call.prefetch(self.actor, self.state, self.loads);
    }
}

struct Run<'a> {
    actor: Actor,
    state: &'a mut State,
    now: Timestamp,
    batch: &'a mut Batch,
}

impl Dispatch for Run<'_> {
    type Output = Result<Answer, ErrorCode>;

    fn dispatch<C: Handle>(self, call: C) -> Self::Output {
        let Self {
            actor,
            state,
            now,
            batch,
        } = self;
        let answer = By(actor, call).run(state, now, batch)?;
        Ok(Answer::to::<C>(&answer))
    }
}
