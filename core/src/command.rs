//! Commands: what each needs in memory, and what it does.
//!
//! `prefetch` stands beside `execute`, so that what is loaded follows what is decided. A command
//! that is refused anyway loads nothing further.

use cairn_proto::ids::Timestamp;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::{
    Answer, Call, GroupRequest, MessageRequest, PeopleRequest, ReadingRequest, Request,
    ServerRequest, SessionRequest, Traits, Visit, Visitor,
};

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::prefetch::Load;
use crate::state::State;

/// A command to the state machine.
pub trait Command {
    /// What a command that is not refused returns.
    type Answer;

    /// Adds what must be loaded before [`Command::execute`]. What is neither in memory nor stored
    /// does not exist. Loading may reveal more to load, for at most
    /// [`crate::limits::PREFETCH_ROUNDS_MAX`] rounds.
    fn prefetch(&self, state: &State, loads: &mut Vec<Load>);

    /// Executes the command. The changes take effect in memory at once; they are durable, and may
    /// be published, with the batch.
    ///
    /// # Errors
    /// Why nothing was changed.
    fn execute(
        self,
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Self::Answer, ErrorCode>;

    /// Returns whether the command must be refused while the disk is nearly full. Cursor moves,
    /// recalls and expiry never are.
    fn grows_storage(&self) -> bool {
        false
    }
}

/// How the state machine handles one kind of request.
pub trait Handle: Call {
    /// As [`Command::prefetch`].
    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>);

    /// As [`Command::execute`]. The actor has been checked.
    ///
    /// # Errors
    /// Why nothing was changed.
    fn execute(self, state: &mut State, context: Context<'_>) -> Result<Self::Answer, ErrorCode>;
}

/// What a request is executed with.
#[derive(Debug)]
pub struct Context<'a> {
    pub actor: Actor,
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
            Request::Session(request) => return Err(request),
        })
    }
}

impl<C: Handle> Command for By<C> {
    type Answer = C::Answer;

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        self.1.prefetch(self.0, state, loads);
    }

    fn execute(
        self,
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<C::Answer, ErrorCode> {
        let Self(actor, call) = self;
        state.check_actor(actor)?;
        call.execute(state, Context { actor, now, batch })
    }
}

impl Asked {
    /// Returns what holds for this kind of request.
    const fn traits(&self) -> Traits {
        match self {
            Self::Message(request) => request.traits(),
            Self::Reading(request) => request.traits(),
            Self::Group(request) => request.traits(),
            Self::People(request) => request.traits(),
            Self::Server(request) => request.traits(),
        }
    }
}

/// What becomes of an answer whose type depends on the kind of the request.
pub trait Respond {
    /// The result for every kind.
    type Response;

    /// Takes the answer to a request of kind `C`.
    fn respond<C: Call>(self, answer: &C::Answer) -> Self::Response;
}

/// Encodes an answer by itself.
#[derive(Clone, Copy, Debug)]
pub struct Encode;

impl Respond for Encode {
    type Response = Answer;

    fn respond<C: Call>(self, answer: &C::Answer) -> Answer {
        Answer::to::<C>(answer)
    }
}

/// A request of any kind, and what becomes of its answer.
#[derive(Debug)]
pub struct Responding<R> {
    pub actor: Actor,
    pub asked: Asked,
    pub respond: R,
}

impl Command for By<Asked> {
    type Answer = Answer;

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        let Self(actor, asked) = self;
        prefetch(*actor, asked, state, loads);
    }

    fn execute(
        self,
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Answer, ErrorCode> {
        let Self(actor, asked) = self;
        let responding = Responding {
            actor,
            asked,
            respond: Encode,
        };
        responding.execute(state, now, batch)
    }

    fn grows_storage(&self) -> bool {
        self.1.traits().grows_storage
    }
}

impl<R: Respond> Command for Responding<R> {
    type Answer = R::Response;

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        prefetch(self.actor, &self.asked, state, loads);
    }

    fn execute(
        self,
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<R::Response, ErrorCode> {
        let Self {
            actor,
            asked,
            respond,
        } = self;
        state.check_actor(actor)?;
        let context = Context { actor, now, batch };
        let execute = Execute {
            state,
            context,
            respond,
        };
        match asked {
            Asked::Message(request) => request.visit(execute),
            Asked::Reading(request) => request.visit(execute),
            Asked::Group(request) => request.visit(execute),
            Asked::People(request) => request.visit(execute),
            Asked::Server(request) => request.visit(execute),
        }
    }

    fn grows_storage(&self) -> bool {
        self.asked.traits().grows_storage
    }
}

fn prefetch(actor: Actor, asked: &Asked, state: &State, loads: &mut Vec<Load>) {
    let prefetch = Prefetch {
        actor,
        state,
        loads,
    };
    match asked {
        Asked::Message(request) => request.visit_ref(prefetch),
        Asked::Reading(request) => request.visit_ref(prefetch),
        Asked::Group(request) => request.visit_ref(prefetch),
        Asked::People(request) => request.visit_ref(prefetch),
        Asked::Server(request) => request.visit_ref(prefetch),
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
        call.prefetch(self.actor, self.state, self.loads);
    }
}

struct Execute<'a, R> {
    state: &'a mut State,
    context: Context<'a>,
    respond: R,
}

impl<R: Respond> Visitor for Execute<'_, R> {
    type Output = Result<R::Response, ErrorCode>;
}

impl<C: Handle, R: Respond> Visit<C> for Execute<'_, R> {
    fn visit(self, call: C) -> Self::Output {
        let answer = call.execute(self.state, self.context)?;
        Ok(self.respond.respond::<C>(&answer))
    }
}
