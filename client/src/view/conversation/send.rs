//! Sending messages.

use std::pin::Pin;
use std::task::{Context, Poll};

use cairn_proto::content::attachment::Attachment;
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{ClientSeq, ConversationId, MsgId};
use cairn_proto::text::{Text, TextError};
use tokio::sync::{TryAcquireError, oneshot};

use crate::error::{Error, TryEnqueueError};
use crate::session::state::outgoing::Outgoing;
use crate::view::conversation::Conversation;

/// What can be sent as a message: a string, a [`Text`], an [`Attachment`], or any other [`Body`].
pub trait IntoBody {
    /// Converts this to the body of a message.
    ///
    /// # Errors
    /// Returns an error if a string exceeds [`cairn_proto::limits::TEXT_BYTES_MAX`].
    fn into_body(self) -> Result<Body, TextError>;
}

impl IntoBody for Body {
    fn into_body(self) -> Result<Body, TextError> {
        Ok(self)
    }
}

impl IntoBody for Text {
    fn into_body(self) -> Result<Body, TextError> {
        Ok(Body::Text(self))
    }
}

impl IntoBody for Attachment {
    fn into_body(self) -> Result<Body, TextError> {
        Ok(self.into())
    }
}

impl IntoBody for &str {
    fn into_body(self) -> Result<Body, TextError> {
        Text::new(self).map(Body::Text)
    }
}

impl IntoBody for String {
    fn into_body(self) -> Result<Body, TextError> {
        Text::new(self).map(Body::Text)
    }
}

/// Sending
impl Conversation<'_> {
    /// Sends a message and waits until it is accepted: durable, numbered, and visible to all
    /// members. This may take any number of reconnects; the message is stored exactly once. A
    /// direct chat is created by its first message. Where the server limits how much a user sends,
    /// messages wait in their order. Where the server's storage fails, they wait for its restart.
    ///
    /// To send several messages without a round trip for each, use [`Conversation::enqueue`].
    ///
    /// # Errors
    /// [`Error::InvalidText`], [`Error::TooLarge`], [`Error::Refused`] with `NotFound`,
    /// `Forbidden`, `Muted` or `RateLimited` among others, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn send(self, message: impl IntoBody) -> Result<MsgId, Error> {
        self.enqueue(message).await?.await
    }

    /// Sends a reply to the message `to` of this conversation, like [`Conversation::send`].
    ///
    /// # Errors
    /// [`Error::InvalidText`], [`Error::TooLarge`], [`Error::Refused`] with `NoSuchMessage` or as
    /// for any other send, or a [terminal error](Error#terminal-errors).
    pub async fn reply(self, to: MsgId, message: impl IntoBody) -> Result<MsgId, Error> {
        self.enqueue_with(message, Extras::reply_to(to))
            .await?
            .await
    }

    /// Forwards a message of this conversation to the conversation `to`, with its present content
    /// and its author but without its mentions. Ordered and deduplicated like any other send.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchMessage` if the user cannot see the message, or as for any
    /// other send; or a [terminal error](Error#terminal-errors).
    pub async fn forward(self, msgid: MsgId, to: ConversationId) -> Result<MsgId, Error> {
        let outgoing = Outgoing::Forward {
            from: self.id,
            msgid,
        };
        let target = self.client.conversation(to);
        target.enqueue_outgoing(None, outgoing).await?.await
    }

    /// Assigns a message its place in the order of sends, and returns a future for its number.
    ///
    /// The order is fixed when this returns: the messages of one conversation are numbered in the
    /// order in which their `enqueue` or [`Conversation::try_enqueue`] calls returned, whether or
    /// not the futures are awaited. Waits only while [`cairn_proto::limits::SENDS_IN_FLIGHT_MAX`]
    /// sends are unresolved. Cancel-safe: if the future of this call is dropped, nothing is sent.
    ///
    /// # Errors
    /// [`Error::InvalidText`], [`Error::TooLarge`], or a [terminal error](Error#terminal-errors).
    /// The returned future fails with [`Error::Refused`] if the server refuses the message.
    pub async fn enqueue(self, message: impl IntoBody) -> Result<Accepted, Error> {
        self.enqueue_with(message, Extras::NONE).await
    }

    /// Enqueues a message with extras such as mentions or a reply, like [`Conversation::enqueue`].
    ///
    /// # Errors
    /// [`Error::InvalidText`], [`Error::TooLarge`], or a [terminal error](Error#terminal-errors).
    /// The returned future fails with [`Error::Refused`] if the server refuses the message or its
    /// extras.
    pub async fn enqueue_with(
        self,
        message: impl IntoBody,
        extras: Extras,
    ) -> Result<Accepted, Error> {
        let outgoing = Outgoing::New(Content::new(message.into_body()?, extras));
        self.enqueue_outgoing(None, outgoing).await
    }

    /// Enqueues a message without waiting, like [`Conversation::enqueue`].
    ///
    /// # Errors
    /// [`TryEnqueueError::Full`] with the body if the in-flight window is full;
    /// [`TryEnqueueError::Failed`] with [`Error::InvalidText`], [`Error::TooLarge`], or a [terminal
    /// error](Error#terminal-errors).
    pub fn try_enqueue(self, message: impl IntoBody) -> Result<Accepted, TryEnqueueError> {
        let body = message.into_body().map_err(Error::from)?;
        let permit = match self.client.shared().send_permits.try_acquire() {
            Ok(permit) => permit,
            Err(TryAcquireError::NoPermits) => return Err(TryEnqueueError::Full(body)),
            Err(TryAcquireError::Closed) => return Err(self.client.ended().into()),
        };
        let outgoing = Outgoing::New(Content::new(body, Extras::NONE));
        let accepted = self.submit_send(None, outgoing)?;
        permit.forget();
        Ok(accepted)
    }

    /// Enqueues a message under a sequence number chosen by the caller, like
    /// [`Conversation::enqueue`]. For clients that persist their outbox and continue its send
    /// stream after a restart ([`crate::ClientBuilder::send_stream`]). After a restart, first
    /// enqueue all drafts without a known result again, under their old numbers.
    ///
    /// # Errors
    /// [`Error::SeqUsed`] if the number is not above all those used by this client in the
    /// conversation; [`Error::TooLarge`], or a [terminal error](Error#terminal-errors). The
    /// returned future fails with [`Error::Refused`] if the server refuses the message.
    pub async fn enqueue_draft(self, seq: ClientSeq, content: Content) -> Result<Accepted, Error> {
        self.enqueue_outgoing(Some(seq), Outgoing::New(content))
            .await
    }

    /// Enqueues a copy of the message `msgid` of the conversation `from` for this conversation,
    /// like [`Conversation::forward`], under a sequence number chosen by the caller, like
    /// [`Conversation::enqueue_draft`].
    ///
    /// # Errors
    /// [`Error::SeqUsed`] if the number is not above all those used by this client in this
    /// conversation; or a [terminal error](Error#terminal-errors). The returned future fails with
    /// [`Error::Refused`] with `NoSuchMessage` if the user cannot see the message, or as for any
    /// other send.
    pub async fn enqueue_forward(
        self,
        seq: ClientSeq,
        from: ConversationId,
        msgid: MsgId,
    ) -> Result<Accepted, Error> {
        self.enqueue_outgoing(Some(seq), Outgoing::Forward { from, msgid })
            .await
    }

    async fn enqueue_outgoing(
        self,
        seq: Option<ClientSeq>,
        outgoing: Outgoing,
    ) -> Result<Accepted, Error> {
        let permits = &self.client.shared().send_permits;
        let permit = permits.acquire().await.map_err(|_| self.client.ended())?;
        let accepted = self.submit_send(seq, outgoing)?;
        // Forget the permit only now: if submitting fails, dropping it returns the slot. Afterwards
        // it belongs to the send, and `Shared::resolve` returns it with the result.
        permit.forget();
        Ok(accepted)
    }

    fn submit_send(self, seq: Option<ClientSeq>, outgoing: Outgoing) -> Result<Accepted, Error> {
        let (seq, answer) = self.client.shared().send(self.id, seq, outgoing)?;
        Ok(Accepted { seq, answer })
    }
}

/// A future for the number of an enqueued message. Resolves once the message is accepted, after any
/// number of reconnects.
///
/// Dropping it does not cancel the send. Fails with [`Error::Refused`], or with a [terminal
/// error](Error#terminal-errors).
#[derive(Debug)]
#[must_use = "the message is not accepted until this resolves"]
pub struct Accepted {
    seq: ClientSeq,
    answer: oneshot::Receiver<Result<MsgId, Error>>,
}

impl Accepted {
    /// Returns the sequence number of this send within (send stream, conversation).
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
