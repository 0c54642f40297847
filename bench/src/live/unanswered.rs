//! Sends that wait for their answers.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use cairn_client::proto::ids::MsgId;
use cairn_client::{Accepted, Error};

/// The sends of one client that wait for their answers, oldest first.
#[derive(Debug, Default)]
pub(super) struct Unanswered(VecDeque<(Send, Accepted)>);

/// A send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Send {
    /// From when its latency counts.
    pub since: Instant,
    /// Which of the sender's groups it goes to.
    pub group: usize,
}

impl Unanswered {
    pub(super) fn push(&mut self, send: Send, accepted: Accepted) {
        self.0.push_back((send, accepted));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Waits until the oldest send is accepted, and takes it and all behind it that are accepted too into `accepted`. Waits for ever when
    /// there is none. Nothing is lost when the future is dropped before it is ready.
    ///
    /// # Errors
    /// When a send was refused, or the client has ended.
    pub(super) async fn accepted(&mut self, accepted: &mut Vec<Send>) -> Result<(), Error> {
        poll_fn(|context| self.poll(context, accepted)).await
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
        accepted: &mut Vec<Send>,
    ) -> Poll<Result<(), Error>> {
        let mut found = Poll::Pending;
        while let Some((send, answer)) = self.0.front_mut() {
            let Poll::Ready(answer) = Pin::new(answer).poll(context) else {
                break;
            };
            let send = *send;
            self.0.pop_front();
            let answer: Result<MsgId, Error> = answer;
            if let Err(error) = answer {
                return Poll::Ready(Err(error));
            }
            accepted.push(send);
            found = Poll::Ready(Ok(()));
        }
        found
    }
}
