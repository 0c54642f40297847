//! Tickets: what the sequencer decides, in the order of the intake.

use std::fmt;

use cairn_core::Actor;
use cairn_core::command::Asked;
use cairn_proto::wire::error::ErrorCode;
use tokio::sync::oneshot;

use crate::sequencer::decider::Decider;
use crate::sequencer::publication::Pending;
use crate::session::reply_to::ReplyTo;

#[derive(Debug)]
pub(crate) enum Ticket {
    Request {
        reply_to: ReplyTo,
        actor: Actor,
        asked: Asked,
        cost: u32,
    },
    Job {
        job: Box<dyn Job>,
        cost: u32,
    },
}

/// Commands of a task, which waits for their answer.
pub(crate) trait Job: Send {
    /// Executes the commands. The answer waits for the commit.
    fn decide(self: Box<Self>, decider: &mut Decider);

    /// Answers that nothing was executed.
    fn refuse(self: Box<Self>, code: ErrorCode);
}

impl Ticket {
    /// Returns what the decision costs, in cheap decisions.
    pub(crate) const fn cost(&self) -> u32 {
        match self {
            Self::Request { cost, .. } | Self::Job { cost, .. } => *cost,
        }
    }

    /// Sets what the decision costs.
    #[must_use]
    pub(crate) fn costing(mut self, new: u32) -> Self {
        let (Self::Request { cost, .. } | Self::Job { cost, .. }) = &mut self;
        *cost = new;
        self
    }

    pub(super) fn decide(self, decider: &mut Decider) {
        match self {
            Self::Request {
                reply_to,
                actor,
                asked,
                ..
            } => decider.answer(reply_to, actor, asked),
            Self::Job { job, .. } => job.decide(decider),
        }
    }

    /// Refuses the ticket because the store failed.
    pub(super) fn refuse(self, decider: &mut Decider) {
        match self {
            Self::Request { reply_to, .. } => decider.refuse(reply_to, ErrorCode::StorageFailed),
            Self::Job { job, .. } => job.refuse(ErrorCode::StorageFailed),
        }
    }
}

impl fmt::Debug for dyn Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Job")
    }
}

/// Creates a cheap ticket for what `decide` executes, and the receiver of its answer.
pub(crate) fn job<F, T>(decide: F) -> (Ticket, oneshot::Receiver<Result<T, ErrorCode>>)
where
    F: FnOnce(&mut Decider) -> Result<T, ErrorCode> + Send + 'static,
    T: Send + 'static,
{
    let (waiter, answer) = oneshot::channel();
    let job = Box::new(Waiting { decide, waiter });
    (Ticket::Job { job, cost: 1 }, answer)
}

struct Waiting<F, T> {
    decide: F,
    waiter: oneshot::Sender<Result<T, ErrorCode>>,
}

struct Decided<T> {
    answer: Result<T, ErrorCode>,
    waiter: oneshot::Sender<Result<T, ErrorCode>>,
}

impl<F, T> Job for Waiting<F, T>
where
    F: FnOnce(&mut Decider) -> Result<T, ErrorCode> + Send,
    T: Send + 'static,
{
    fn decide(self: Box<Self>, decider: &mut Decider) {
        let Self { decide, waiter } = *self;
        let answer = decide(decider);
        decider.answer_later(Box::new(Decided { answer, waiter }));
    }

    fn refuse(self: Box<Self>, code: ErrorCode) {
        // The task may be gone.
        drop(self.waiter.send(Err(code)));
    }
}

impl<T: Send> Pending for Decided<T> {
    fn refuse(&mut self, code: ErrorCode) {
        self.answer = Err(code);
    }

    fn send(self: Box<Self>) {
        drop(self.waiter.send(self.answer));
    }
}
