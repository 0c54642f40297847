//! The support desk: what agents, supervisors and admins of the server do with it.

mod log;
pub(crate) mod report;
pub(crate) mod setup;
mod supervise;

use cairn_proto::ids::ConversationId;
use cairn_proto::model::desk::{AgentConfig, Canned, Duty, ExplainedInquiry, InquiryInfo, MyDesk};
use cairn_proto::text::{DeskText, Tag};
use cairn_proto::wire::request::desk::{
    AcceptInquiry, CloseInquiry, ExplainInquiry, GetInquiry, GetMyDesk, ListCanned, OpenBack,
    RefuseInquiry, ReopenInquiry, SetDuty, SetInquiryPriority, TagInquiry, TakeInquiry,
    TransferInquiry, TransferTarget,
};

use crate::api::client::Client;
use crate::error::Error;
use crate::view::conversation::send::IntoBody;

/// The calls that concern the support desk. Created by [`Client::desk`].
///
/// An inquiry is a conversation: who holds it sends and reads as in any other
/// ([`Client::conversation`]).
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Desk<'a> {
    pub(crate) client: &'a Client,
}

/// For agents
impl Desk<'_> {
    /// Returns what the user has to do: offers, held inquiries, and the counts of their queues.
    /// [`crate::Update::Desk`] reports later changes.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotAgent` if the user is no agent, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn mine(self) -> Result<MyDesk, Error> {
        let mut desk = self.client.call(GetMyDesk { after: None }).await?;
        while let Some(after) = desk.next_after.take() {
            let after = Some(after);
            let page = self.client.call(GetMyDesk { after }).await?;
            if page.next_after == after {
                return Err(Error::Protocol("pages of inquiries do not advance"));
            }
            desk.offers.extend(page.offers);
            desk.held.extend(page.held);
            desk.next_after = page.next_after;
        }
        let AgentConfig {
            queues, supervises, ..
        } = &desk.agent.config;
        let served = queues.iter().map(|served| served.queue);
        let mut all: Vec<ConversationId> = served.chain(supervises.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        if desk.queues.len() < all.len() {
            desk.queues = self.queues().await?;
            desk.queues.retain(|info| all.contains(&info.counts.queue));
        }
        Ok(desk)
    }

    /// Sets the user's duty. An agent who goes off duty, or on a break, keeps what they hold and
    /// gets nothing more.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotAgent`, or a [terminal error](Error#terminal-errors).
    pub async fn set_duty(self, duty: Duty) -> Result<(), Error> {
        self.client.call(SetDuty { duty }).await
    }

    /// Accepts an inquiry that is offered to the user. Of several agents and devices, one gets it.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Taken` if another agent has it or it is no longer offered,
    /// `NotFound`, or `InquiryClosed`; or a [terminal error](Error#terminal-errors).
    pub async fn accept(self, conversation: ConversationId) -> Result<(), Error> {
        self.client.call(AcceptInquiry { conversation }).await
    }

    /// Refuses an inquiry that is offered to the user. It goes to the next agent.
    ///
    /// # Errors
    /// As [`Desk::accept`].
    pub async fn refuse(self, conversation: ConversationId) -> Result<(), Error> {
        self.client.call(RefuseInquiry { conversation }).await
    }

    /// Takes an inquiry that waits: in a queue whose inquiries agents take by hand, where its
    /// settings permit it, or a message that was left. For supervisors, any.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Taken`, `NotOnDuty`, `LimitReached` at twice the user's capacity,
    /// `Forbidden` or `NotFound`; or a [terminal error](Error#terminal-errors).
    pub async fn take(self, conversation: ConversationId) -> Result<(), Error> {
        self.client.call(TakeInquiry { conversation }).await
    }

    /// Passes an inquiry that the user holds on to another agent, or to a queue. The note goes to
    /// the back room.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotAgent` if that user does not serve the queue, `NotOnDuty`,
    /// `NoSuchQueue`, `LimitReached` at twice the agent's capacity, `BadRequest` for a transfer to
    /// its holder, or `NotFound`; [`Error::Disconnected`], after which to check
    /// [`Desk::inquiry`]; or a [terminal error](Error#terminal-errors).
    pub async fn transfer(
        self,
        conversation: ConversationId,
        to: TransferTarget,
        note: DeskText,
    ) -> Result<(), Error> {
        self.client
            .call(TransferInquiry {
                conversation,
                to,
                note,
            })
            .await
    }

    /// Closes an inquiry that the user holds, and adds tags. A message of the visitor opens it
    /// again.
    ///
    /// # Errors
    /// [`Error::Refused`] with `InquiryClosed` or `NotFound`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn close(self, conversation: ConversationId, tags: Vec<Tag>) -> Result<(), Error> {
        self.client.call(CloseInquiry { conversation, tags }).await
    }

    /// Opens a closed inquiry again, which is then routed as a new one.
    ///
    /// # Errors
    /// [`Error::Refused`] with `InquiryOpen` or `NotFound`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn reopen(self, conversation: ConversationId) -> Result<(), Error> {
        self.client.call(ReopenInquiry { conversation }).await
    }

    /// Adds and removes tags of an inquiry.
    ///
    /// # Errors
    /// [`Error::Refused`] with `LimitReached` beyond [`cairn_proto::limits::TAGS_MAX`], or
    /// `NotFound`; or a [terminal error](Error#terminal-errors).
    pub async fn tag(
        self,
        conversation: ConversationId,
        add: Vec<Tag>,
        remove: Vec<Tag>,
    ) -> Result<(), Error> {
        self.client
            .call(TagInquiry {
                conversation,
                add,
                remove,
            })
            .await
    }

    /// Sets the priority of an inquiry, at most [`cairn_proto::limits::PRIORITY_MAX`]. Of those
    /// that wait, a higher one goes first.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound`, or a [terminal error](Error#terminal-errors).
    pub async fn set_priority(
        self,
        conversation: ConversationId,
        priority: u8,
    ) -> Result<(), Error> {
        self.client
            .call(SetInquiryPriority {
                conversation,
                priority,
            })
            .await
    }

    /// Writes a note into the inquiry's back room, which visitors never see. Returns the back
    /// room, a conversation of those who may see the inquiry.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound`, as for any other send, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn note(
        self,
        conversation: ConversationId,
        note: impl IntoBody,
    ) -> Result<ConversationId, Error> {
        let back = self.back_room(conversation).await?;
        self.client.conversation(back).send(note).await?;
        Ok(back)
    }

    /// Returns the inquiry's back room, which is created if there is none.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound`, or a [terminal error](Error#terminal-errors).
    pub async fn back_room(self, conversation: ConversationId) -> Result<ConversationId, Error> {
        self.client.call(OpenBack { conversation }).await
    }

    /// Returns the canned replies whose names begin with `prefix`, ordered by name.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotAgent`, or a [terminal error](Error#terminal-errors).
    pub async fn canned(self, prefix: Option<Tag>) -> Result<Vec<Canned>, Error> {
        let (mut found, mut more) = (Vec::new(), true);
        while more {
            let after = found.last().map(|canned: &Canned| canned.name.clone());
            let prefix = prefix.clone();
            let page = self.client.call(ListCanned { prefix, after }).await?;
            more = supervise::next_page(&mut found, page)?;
        }
        Ok(found)
    }

    /// Returns an inquiry.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound`, or a [terminal error](Error#terminal-errors).
    pub async fn inquiry(self, conversation: ConversationId) -> Result<InquiryInfo, Error> {
        self.client.call(GetInquiry { conversation }).await
    }

    /// Returns why an agent has an inquiry, or why none has: the rule that chose its queue, and
    /// for each agent of the queue why they have it or do not.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound`, or a [terminal error](Error#terminal-errors).
    pub async fn explain(self, conversation: ConversationId) -> Result<ExplainedInquiry, Error> {
        self.client.call(ExplainInquiry { conversation }).await
    }
}
