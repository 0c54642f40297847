//! Sending messages, and acknowledging those that arrived.

use std::pin::Pin;
use std::task::{Context, Poll};

use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::Draft;
use cairn_proto::ids::{ClientSeq, ConversationId, MsgId};
use tokio::sync::{TryAcquireError, oneshot};

use crate::api::client::Client;
use crate::error::{Error, TryEnqueueError};
use crate::session::state::content::Content;

/// Sending
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
    /// outbox on disk and goes on with its send stream after a restart ([`crate::Options::send_stream`]).
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
    /// Returns at once. Acks are collected for [`crate::limits::ACK_DELAY`], or until
    /// [`crate::limits::ACK_INTERVAL`] after the last ones, and sent together; [`Client::close`] sends
    /// what is left. A lost ack costs a redelivery, never a message.
    pub fn ack(&self, conversation: ConversationId, msgid: MsgId) {
        self.shared().ack(conversation, msgid);
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
