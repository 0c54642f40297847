//! Building a client: options, and the ways to log in.

use std::sync::Arc;

use cairn_proto::WIRE_VERSION;
use cairn_proto::ids::SendStreamId;
use cairn_proto::invite::{InviteLink, ResetLink, ServerAddr};
use cairn_proto::secret::Pin;
use cairn_proto::text::{DeviceName, Password, UserName};
use cairn_proto::wire::hello::{Capabilities, Credentials, Hello, Welcome};
use cairn_proto::wire::overview::Moment;
use parking_lot::Mutex;

use crate::account::{Account, WhoAmI};
use crate::api::client::Client;
use crate::error::Error;
use crate::limits;
use crate::session::driver::Driver;
use crate::session::handle::Handle;
use crate::session::login::{Dialer, Resume, Session};
use crate::session::reconnect::Reconnect;
use crate::session::shared::Shared;
use crate::session::state::send_stream::SendStream;
use crate::transport::endpoint::{Endpoint, Target};

/// Builds a [`Client`]: its options, and the ways to log in. Created by [`Client::builder`]. The
/// defaults suit an interactive program.
///
/// # Errors of a first connection
///
/// The methods that log in fail with [`Error::Socket`], [`Error::Resolve`], [`Error::NoAnswer`],
/// [`Error::NotCairn`], [`Error::WrongPin`], [`Error::Broken`], [`Error::LoginUnanswered`],
/// [`Error::LoginRefused`], or, if the server closes the connection for good, [`Error::Ended`] or
/// [`Error::Protocol`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientBuilder {
    push: bool,
    send_stream: Option<SendStreamId>,
    since: Option<Moment>,
    reconnect: Reconnect,
    endpoint: Option<Endpoint>,
    ack_every_packets: Option<u32>,
}

/// The new user of an invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinRequest {
    /// The user's name; must be free.
    pub name: UserName,
    /// Permits logging in on further devices. Without one, this device is the only access to the
    /// account.
    pub password: Option<Password>,
    /// This device's name.
    pub device: DeviceName,
}

/// The login of an existing user on a new device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRequest {
    /// The server's address.
    pub addr: ServerAddr,
    /// The server's identity, as in an invite link or an [`Account`].
    pub pin: Pin,
    /// The user's name.
    pub name: UserName,
    /// The user's password.
    pub password: Password,
    /// This device's name.
    pub device: DeviceName,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            push: true,
            send_stream: None,
            since: None,
            reconnect: Reconnect::default(),
            endpoint: None,
            ack_every_packets: None,
        }
    }
}

impl Client {
    /// Returns a builder, which sets options and then logs in.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }
}

/// Options
impl ClientBuilder {
    /// Sets whether the server pushes messages and events. Without it
    /// [`crate::view::Conversation::follow`] fails, [`Client::events`] reports connection changes
    /// only, and the session costs the server less: suitable for a program that sends and exits.
    /// Default: true.
    pub fn push(mut self, push: bool) -> Self {
        self.push = push;
        self
    }

    /// Sets the send stream to continue. Only for clients that persist their outbox, which must
    /// then number all drafts themselves ([`crate::view::Conversation::enqueue_draft`]): the server
    /// treats a number that the stream has used before as a retry.
    ///
    /// An interactive program uses a named stream of its device ([`SendStreamId::named`]), which
    /// the server never forgets; no two processes of a device may share one. Of all other streams,
    /// the server remembers the 32 most recently used ones of a device, and refuses sends on one
    /// that it has forgotten with `RetryTooOld`. Default: a new random one.
    pub fn send_stream(mut self, stream: impl Into<Option<SendStreamId>>) -> Self {
        self.send_stream = stream.into();
        self
    }

    /// Sets the moment of the last overview that the program stored ([`crate::Overview::as_of`]).
    /// The login then returns what changed since, available from
    /// [`crate::view::Conversations::login_overview`] without another round trip. Default: `None`,
    /// for all conversations.
    pub fn since(mut self, since: impl Into<Option<Moment>>) -> Self {
        self.since = since.into();
        self
    }

    /// Sets what to do when an established connection breaks. Default: reconnect indefinitely.
    pub fn reconnect(mut self, reconnect: Reconnect) -> Self {
        self.reconnect = reconnect;
        self
    }

    /// Sets the UDP socket to use. Clients with clones of one endpoint share its socket. Default: a
    /// new endpoint.
    pub fn endpoint(mut self, endpoint: impl Into<Option<Endpoint>>) -> Self {
        self.endpoint = endpoint.into();
        self
    }

    /// Asks the server's QUIC stack to acknowledge only every n-th packet, which saves packets for
    /// a client that sends a lot. Default: QUIC's standard frequency.
    pub fn ack_every_packets(mut self, packets: impl Into<Option<u32>>) -> Self {
        self.ack_every_packets = packets.into();
        self
    }
}

/// Logging in
impl ClientBuilder {
    /// Joins a server with an invite: creates a new user with this device. Persist the returned
    /// [`Account`]: its token cannot be retrieved again.
    ///
    /// # Errors
    /// [An error of a first connection](ClientBuilder#errors-of-a-first-connection), such as
    /// [`Error::LoginRefused`] with `BadInvite` or `NameTaken`. After [`Error::Broken`] and
    /// [`Error::LoginUnanswered`] the invite may have been used up.
    pub async fn join(
        self,
        link: &InviteLink,
        who: JoinRequest,
    ) -> Result<(Client, Account), Error> {
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
        self.new_device(link.addr.clone(), link.pin, credentials)
            .await
    }

    /// Logs an existing user in on a new device. Persist the returned [`Account`]: its token cannot
    /// be retrieved again.
    ///
    /// # Errors
    /// [An error of a first connection](ClientBuilder#errors-of-a-first-connection), such as
    /// [`Error::LoginRefused`] with `AuthFailed` if name and password do not match.
    pub async fn login(self, login: LoginRequest) -> Result<(Client, Account), Error> {
        let LoginRequest {
            addr,
            pin,
            name,
            password,
            device,
        } = login;
        let credentials = Credentials::Password {
            name,
            password,
            device,
        };
        self.new_device(addr, pin, credentials).await
    }

    /// Sets the password of an existing user with a link that an admin made, and logs the user in
    /// on a new device. Unless the link says otherwise, this ends all other devices. Persist the
    /// returned [`Account`]: its token cannot be retrieved again.
    ///
    /// # Errors
    /// [An error of a first connection](ClientBuilder#errors-of-a-first-connection), such as
    /// [`Error::LoginRefused`] with `BadReset`. After [`Error::Broken`] and
    /// [`Error::LoginUnanswered`] the password may have been set and the link used.
    pub async fn reset(
        self,
        link: &ResetLink,
        password: Password,
        device: DeviceName,
    ) -> Result<(Client, Account), Error> {
        let credentials = Credentials::Reset {
            token: link.token,
            password,
            device,
        };
        self.new_device(link.addr.clone(), link.pin, credentials)
            .await
    }

    /// Connects as a device that has joined or logged in before.
    ///
    /// # Errors
    /// [An error of a first connection](ClientBuilder#errors-of-a-first-connection), such as
    /// [`Error::LoginRefused`] with `AuthFailed` if the device was revoked.
    pub async fn connect(self, account: &Account) -> Result<Client, Error> {
        let credentials = Credentials::Token(account.token);
        let (client, _) = self
            .start(account.addr.clone(), account.pin, credentials)
            .await?;
        Ok(client)
    }

    /// Starts offline as a device that has joined or logged in before, and connects in the
    /// background, at first immediately and then as after a lost connection. Meanwhile requests
    /// wait, and [`Client::whoami`] returns what the account says, with the role of a member.
    /// [`crate::Event::Reconnected`] reports the first connection.
    ///
    /// If the server refuses the login, or presents another key, the client ends with that error,
    /// as every unresolved and later call does. With [`Reconnect::Never`], it ends after the first
    /// failed attempt.
    ///
    /// # Errors
    /// [`Error::Socket`] if the system provides no socket, or outside of a tokio runtime.
    pub fn connect_offline(self, account: &Account) -> Result<Client, Error> {
        let credentials = Credentials::Token(account.token);
        let parts = self.prepare(account.addr.clone(), account.pin, credentials)?;
        Ok(parts.spawn(WhoAmI::from(account), None))
    }

    async fn new_device(
        self,
        addr: ServerAddr,
        pin: Pin,
        credentials: Credentials,
    ) -> Result<(Client, Account), Error> {
        let (client, welcome) = self.start(addr.clone(), pin, credentials).await?;
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
        self,
        addr: ServerAddr,
        pin: Pin,
        credentials: Credentials,
    ) -> Result<(Client, Welcome), Error> {
        let parts = self.prepare(addr, pin, credentials)?;
        let session = parts
            .dialer
            .open(parts.resume, limits::CONNECT_TIME_MAX)
            .await?;
        let welcome = session.welcome.clone();
        Ok((parts.spawn(WhoAmI::from(&welcome), Some(session)), welcome))
    }

    /// Connects as a visitor of a support desk.
    pub(crate) async fn start_visit(
        self,
        addr: ServerAddr,
        pin: Pin,
        credentials: Credentials,
    ) -> Result<Client, Error> {
        let (client, _) = self.start(addr, pin, credentials).await?;
        Ok(client)
    }

    fn prepare(self, addr: ServerAddr, pin: Pin, credentials: Credentials) -> Result<Parts, Error> {
        let Self {
            push,
            send_stream,
            since,
            reconnect,
            endpoint,
            ack_every_packets,
        } = self;
        let owns_endpoint = endpoint.is_none();
        let endpoint = endpoint.map_or_else(Endpoint::new, Ok)?;
        let stream = match send_stream {
            Some(stream) => SendStream::resumed(stream),
            None => SendStream::of_random(endpoint.random()),
        };
        let hello = Hello {
            version: WIRE_VERSION,
            credentials,
            capabilities: Capabilities::NONE,
            send_stream: stream.id,
            is_resumed: stream.has_sent,
            stream_began: None,
            push,
            since: None,
        };
        let target = Target {
            addr,
            pin,
            ack_every_packets,
        };
        Ok(Parts {
            dialer: Dialer {
                endpoint,
                target,
                hello,
            },
            resume: Resume { since, stream },
            reconnect,
            owns_endpoint,
        })
    }
}

/// What a client is made of, before it runs.
struct Parts {
    dialer: Dialer,
    resume: Resume,
    reconnect: Reconnect,
    owns_endpoint: bool,
}

impl Parts {
    /// Starts the client's task, on a connection if there is one.
    fn spawn(self, whoami: WhoAmI, session: Option<Session>) -> Client {
        let shared = Arc::new(Shared::new(whoami, self.resume, self.reconnect));
        // Before the task runs: the client that is returned for a session is online.
        if let Some(session) = &session {
            shared.online(&session.welcome, session.visit.clone());
        }
        let (target, hello) = (&self.dialer.target, &self.dialer.hello);
        let (addr, pin) = (target.addr.clone(), target.pin);
        let push = hello.push;
        let driver = Driver {
            shared: Arc::clone(&shared),
            dialer: self.dialer,
            reconnect: self.reconnect,
            owns_endpoint: self.owns_endpoint,
        };
        let driver = Mutex::new(Some(tokio::spawn(driver.run(session))));
        Client::new(Handle {
            shared,
            driver,
            addr,
            pin,
            push,
        })
    }
}
