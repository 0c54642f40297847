//! Sending messages, and acknowledging received ones.

use std::pin::Pin;
use std::task::{Context, Poll};

use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::Draft;
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{ClientSeq, ConversationId, MsgId};
use tokio::sync::{TryAcquireError, oneshot};

use crate::api::client::Client;
use crate::error::{Error, TryEnqueueError};
use crate::session::state::outgoing::Outgoing;

/// Sending
impl Client {
    /// Sends a message and waits until it is accepted: durable, numbered, and visible to all
    /// members. This may take any number of reconnects; the message is stored exactly once.
    ///
    /// To send several messages without a round trip for each, use [`Client::enqueue`].
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::TooLarge`], or a [terminal error](Error#terminal-errors).
    pub async fn send(&self, conversation: ConversationId, body: Body) -> Result<MsgId, Error> {
        self.enqueue(conversation, body).await?.await
    }

    /// Sends a reply to a message of the same conversation, like [`Client::send`].
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

    /// Forwards a message to the conversation `to`, with its present content and its author but
    /// without its mentions. Ordered and deduplicated like any other send.
    ///
    /// # Errors
    /// As [`Client::send`]; [`Error::Refused`] with `NoSuchMessage` if the user cannot see the
    /// message.
    pub async fn forward(
        &self,
        from: ConversationId,
        msgid: MsgId,
        to: ConversationId,
    ) -> Result<MsgId, Error> {
        self.enqueue_outgoing(to, None, Outgoing::Forward { from, msgid })
            .await?
            .await
    }

    /// Assigns a message its place in the order of sends, and returns a future for its number.
    ///
    /// The order is fixed when this returns: the messages of one conversation are numbered in the
    /// order in which their `enqueue` or [`Client::try_enqueue`] calls returned, whether or not the
    /// futures are awaited. Waits only while [`cairn_proto::limits::SENDS_IN_FLIGHT_MAX`] sends are
    /// unresolved. Cancel-safe: if the future of this call is dropped, nothing is sent.
    ///
    /// # Errors
    /// [`Error::TooLarge`], or a [terminal error](Error#terminal-errors).
    pub async fn enqueue(
        &self,
        conversation: ConversationId,
        body: Body,
    ) -> Result<Accepted, Error> {
        self.enqueue_outgoing(
            conversation,
            None,
            Outgoing::New(Content::new(body, Extras::NONE)),
        )
        .await
    }

    /// Enqueues a message with extras such as mentions or a reply; see [`Client::enqueue`].
    ///
    /// # Errors
    /// As [`Client::enqueue`]. The returned future fails with [`Error::Refused`] if the server
    /// rejects the extras.
    pub async fn enqueue_with(
        &self,
        conversation: ConversationId,
        body: Body,
        extras: Extras,
    ) -> Result<Accepted, Error> {
        self.enqueue_outgoing(
            conversation,
            None,
            Outgoing::New(Content::new(body, extras)),
        )
        .await
    }

    /// Enqueues a message without waiting; see [`Client::enqueue`].
    ///
    /// # Errors
    /// [`TryEnqueueError::Full`] with the body if the in-flight window is full; otherwise as
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
        let accepted = self.submit_send(
            conversation,
            None,
            Outgoing::New(Content::new(body, Extras::NONE)),
        )?;
        permit.forget();
        Ok(accepted)
    }

    /// Enqueues a message under a sequence number chosen by the caller; see [`Client::enqueue`].
    /// For clients that persist their outbox and continue its send stream after a restart
    /// ([`crate::Options::send_stream`]). After a restart, first enqueue all drafts without a known
    /// result again, under their old numbers.
    ///
    /// # Errors
    /// [`Error::SeqUsed`] if the number is not above all those used by this client in the
    /// conversation; otherwise as [`Client::enqueue`].
    pub async fn enqueue_draft(&self, draft: Draft) -> Result<Accepted, Error> {
        let outgoing = Outgoing::New(draft.content);
        self.enqueue_outgoing(draft.conversation, Some(draft.seq), outgoing)
            .await
    }

    async fn enqueue_outgoing(
        &self,
        conversation: ConversationId,
        seq: Option<ClientSeq>,
        outgoing: Outgoing,
    ) -> Result<Accepted, Error> {
        let permit = self
            .shared()
            .send_permits
            .acquire()
            .await
            .map_err(|_| self.ended())?;
        let accepted = self.submit_send(conversation, seq, outgoing)?;
        // Forget the permit only now: if submitting fails, dropping it returns the slot. Afterwards
        // it belongs to the send, and `Shared::resolve` returns it with the result.
        permit.forget();
        Ok(accepted)
    }

    fn submit_send(
        &self,
        conversation: ConversationId,
        seq: Option<ClientSeq>,
        outgoing: Outgoing,
    ) -> Result<Accepted, Error> {
        let (seq, answer) = self.shared().send(conversation, seq, outgoing)?;
        Ok(Accepted { seq, answer })
    }

    /// Acknowledges everything up to `msgid`: this device has stored it, so the server need not
    /// push it again and may report it as delivered.
    ///
    /// Returns at once. Acks are collected for [`crate::limits::ACK_DELAY`], or until
    /// [`crate::limits::ACK_INTERVAL`] after the last ones, and sent together; [`Client::close`]
    /// sends the remainder. A lost ack costs a redelivery, never a message.
    pub fn ack(&self, conversation: ConversationId, msgid: MsgId) {
        self.shared().ack(conversation, msgid);
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
