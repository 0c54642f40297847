//! The client: connecting, receiving and closing.

use std::sync::Arc;

use cairn_proto::WIRE_VERSION;
use cairn_proto::ids::{ConversationId, MsgId, SendStreamId, UserId};
use cairn_proto::invite::{InviteLink, ServerAddr};
use cairn_proto::secret::Pin;
use cairn_proto::text::{DeviceName, Password, UserName};
use cairn_proto::wire::hello::{Capabilities, Credentials, Hello, Welcome};
use cairn_proto::wire::request::Call;
use cairn_proto::wire::request::reading::Ack;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::account::{Account, WhoAmI};
use crate::error::Error;
use crate::limits;
use crate::options::{JoinRequest, Options};
use crate::session::driver::Driver;
use crate::session::handle::Handle;
use crate::session::login::{Dialer, Session};
use crate::session::shared::Shared;
use crate::session::state::in_flight::{MALFORMED, Waiter};
use crate::stream::event::Subscriber;
use crate::stream::events::Events;
use crate::stream::follow::Extent;
use crate::stream::timeline::Timeline;
use crate::transport::endpoint::{Endpoint, Target};

/// A session with a server that outlives its connections.
///
/// Clones are handles of the same client. It runs in a task of its own until [`Client::close`] is
/// called, a [terminal error](Error#terminal-errors) occurs, or the last handle is dropped; a
/// [`Timeline`], [`Events`] or [`crate::PausedPush`] counts as a handle too. Requires a tokio
/// runtime with time and I/O enabled.
#[derive(Clone, Debug)]
pub struct Client {
    handle: Arc<Handle>,
}

/// Connecting and closing
impl Client {
    /// Joins a server with an invite: creates a new user with this device. Persist the returned
    /// [`Account`]: its token cannot be retrieved again.
    ///
    /// # Errors
    /// An error of a first connection: [`Error::Socket`], [`Error::Resolve`], [`Error::NoAnswer`],
    /// [`Error::NotCairn`], [`Error::WrongPin`], [`Error::Broken`], [`Error::LoginUnanswered`], or
    /// [`Error::LoginRefused`] with `BadInvite` or `NameTaken` among others. After
    /// [`Error::Broken`] and [`Error::LoginUnanswered`] the invite may have been used up.
    pub async fn join(
        link: &InviteLink,
        who: JoinRequest,
        options: Options,
    ) -> Result<(Self, Account), Error> {
        let JoinRequest {
            name,
            password,
            device,
        } = who;
        let credentials = Credentials::Invite {
            token: link.token,
            name,
            password,
            device,
        };
        Self::new_device(link.addr.clone(), link.pin, credentials, options).await
    }

    /// Logs an existing user in on a new device. Persist the returned [`Account`]: its token cannot
    /// be retrieved again.
    ///
    /// # Errors
    /// An error of a first connection, as [`Client::join`]; [`Error::LoginRefused`] with
    /// `AuthFailed` if name and password do not match.
    pub async fn login(
        addr: ServerAddr,
        pin: Pin,
        name: UserName,
        password: Password,
        device: DeviceName,
        options: Options,
    ) -> Result<(Self, Account), Error> {
        Self::new_device(
            addr,
            pin,
            Credentials::Password {
                name,
                password,
                device,
            },
            options,
        )
        .await
    }

    /// Connects as a device that has joined or logged in before.
    ///
    /// # Errors
    /// An error of a first connection, as [`Client::join`]; [`Error::LoginRefused`] with
    /// `AuthFailed` if the device was revoked.
    pub async fn connect(account: &Account, options: Options) -> Result<Self, Error> {
        let credentials = Credentials::Token(account.token);
        let (client, _) =
            Self::start(account.addr.clone(), account.pin, credentials, options).await?;
        Ok(client)
    }

    async fn new_device(
        addr: ServerAddr,
        pin: Pin,
        credentials: Credentials,
        options: Options,
    ) -> Result<(Self, Account), Error> {
        let (client, welcome) = Self::start(addr.clone(), pin, credentials, options).await?;
        let token = welcome
            .token
            .ok_or(Error::Protocol("no token for a new device"))?;
        let account = Account {
            addr,
            pin,
            token,
            user: welcome.user,
            name: welcome.name,
            device: welcome.device,
        };
        Ok((client, account))
    }

    async fn start(
        addr: ServerAddr,
        pin: Pin,
        credentials: Credentials,
        options: Options,
    ) -> Result<(Self, Welcome), Error> {
        let Options {
            push,
            send_stream,
            since,
            reconnect,
            endpoint,
            ack_every_packets,
        } = options;
        let is_resumed = send_stream.is_some();
        let send_stream = send_stream.unwrap_or_else(|| SendStreamId::new(rand::random()));
        let owns_endpoint = endpoint.is_none();
        let endpoint = endpoint.map_or_else(Endpoint::new, Ok)?;
        let target = Target {
            addr: addr.clone(),
            pin,
            ack_every_packets,
        };
        let mut dialer = Dialer {
            endpoint,
            target,
            hello: Hello {
                version: WIRE_VERSION,
                credentials,
                capabilities: Capabilities::NONE,
                send_stream,
                is_resumed,
                push,
                since: None,
            },
        };
        let session: Session = dialer.open(since, limits::CONNECT_TIME_MAX).await?;
        let welcome = session.welcome.clone();
        dialer.hello.is_resumed = true;
        if let Some(token) = welcome.token {
            dialer.hello.credentials = Credentials::Token(token);
        }
        let shared = Arc::new(Shared::new(&welcome, since));
        let driver = Driver {
            shared: Arc::clone(&shared),
            dialer,
            reconnect,
            owns_endpoint,
        };
        let driver = Mutex::new(Some(tokio::spawn(driver.run(session))));
        Ok((
            Self {
                handle: Arc::new(Handle {
                    shared,
                    driver,
                    addr,
                    pin,
                    send_stream,
                    push,
                }),
            },
            welcome,
        ))
    }

    /// Closes the client: sends pending acks, closes the connection, and waits until its last
    /// packets have been sent.
    ///
    /// Takes at most [`limits::FLUSH_TIME_MAX`] plus [`limits::DRAIN_TIME_MAX`]. Unresolved
    /// requests fail with [`Error::Closed`], so await sends before closing. With a shared endpoint
    /// ([`Options::endpoint`]), also call [`Endpoint::wait_idle`].
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

/// Receiving
impl Client {
    /// Returns all messages of a conversation from `from` on, followed by new ones as they arrive.
    /// A conversation may have any number of timelines.
    #[must_use]
    pub fn follow(&self, conversation: ConversationId, from: MsgId) -> Timeline {
        Timeline::new(
            Arc::clone(self.handle()),
            conversation,
            from,
            Extent::Endless,
        )
    }

    /// Returns the messages of a conversation from `from` up to its present head. Works without
    /// push.
    #[must_use]
    pub fn history(&self, conversation: ConversationId, from: MsgId) -> Timeline {
        Timeline::new(
            Arc::clone(self.handle()),
            conversation,
            from,
            Extent::ToHead,
        )
    }

    /// Returns the events from now on: changes other than messages.
    #[must_use]
    pub fn events(&self) -> Events {
        self.listen(Subscriber::default())
    }

    /// Returns the events that arrive while a request is under way. They arrive on another stream
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

    /// Returns the direct chat with another user, which exists from its first message on. Returns
    /// `None` for the user's own id and for user 0.
    #[must_use]
    pub fn direct(&self, other: UserId) -> Option<ConversationId> {
        ConversationId::direct(self.shared().state.lock().whoami.user, other)
    }

    /// Returns the send stream of this client.
    #[must_use]
    pub fn send_stream(&self) -> SendStreamId {
        self.handle.send_stream
    }

    /// Returns whether there is a connection at present. For display only: requests wait for the
    /// next connection.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.shared().state.lock().is_online()
    }
}

impl Client {
    pub(crate) fn handle(&self) -> &Arc<Handle> {
        &self.handle
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.handle.shared
    }

    pub(crate) fn server(&self) -> (ServerAddr, Pin) {
        (self.handle.addr.clone(), self.handle.pin)
    }

    /// Sends a request and waits for its answer, across reconnects.
    pub(crate) async fn call<C: Call>(&self, call: C) -> Result<C::Answer, Error> {
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
