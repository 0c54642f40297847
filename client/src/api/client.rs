//! The client: its life, its events, and the calls of its views.

use std::sync::Arc;

use cairn_proto::ids::SendStreamId;
use cairn_proto::invite::ServerAddr;
use cairn_proto::secret::Pin;
use cairn_proto::wire::request::reading::Ack;
use cairn_proto::wire::request::{Call, Request};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::account::WhoAmI;
use crate::error::Error;
use crate::limits;
use crate::session::handle::Handle;
use crate::session::shared::Shared;
use crate::session::state::in_flight::{MALFORMED, Waiter};
use crate::stream::event::Subscriber;
use crate::stream::events::Events;

/// A session with a server that outlives its connections.
///
/// Created by [`Client::builder`]. Most calls are grouped in views by subject:
/// [`Client::conversation`], [`Client::conversations`], [`Client::people`], [`Client::me`] and
/// [`Client::admin`].
///
/// Clones are handles of the same client. It runs in a task of its own until [`Client::close`] is
/// called, a [terminal error](Error#terminal-errors) occurs, or the last handle is dropped; a
/// [`crate::Timeline`], [`Events`] or [`crate::PausedPush`] counts as a handle too. Requires a
/// tokio runtime with time and I/O enabled.
#[derive(Clone, Debug)]
pub struct Client {
    handle: Arc<Handle>,
}

/// The life of a client
impl Client {
    pub(crate) fn new(handle: Handle) -> Self {
        Self {
            handle: Arc::new(handle),
        }
    }

    /// Closes the client: sends pending acks, closes the connection, and waits until its last
    /// packets have been sent.
    ///
    /// Takes at most [`limits::FLUSH_TIME_MAX`] plus [`limits::DRAIN_TIME_MAX`]. Unresolved
    /// requests fail with [`Error::Closed`], so await sends before closing. With a shared endpoint
    /// ([`crate::ClientBuilder::endpoint`]), also call [`crate::Endpoint::wait_idle`].
    pub async fn close(&self) {
        let _ = timeout(limits::FLUSH_TIME_MAX, self.flush_acks()).await;
        self.shared().stop.notify_one();
        let driver = self.handle.driver.lock().take();
        if let Some(driver) = driver {
            let _ = driver.await;
        }
    }

    async fn flush_acks(&self) {
        let unanswered = {
            let mut state = self.shared().state.lock();
            if state.is_online() {
                state.acks.take_unanswered()
            } else {
                Vec::new()
            }
        };
        let mut answers = Vec::with_capacity(unanswered.len());
        for (conversation, msgid) in unanswered {
            let (sender, receiver) = oneshot::channel();
            if self
                .shared()
                .submit(
                    Ack {
                        conversation,
                        msgid,
                    },
                    Waiter::Internal(sender),
                )
                .is_ok()
            {
                answers.push(receiver);
            }
        }
        for answer in answers {
            let _ = answer.await;
        }
    }
}

/// State and events
impl Client {
    /// Returns the events from now on: changes other than messages.
    #[must_use]
    pub fn events(&self) -> Events {
        self.listen(Subscriber::default())
    }

    /// Returns the events from now on, and in their order among them the entries that the server
    /// pushes, of all conversations ([`crate::Event::Entries`]): for a program that shows many
    /// conversations, each of which would need a [`crate::Timeline`] otherwise. Entries are pushed
    /// once, after the login, without what came before it; pull what is missing.
    ///
    /// Buffers at most [`crate::limits::EVENTS_BUFFERED_MAX`] events, of which each holds up to
    /// [`cairn_proto::limits::RUN_BYTES_MAX`].
    #[must_use]
    pub fn pushes(&self) -> Events {
        self.listen(Subscriber::with_entries())
    }

    /// Returns the events that arrive while a request is in flight. They arrive on another stream
    /// than its response, and may overtake it.
    pub(crate) fn events_during_request(&self) -> Events {
        self.listen(Subscriber::internal())
    }

    fn listen(&self, subscriber: Subscriber) -> Events {
        let mut state = self.shared().state.lock();
        let key = state.new_key();
        state.subscribers.insert(key, subscriber);
        Events {
            handle: Arc::clone(&self.handle),
            key,
        }
    }

    /// Returns the identity of this client.
    #[must_use]
    pub fn whoami(&self) -> WhoAmI {
        self.shared().state.lock().whoami.clone()
    }

    /// Returns the present send stream of this client. Changes if the server has forgotten a stream
    /// that the program did not choose ([`crate::ClientBuilder::send_stream`]).
    #[must_use]
    pub fn send_stream(&self) -> SendStreamId {
        self.shared().state.lock().stream.id
    }

    /// Returns whether there is a connection at present. For display only: requests wait for the
    /// next connection.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.shared().state.lock().is_online()
    }
}

impl Client {
    /// Returns whether the user is an agent or supervisor of the support desk, as of the latest
    /// login; with push, as of now.
    #[must_use]
    pub fn is_agent(&self) -> bool {
        self.shared().state.lock().is_agent
    }

    pub(crate) fn handle(&self) -> &Arc<Handle> {
        &self.handle
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.handle.shared
    }

    /// Returns the server's address, as this client connects to it, and its identity.
    #[must_use]
    pub fn server(&self) -> (ServerAddr, Pin) {
        (self.handle.addr.clone(), self.handle.pin)
    }

    /// Sends a request and waits for its answer, across reconnects.
    pub(crate) async fn call<C>(&self, call: C) -> Result<C::Answer, Error>
    where
        C: Call + Into<Request>,
    {
        let permit = self
            .shared()
            .request_permits
            .acquire()
            .await
            .map_err(|_| self.ended())?;
        let (sender, receiver) = oneshot::channel();
        self.shared().submit(call, Waiter::Request(sender))?;
        permit.forget();
        let answer = receiver.await.unwrap_or(Err(Error::Closed))?;
        answer.of::<C>().map_err(|_| MALFORMED)
    }

    pub(crate) fn ended(&self) -> Error {
        self.handle.ended()
    }
}
