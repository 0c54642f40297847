//! Registrations of a session with the hub, as jobs for the sequencer.
//!
//! The hub applies them in the order of the decisions. If the tasks of the session applied them, a
//! kick, block or revocation decided in between would miss the session.

use std::sync::Arc;

use cairn_core::api::command::{
    AddDevice, Grant, GrantFocus, GrantRead, Join, LoggedIn, Login, Reset,
};
use cairn_core::api::desk::{VisitorIn, VisitorLogin};
use cairn_core::command::By;
use cairn_core::{Actor, Command, State};
use cairn_proto::ids::{ConversationId, DeviceId, UserId};
use cairn_proto::model::presence::UserPresence;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::session::Watch;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::fairness::seats::Seats;
use crate::principal::Principal;
use crate::sequencer::publication::Registration;
use crate::sequencer::ticket::{Ticket, job};
use crate::session::Session;

/// A ticket, and the receiver of its answer.
pub(crate) type Submission<T> = (Ticket, oneshot::Receiver<Result<T, ErrorCode>>);

/// A command that begins a session.
pub(crate) trait Begin: Command<Answer = Box<LoggedIn>> + Send + 'static {
    /// Returns the user and device of the session, unless the command creates the user.
    fn who(&self, state: &State) -> Option<(UserId, DeviceId)>;
}

impl Begin for Login {
    fn who(&self, state: &State) -> Option<(UserId, DeviceId)> {
        state.device_with(&self.token)
    }
}

impl Begin for AddDevice {
    fn who(&self, _: &State) -> Option<(UserId, DeviceId)> {
        Some((self.user, self.device.id))
    }
}

impl Begin for Reset {
    fn who(&self, state: &State) -> Option<(UserId, DeviceId)> {
        Some((state.reset_of(&self.token)?, self.device.id))
    }
}

impl Begin for Join {
    fn who(&self, _: &State) -> Option<(UserId, DeviceId)> {
        None
    }
}

/// Registers the session as the device that logs in.
pub(crate) fn log_in(
    session: Arc<Session>,
    seats: Arc<Seats>,
    command: impl Begin,
) -> Submission<Box<LoggedIn>> {
    job(move |decider| {
        // Before the command: a refused login must change nothing, and cost little.
        let who = command.who(decider.state());
        if let Some((user, device)) = who {
            seats.take(&session, user.into(), device, Instant::now())?;
        }
        let mut logged_in = decider
            .execute(command)
            .inspect_err(|_| seats.leave(&session))?;
        if who.is_none() {
            let Actor { user, device, .. } = logged_in.actor;
            seats.take(&session, user.into(), device, Instant::now())?;
        }
        decider.register(Registration::Login {
            session,
            actor: logged_in.actor,
            feeds: std::mem::take(&mut logged_in.feeds),
        });
        Ok(logged_in)
    })
}

/// Registers the session as that of a visitor of the support desk.
pub(crate) fn visit(
    session: Arc<Session>,
    seats: Arc<Seats>,
    command: VisitorLogin,
) -> Submission<VisitorIn> {
    job(move |decider| {
        let visitor = command.visitor;
        let principal = Principal::Inquiry(visitor);
        // Before the command, as for users.
        seats.take(&session, principal, visitor.device(), Instant::now())?;
        let mut visiting = decider
            .execute(command)
            .inspect_err(|_| seats.leave(&session))?;
        decider.register(Registration::Visit {
            session,
            actor: visiting.actor,
            inquiry: visiting.inquiry.clone().map(Box::new),
            feeds: std::mem::take(&mut visiting.feeds),
        });
        Ok(visiting)
    })
}

/// Lets the session read a conversation. For one who is no member this is of the moment: no update
/// would revoke it.
pub(crate) fn read(
    session: Arc<Session>,
    actor: Actor,
    conversation: ConversationId,
) -> Submission<Grant> {
    job(move |decider| {
        let grant = decider.execute(GrantRead {
            actor,
            conversation,
        })?;
        if grant.is_member {
            decider.register(Registration::Read { session, grant });
        }
        Ok(grant)
    })
}

/// Watches users. With the answer, the receiver has the presences as of the registration.
pub(crate) fn watch(
    session: Arc<Session>,
    actor: Actor,
    users: Vec<UserId>,
) -> Submission<oneshot::Receiver<Vec<UserPresence>>> {
    job(move |decider| {
        let allowed = decider.execute(By(actor, Watch { users }))?;
        let (presences, registered) = oneshot::channel();
        decider.register(Registration::Watch {
            session,
            users: allowed.0.into_iter().map(|allowed| allowed.user).collect(),
            presences,
        });
        Ok(registered)
    })
}

/// Changes the session's focus.
pub(crate) fn focus(
    session: Arc<Session>,
    actor: Actor,
    conversation: Option<ConversationId>,
) -> Submission<()> {
    job(move |decider| {
        let reads = decider.execute(GrantFocus {
            actor,
            conversation,
        })?;
        decider.register(Registration::Focus {
            session,
            conversation,
            reads,
        });
        Ok(())
    })
}
