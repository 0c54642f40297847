//! A timeline: every message of a conversation once and in order, across reconnects.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use cairn_proto::content::message::{Entry, Message, Run, unpack_entry};
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::wire::request::Answer;
use cairn_proto::wire::request::session::{Pull, PullRange};
use futures_core::Stream;
use tokio::sync::oneshot;

use crate::error::Error;
use crate::session::handle::Handle;
use crate::session::state::in_flight::{MALFORMED, Waiter};
use crate::stream::follow::{Broken, Extent, Follower, Step, split_first};

/// The messages of one conversation from a position on: each one once, in order, across reconnects
/// and server restarts.
///
/// Created by [`crate::view::Conversation::follow`] and [`crate::view::Conversation::history`].
/// Implements [`Stream`]. Numbers are consecutive, except that messages are skipped which have
/// expired, or which precede what the user may see; see [`Timeline::floor`].
///
/// Buffers at most [`crate::limits::TIMELINE_BUFFER_BYTES_MAX`] and one page. A slow reader loses
/// nothing: what does not fit is pulled later. Following does not acknowledge anything; see
/// [`crate::view::Conversation::ack`].
///
/// All methods are cancel-safe: dropping a future, for instance in a `select!`, loses no message.
#[derive(Debug)]
pub struct Timeline {
    handle: Arc<Handle>,
    conversation: ConversationId,
    key: u64,
    /// The run being delivered.
    current: Run,
    /// The pull in flight.
    page: Option<oneshot::Receiver<Result<Answer, Error>>>,
    status: Status,
}

#[derive(Debug)]
enum Status {
    Open,
    /// An error to report once, before the end.
    Failed(Error),
    Over,
}

impl Timeline {
    pub(crate) fn new(
        handle: Arc<Handle>,
        conversation: ConversationId,
        from: MsgId,
        extent: Extent,
    ) -> Self {
        let key = {
            let mut state = handle.shared.state.lock();
            let key = state.new_key();
            state
                .followers
                .add(Follower::new(key, conversation, from, extent));
            key
        };
        let status = if extent == Extent::Endless && !handle.push {
            Status::Failed(Error::PushIsOff)
        } else {
            Status::Open
        };
        let current = Run {
            conversation,
            first: from,
            count: 0,
            entries: Bytes::new(),
        };
        Self {
            handle,
            conversation,
            key,
            current,
            page: None,
            status,
        }
    }

    /// Returns the conversation.
    #[must_use]
    pub const fn conversation(&self) -> ConversationId {
        self.conversation
    }

    /// Returns the last message known to have expired, or to precede what the user may see; 0 if
    /// there is none. All messages that this timeline skips are at or below it; any other gap is
    /// reported as an error.
    #[must_use]
    pub fn floor(&self) -> MsgId {
        let mut state = self.handle.shared.state.lock();
        state
            .followers
            .get_mut(self.conversation, self.key)
            .map_or(MsgId::ZERO, |follower| follower.floor())
    }

    /// Waits for the next message. Returns `None` at the end: the user is no longer a member, a
    /// history is complete, or the client was closed.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound` if the user may not read the conversation,
    /// [`Error::PushIsOff`] for [`crate::view::Conversation::follow`] without push, or a [terminal
    /// error](Error#terminal-errors). Returns `None` after an error.
    pub async fn next(&mut self) -> Option<Result<Message, Error>> {
        poll_fn(|context| self.poll_message(context)).await
    }

    fn poll_message(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Message, Error>>> {
        if self.current.count == 0 {
            match ready!(self.poll_fill(context)) {
                Some(Ok(())) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        let (conversation, msgid) = (self.conversation, self.current.first);
        let read = split_first(&mut self.current).and_then(|entry| Ok(unpack_entry(&entry)?));
        Poll::Ready(Some(match read {
            Ok(Entry {
                sender,
                sent_at,
                body,
                extras,
            }) => Ok(Message {
                conversation,
                msgid,
                sender,
                sent_at,
                body,
                extras,
            }),
            Err(broken) => Err(self.fail(broken)),
        }))
    }

    /// Returns all messages that have arrived, or waits for the next ones. Never empty. Otherwise
    /// like [`Timeline::next`].
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound` if the user may not read the conversation,
    /// [`Error::PushIsOff`] for a timeline without end and without push, or a [terminal
    /// error](Error#terminal-errors). Returns `None` after an error.
    pub async fn next_batch(&mut self) -> Option<Result<Vec<Message>, Error>> {
        Some(match self.next_run().await? {
            Ok(run) => run.messages().map_err(|error| self.fail(error.into())),
            Err(error) => Err(error),
        })
    }

    /// Returns messages in packed form, for programs that relay or count them. Otherwise like
    /// [`Timeline::next_batch`].
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound` if the user may not read the conversation,
    /// [`Error::PushIsOff`] for a timeline without end and without push, or a [terminal
    /// error](Error#terminal-errors). Returns `None` after an error.
    pub async fn next_run(&mut self) -> Option<Result<Run, Error>> {
        if self.current.count == 0 {
            let filled = poll_fn(|context| self.poll_fill(context)).await?;
            if let Err(error) = filled {
                return Some(Err(error));
            }
        }
        let next = self.current.last().next();
        let empty = Run {
            conversation: self.conversation,
            first: next,
            count: 0,
            entries: Bytes::new(),
        };
        Some(Ok(std::mem::replace(&mut self.current, empty)))
    }

    /// Waits for messages. Afterwards `current` is not empty.
    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<(), Error>>> {
        loop {
            match std::mem::replace(&mut self.status, Status::Over) {
                Status::Open => self.status = Status::Open,
                // The caller closed the client, so this is an ordinary end.
                Status::Failed(Error::Closed) | Status::Over => return Poll::Ready(None),
                Status::Failed(error) => return Poll::Ready(Some(Err(error))),
            }
            if let Some(page) = &mut self.page
                && let Poll::Ready(answer) = Pin::new(page).poll(context)
            {
                self.page = None;
                self.page_arrived(answer.unwrap_or(Err(Error::Closed)));
            } else {
                match self.step(context) {
                    Ok(Some(Step::Take(run))) => self.current = run,
                    Ok(Some(Step::Pull { from, limit })) => self.pull(from, limit),
                    Ok(Some(Step::End)) => self.status = Status::Over,
                    Ok(Some(Step::Wait) | None) => return Poll::Pending,
                    Err(error) => self.status = Status::Failed(error),
                }
            }
            if self.current.count > 0 {
                return Poll::Ready(Some(Ok(())));
            }
        }
    }

    /// Returns what to do, or `None` if only the pull in flight or a push can help; both wake the
    /// reader.
    fn step(&self, context: &Context<'_>) -> Result<Option<Step>, Error> {
        let mut state = self.handle.shared.state.lock();
        let ended = state.ended();
        let Some(follower) = state.followers.get_mut(self.conversation, self.key) else {
            return Ok(Some(Step::End));
        };
        let step = follower
            .step()
            .map_err(|broken| Error::Protocol(broken.0))?;
        match (step, ended) {
            (step @ (Step::Take(_) | Step::End), _) => Ok(Some(step)),
            (_, Some(error)) => Err(error),
            (step @ Step::Pull { .. }, None) if self.page.is_none() => Ok(Some(step)),
            (Step::Pull { .. } | Step::Wait, None) => {
                follower.waker = Some(context.waker().clone());
                Ok(None)
            }
        }
    }

    fn pull(&mut self, from: MsgId, limit: u32) {
        let (sender, receiver) = oneshot::channel();
        let request = Pull {
            conversation: self.conversation,
            range: PullRange::From(from),
            limit,
        };
        match self.handle.shared.submit(request, Waiter::Internal(sender)) {
            Ok(()) => self.page = Some(receiver),
            Err(error) => self.status = Status::Failed(error),
        }
    }

    fn page_arrived(&mut self, answer: Result<Answer, Error>) {
        let decoded = answer.and_then(|answer| answer.of::<Pull>().map_err(|_| MALFORMED));
        let pulled = match decoded {
            Ok(pulled) => pulled,
            Err(error) => return self.status = Status::Failed(error),
        };
        let mut state = self.handle.shared.state.lock();
        let Some(follower) = state.followers.get_mut(self.conversation, self.key) else {
            return self.status = Status::Over;
        };
        let run = follower.pulled(pulled);
        // Prefetch: request the next page while this one is being read.
        let ahead = follower.page_ahead();
        drop(state);
        match run {
            Ok(Some(run)) => self.current = run,
            Ok(None) => {}
            Err(broken) => self.status = Status::Failed(Error::Protocol(broken.0)),
        }
        if let (Status::Open, Some((from, limit))) = (&self.status, ahead) {
            self.pull(from, limit);
        }
    }

    fn fail(&mut self, broken: Broken) -> Error {
        self.status = Status::Over;
        self.current = Run {
            count: 0,
            entries: Bytes::new(),
            ..self.current.clone()
        };
        Error::Protocol(broken.0)
    }
}

/// The same messages as [`Timeline::next`].
impl Stream for Timeline {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_message(context)
    }
}

impl Drop for Timeline {
    fn drop(&mut self) {
        self.handle
            .shared
            .state
            .lock()
            .followers
            .remove(self.conversation, self.key);
    }
}
