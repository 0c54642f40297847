//! The client: how it begins and ends, and what it says.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use cairn_proto::WIRE_VERSION;
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::Draft;
use cairn_proto::ids::{ClientSeq, ConversationId, DeviceId, MsgId, SendStreamId, UserId};
use cairn_proto::invite::{InviteLink, ServerAddr};
use cairn_proto::model::user::ServerRole;
use cairn_proto::secret::Pin as ServerPin;
use cairn_proto::text::{DeviceName, Password, UserName};
use cairn_proto::wire::hello::{Credentials, Hello, Welcome};
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;
use parking_lot::Mutex;
use tokio::sync::{TryAcquireError, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::account::Account;
use crate::error::{Error, TryEnqueueError};
use crate::limits;
use crate::options::{JoinRequest, Options};
use crate::session::content::Content;
use crate::session::driver::Driver;
use crate::session::login::{Dialer, Session};
use crate::session::shared::Shared;
use crate::session::slots::Waiter;
use crate::stream::events::{Events, Subscriber};
use crate::stream::follow::Extent;
use crate::stream::timeline::Timeline;
use crate::transport::endpoint::{Endpoint, Target};

/// A session with a server that outlives its connections.
///
/// Clones are handles of the same client. It runs in a task of its own until [`Client::close`] is
/// called, the server ends it for good, or the last handle is gone; [`Timeline`] and [`Events`]
/// pause_push handles too. Needs a tokio runtime with time and I/O enabled.
#[derive(Clone, Debug)]
pub struct Client {
    handle: Arc<Handle>,
}

#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
    driver: Mutex<Option<JoinHandle<()>>>,
    addr: ServerAddr,
    pin: ServerPin,
    send_stream: SendStreamId,
    push: bool,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.stop.notify_one();
    }
}

/// Who a client is, as the server told at the last login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhoAmI {
    /// The user.
    pub user: UserId,
    /// The user's name.
    pub name: UserName,
    /// What the user may do on the server as a whole.
    pub role: ServerRole,
    /// This device.
    pub device: DeviceId,
}

impl From<&Welcome> for WhoAmI {
    fn from(welcome: &Welcome) -> Self {
        Self {
            user: welcome.user,
            name: welcome.name.clone(),
            role: welcome.role,
            device: welcome.device,
        }
    }
}

/// How a client begins. Each fails with an error of its own for each thing that a user can do
/// something about: [`Error::Resolve`], [`Error::NoAnswer`], [`Error::LoginUnanswered`],
/// [`Error::WrongPin`], [`Error::NotCairn`], [`Error::LoginRefused`], [`Error::Broken`],
/// [`Error::Socket`]. None of them is tried again by itself.
impl Client {
    /// Takes an invite: makes a new user with this as the first device. Store the account: its
    /// token is told only once.
    ///
    /// # Errors
    /// See above; [`Error::LoginRefused`] with `BadInvite` or `NameTaken` among them. When the
    /// connection broke before the answer, the invite may be used up.
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

    /// Makes this a new device of a known user. Store the account: its token is told only once.
    ///
    /// # Errors
    /// See above.
    pub async fn login(
        addr: ServerAddr,
        pin: ServerPin,
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

    /// Comes back as a device that was here before.
    ///
    /// # Errors
    /// See above.
    pub async fn connect(account: &Account, options: Options) -> Result<Self, Error> {
        let credentials = Credentials::Token(account.token);
        let (client, _) =
            Self::start(account.addr.clone(), account.pin, credentials, options).await?;
        Ok(client)
    }

    async fn new_device(
        addr: ServerAddr,
        pin: ServerPin,
        credentials: Credentials,
        options: Options,
    ) -> Result<(Self, Account), Error> {
        let (client, welcome) = Self::start(addr.clone(), pin, credentials, options).await?;
        let token = welcome
            .token
            .ok_or(Error::Protocol("a new device was given no token"))?;
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
        pin: ServerPin,
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
                send_stream,
                push,
                since: None,
            },
        };
        let session: Session = dialer.open(since, limits::CONNECT_TIME_MAX).await?;
        let welcome = session.welcome.clone();
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

    /// Ends the client: sends the acks that wait, closes the connection and waits until its last
    /// packets have left.
    ///
    /// Takes at most [`limits::FLUSH_TIME_MAX`] and [`limits::DRAIN_TIME_MAX`]. Whatever is
    /// unresolved then ends with [`Error::Closed`], so await your sends first. With an endpoint of
    /// your own ([`Options::endpoint`]), wait for it too: [`Endpoint::wait_idle`].
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
                    Request::Ack {
                        conversation,
                        msgid,
                    },
                    Waiter::Own(sender),
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

/// Saying something.
impl Client {
    /// Sends a message and waits until it is accepted: durable, numbered, visible to all members.
    /// That may take any number of reconnects; the message is in the log exactly once.
    ///
    /// To send many, one behind the other without waiting for each, use [`Client::enqueue`].
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::TooLarge`], and whatever ends the client.
    pub async fn send(&self, conversation: ConversationId, body: Body) -> Result<MsgId, Error> {
        self.enqueue(conversation, body).await?.await
    }

    /// As [`Client::send`], as an answer to a message of the same conversation.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn reply(
        &self,
        conversation: ConversationId,
        to: MsgId,
        body: Body,
    ) -> Result<MsgId, Error> {
        self.enqueue_with(conversation, body, Extras::reply_to(to))
            .await?
            .await
    }

    /// Says in conversation `to` what was said in another: as it is now, with its author and
    /// without whom it mentioned. It keeps its place among the sends there, and arrives once, as
    /// any message does.
    ///
    /// # Errors
    /// As [`Client::send`]; [`Error::Refused`] when there is no such message to be seen.
    pub async fn forward(
        &self,
        from: ConversationId,
        msgid: MsgId,
        to: ConversationId,
    ) -> Result<MsgId, Error> {
        let permit = self
            .shared()
            .send_permits
            .acquire()
            .await
            .map_err(|_| self.ended())?;
        let accepted = self.submit_send(to, None, Content::Forwarded { from, msgid })?;
        permit.forget();
        accepted.await
    }

    /// Gives a message its place among the sends of this client, and returns the promise of its
    /// number.
    ///
    /// When this returns, the order is fixed: messages of one conversation get their numbers in the
    /// order in which their `enqueue` (or [`Client::try_enqueue`]) returned, whether or not the
    /// promises are awaited. It waits only while [`cairn_proto::limits::SENDS_IN_FLIGHT_MAX`] sends
    /// are unresolved; dropped while it waits, nothing is sent.
    ///
    /// # Errors
    /// [`Error::TooLarge`], and whatever ended the client.
    pub async fn enqueue(
        &self,
        conversation: ConversationId,
        body: Body,
    ) -> Result<Accepted, Error> {
        let permit = self
            .shared()
            .send_permits
            .acquire()
            .await
            .map_err(|_| self.ended())?;
        let accepted = self.submit_send(conversation, None, Content::Said(body, Extras::NONE))?;
        permit.forget();
        Ok(accepted)
    }

    /// As [`Client::enqueue`], with what goes with the message: whom it mentions, what it answers.
    ///
    /// # Errors
    /// As [`Client::enqueue`]. The promise fails with [`Error::Refused`] when the server does not
    /// take the extras.
    pub async fn enqueue_with(
        &self,
        conversation: ConversationId,
        body: Body,
        extras: Extras,
    ) -> Result<Accepted, Error> {
        let permit = self
            .shared()
            .send_permits
            .acquire()
            .await
            .map_err(|_| self.ended())?;
        let accepted = self.submit_send(conversation, None, Content::Said(body, extras))?;
        permit.forget();
        Ok(accepted)
    }

    /// As [`Client::enqueue`], without waiting.
    ///
    /// # Errors
    /// [`TryEnqueueError::Full`] with the body when there is no permit at present; else as
    /// [`Client::enqueue`].
    pub fn try_enqueue(
        &self,
        conversation: ConversationId,
        body: Body,
    ) -> Result<Accepted, TryEnqueueError> {
        let permit = match self.shared().send_permits.try_acquire() {
            Ok(permit) => permit,
            Err(TryAcquireError::NoPermits) => return Err(TryEnqueueError::Full(body)),
            Err(TryAcquireError::Closed) => return Err(self.ended().into()),
        };
        let accepted = self.submit_send(conversation, None, Content::Said(body, Extras::NONE))?;
        permit.forget();
        Ok(accepted)
    }

    /// As [`Client::enqueue`], under a number that the caller picks: for a client that keeps its
    /// outbox on disk and goes on with its send stream after a restart ([`Options::send_stream`]).
    /// What it had not seen accepted, it enqueues again first, under the old numbers.
    ///
    /// # Errors
    /// [`Error::SeqUsed`] when the number is not above all that this client used in the
    /// conversation; else as [`Client::enqueue`].
    pub async fn enqueue_draft(&self, draft: Draft) -> Result<Accepted, Error> {
        let permit = self
            .shared()
            .send_permits
            .acquire()
            .await
            .map_err(|_| self.ended())?;
        let accepted = self.submit_send(
            draft.conversation,
            Some(draft.seq),
            Content::Said(draft.body, draft.extras),
        )?;
        permit.forget();
        Ok(accepted)
    }

    fn submit_send(
        &self,
        conversation: ConversationId,
        seq: Option<ClientSeq>,
        content: Content,
    ) -> Result<Accepted, Error> {
        let (seq, answer) = self.shared().send(conversation, seq, content)?;
        Ok(Accepted { seq, answer })
    }

    /// This device holds everything of the conversation up to `msgid`: the server need not push it
    /// again, and may tell the sender.
    ///
    /// Returns at once. Acks are collected for [`limits::ACK_DELAY`], or until
    /// [`limits::ACK_INTERVAL`] after the last ones, and sent together; [`Client::close`] sends
    /// what is left. A lost ack costs a redelivery, never a message.
    pub fn ack(&self, conversation: ConversationId, msgid: MsgId) {
        self.shared().ack(conversation, msgid);
    }
}

/// Listening.
impl Client {
    /// Every message of the conversation from `from` on, and then each new one as it comes. Any
    /// number of timelines may follow the same conversation.
    #[must_use]
    pub fn follow(&self, conversation: ConversationId, from: MsgId) -> Timeline {
        Timeline::new(self.clone(), conversation, from, Extent::Endless)
    }

    /// Every message of the conversation from `from` up to its head as of now. Needs no push.
    #[must_use]
    pub fn history(&self, conversation: ConversationId, from: MsgId) -> Timeline {
        Timeline::new(self.clone(), conversation, from, Extent::ToHead)
    }

    /// What happens beside the messages, from now on.
    #[must_use]
    pub fn events(&self) -> Events {
        self.listen(Subscriber::default())
    }

    /// What happens while the client waits for an answer: it goes by another stream, and may come
    /// before what it is newer than.
    pub(crate) fn events_meanwhile(&self) -> Events {
        self.listen(Subscriber::own())
    }

    fn listen(&self, subscriber: Subscriber) -> Events {
        let mut state = self.shared().state.lock();
        let key = state.new_key();
        state.subscribers.insert(key, subscriber);
        Events {
            client: self.clone(),
            key,
        }
    }

    /// Who this client is.
    #[must_use]
    pub fn whoami(&self) -> WhoAmI {
        self.shared().state.lock().whoami.clone()
    }

    /// The direct chat with another user: it exists from its first message on. `None` for oneself
    /// and for user 0.
    #[must_use]
    pub fn direct(&self, other: UserId) -> Option<ConversationId> {
        ConversationId::direct(self.shared().state.lock().whoami.user, other)
    }

    /// The send stream of this client.
    #[must_use]
    pub fn send_stream(&self) -> SendStreamId {
        self.handle.send_stream
    }

    /// Whether there is a connection at this moment. Nothing depends on it: requests wait for the
    /// next connection.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.shared().state.lock().is_online()
    }
}

impl Client {
    pub(crate) fn shared(&self) -> &Shared {
        &self.handle.shared
    }

    pub(crate) fn is_pushed(&self) -> bool {
        self.handle.push
    }

    pub(crate) fn server(&self) -> (ServerAddr, ServerPin) {
        (self.handle.addr.clone(), self.handle.pin)
    }

    /// Makes a request and waits for its answer, over any number of reconnects.
    pub(crate) async fn request(&self, request: Request) -> Result<Response, Error> {
        let permit = self
            .shared()
            .request_permit
            .acquire()
            .await
            .map_err(|_| self.ended())?;
        let (sender, receiver) = oneshot::channel();
        self.shared().submit(request, Waiter::Request(sender))?;
        permit.forget();
        receiver.await.unwrap_or(Err(Error::Closed))
    }

    pub(crate) fn ended(&self) -> Error {
        self.shared().state.lock().ended().unwrap_or(Error::Closed)
    }
}

/// The promise of a message's number: a future that resolves once the message is accepted, after
/// any number of reconnects.
///
/// Dropping it does not take the message back. It fails with [`Error::Refused`], or with whatever
/// ends the client.
#[derive(Debug)]
#[must_use = "only the answer tells whether the message was accepted"]
pub struct Accepted {
    seq: ClientSeq,
    answer: oneshot::Receiver<Result<MsgId, Error>>,
}

impl Accepted {
    /// The number of this send within (send stream, conversation).
    #[must_use]
    pub const fn seq(&self) -> ClientSeq {
        self.seq
    }
}

impl Future for Accepted {
    type Output = Result<MsgId, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer)
            .poll(context)
            .map(|answer| answer.unwrap_or(Err(Error::Closed)))
    }
}
