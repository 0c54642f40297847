//! A log as its reader sees it: every message once, in order, whatever happens to the connection.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use cairn_proto::content::message::{Entry, Message, Run, unpack_entry};
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::wire::request::{PullRange, Request};
use cairn_proto::wire::response::Response;
use tokio::sync::oneshot;

use crate::error::Error;
use crate::session::handle::Handle;
use crate::session::state::in_flight::Waiter;
use crate::stream::follow::{Broken, Extent, Follower, Step, split_first};

/// The messages of one conversation from a place on: each once, in order, across reconnects and
/// server restarts.
///
/// Made by [`crate::Client::follow`] and [`crate::Client::history`]. The numbers go up by one; the only exception
/// are messages that are gone on purpose, by the conversation's retention, or that were said before
/// the user could see them: the timeline goes on behind those.
///
/// It buffers at most [`crate::limits::TIMELINE_BUFFER_BYTES_MAX`] and one page. A slow reader
/// loses nothing: what does not fit is pulled when the reader gets there. Following tells the
/// server nothing about what was received: [`crate::Client::ack`] does.
///
/// All its futures can be dropped at any time, for instance in a `select!`, without losing a
/// message.
#[derive(Debug)]
pub struct Timeline {
    handle: Arc<Handle>,
    conversation: ConversationId,
    key: u64,
    /// What is handed over and not yet read.
    current: Run,
    /// The page on its way.
    page: Option<oneshot::Receiver<Result<Response, Error>>>,
    push_state: PushState,
}

#[derive(Debug)]
enum PushState {
    Open,
    /// An error to report, and then nothing more.
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
        let push_state = if extent == Extent::Endless && !handle.push {
            PushState::Failed(Error::PushIsOff)
        } else {
            PushState::Open
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
            push_state,
        }
    }

    /// Which conversation this is.
    #[must_use]
    pub const fn conversation(&self) -> ConversationId {
        self.conversation
    }

    /// The last message that is known to be gone on purpose, or to have been said before the user
    /// could see it; 0 when none is. The timeline goes on behind it: numbers that it leaves out lie
    /// at or below, and any other gap is an error.
    #[must_use]
    pub fn floor(&self) -> MsgId {
        let mut state = self.handle.shared.state.lock();
        state
            .followers
            .get_mut(self.conversation, self.key)
            .map_or(MsgId::ZERO, |follower| follower.floor())
    }

    /// The next message. `None` when there will be none: the user is no member any more, a history
    /// has reached its end, or the client was closed.
    ///
    /// # Errors
    /// [`Error::Refused`] when the conversation cannot be read, and whatever ends the client. After
    /// an error comes `None`.
    pub async fn next(&mut self) -> Option<Result<Message, Error>> {
        while self.current.count == 0 {
            match self.fill().await? {
                Ok(()) => {}
                Err(error) => return Some(Err(error)),
            }
        }
        let (conversation, msgid) = (self.conversation, self.current.first);
        let read = split_first(&mut self.current).and_then(|entry| Ok(unpack_entry(&entry)?));
        Some(match read {
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
        })
    }

    /// All messages that are here; waits for the next ones when there are none. Never empty.
    /// Otherwise as [`Timeline::next`].
    ///
    /// # Errors
    /// As [`Timeline::next`].
    pub async fn next_batch(&mut self) -> Option<Result<Vec<Message>, Error>> {
        Some(match self.next_run().await? {
            Ok(run) => run.messages().map_err(|error| self.fail(error.into())),
            Err(error) => Err(error),
        })
    }

    /// As [`Timeline::next_batch`], but packed: for those who pass messages on or count them. Never
    /// empty.
    ///
    /// # Errors
    /// As [`Timeline::next`].
    pub async fn next_run(&mut self) -> Option<Result<Run, Error>> {
        while self.current.count == 0 {
            match self.fill().await? {
                Ok(()) => {}
                Err(error) => return Some(Err(error)),
            }
        }
        let next = self.current.last().next();
        let rest = Run {
            conversation: self.conversation,
            first: next,
            count: 0,
            entries: Bytes::new(),
        };
        Some(Ok(std::mem::replace(&mut self.current, rest)))
    }

    async fn fill(&mut self) -> Option<Result<(), Error>> {
        poll_fn(|context| self.poll_fill(context)).await
    }

    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<(), Error>>> {
        loop {
            match std::mem::replace(&mut self.push_state, PushState::Over) {
                PushState::Open => self.push_state = PushState::Open,
                // Whoever closes the client knows it.
                PushState::Failed(Error::Closed) | PushState::Over => return Poll::Ready(None),
                PushState::Failed(error) => return Poll::Ready(Some(Err(error))),
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
                    Ok(Some(Step::End)) => self.push_state = PushState::Over,
                    Ok(Some(Step::Wait) | None) => return Poll::Pending,
                    Err(error) => self.push_state = PushState::Failed(error),
                }
            }
            if self.current.count > 0 {
                return Poll::Ready(Some(Ok(())));
            }
        }
    }

    /// What to do, or `None` when only the page on its way or a push can help. Then the reader is
    /// woken by either.
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
        let request = Request::Pull {
            conversation: self.conversation,
            range: PullRange::From(from),
            limit,
        };
        match self.handle.shared.submit(request, Waiter::Own(sender)) {
            Ok(()) => self.page = Some(receiver),
            Err(error) => self.push_state = PushState::Failed(error),
        }
    }

    fn page_arrived(&mut self, answer: Result<Response, Error>) {
        let pulled = match answer {
            Ok(Response::Pulled(pulled)) => pulled,
            Ok(_) => {
                return self.push_state =
                    PushState::Failed(Error::Protocol("a pull was answered with something else"));
            }
            Err(error) => return self.push_state = PushState::Failed(error),
        };
        let mut state = self.handle.shared.state.lock();
        let Some(follower) = state.followers.get_mut(self.conversation, self.key) else {
            return self.push_state = PushState::Over;
        };
        let run = follower.pulled(pulled);
        // The page after this one is asked for while this one is read.
        let ahead = follower.page_ahead();
        drop(state);
        match run {
            Ok(Some(run)) => self.current = run,
            Ok(None) => {}
            Err(broken) => self.push_state = PushState::Failed(Error::Protocol(broken.0)),
        }
        if let (PushState::Open, Some((from, limit))) = (&self.push_state, ahead) {
            self.pull(from, limit);
        }
    }

    fn fail(&mut self, broken: Broken) -> Error {
        self.push_state = PushState::Over;
        self.current = Run {
            count: 0,
            entries: Bytes::new(),
            ..self.current.clone()
        };
        Error::Protocol(broken.0)
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
