//! Jobs: what tasks of the server ask of the sequencer, each with an answer of its own type.

use std::fmt;

use cairn_proto::wire::error::ErrorCode;
use tokio::sync::oneshot;

use crate::sequencer::decider::Decider;
use crate::sequencer::intake::Ticket;

/// Commands of a task, which waits for their answer.
pub(crate) trait Job: Send {
    /// Executes the commands. The answer is kept until the batch is durable.
    fn decide(&mut self, decider: &mut Decider);

    /// Replaces the answer.
    fn refuse(&mut self, code: ErrorCode);

    /// Sends the answer to the task.
    fn answer(self: Box<Self>);
}

impl fmt::Debug for dyn Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Job")
    }
}

struct Waiting<F, T> {
    decide: Option<F>,
    answer: Option<Result<T, ErrorCode>>,
    waiter: oneshot::Sender<Result<T, ErrorCode>>,
}

/// Creates a ticket for what `decide` executes, and the receiver of its answer.
pub(crate) fn job<F, T>(decide: F) -> (Ticket, oneshot::Receiver<Result<T, ErrorCode>>)
where
    F: FnOnce(&mut Decider) -> Result<T, ErrorCode> + Send + 'static,
    T: Send + 'static,
{
    let (waiter, answer) = oneshot::channel();
    let job = Waiting {
        decide: Some(decide),
        answer: None,
        waiter,
    };
    (Ticket::Job(Box::new(job)), answer)
}

impl<F, T> Job for Waiting<F, T>
where
    F: FnOnce(&mut Decider) -> Result<T, ErrorCode> + Send,
    T: Send,
{
    fn decide(&mut self, decider: &mut Decider) {
        if let Some(decide) = self.decide.take() {
            self.answer = Some(decide(decider));
        }
    }

    fn refuse(&mut self, code: ErrorCode) {
        self.answer = Some(Err(code));
    }

    fn answer(self: Box<Self>) {
        if let Some(answer) = self.answer {
            // The task may be gone.
            drop(self.waiter.send(answer));
        }
    }
}
