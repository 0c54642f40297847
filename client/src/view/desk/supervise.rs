//! What supervisors of a queue do, and admins of the server.

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::desk::{AgentInfo, Duty, InquiryFilter, InquiryInfo, QueueInfo};
use cairn_proto::wire::request::desk::{
    AssignInquiry, JoinInquiry, ListAgents, ListInquiries, ListQueues, SetAgentDuty,
};

use crate::error::Error;
use crate::view::desk::Desk;

/// For supervisors
impl Desk<'_> {
    /// Returns up to `limit` inquiries of a queue, ordered by id. Agents see those of the queues
    /// that they serve, without what they do not hold.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchQueue` or `Forbidden`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn inquiries(
        self,
        queue: ConversationId,
        filter: InquiryFilter,
        limit: usize,
    ) -> Result<Vec<InquiryInfo>, Error> {
        let (mut found, mut after) = (Vec::new(), None);
        while found.len() < limit {
            let request = ListInquiries {
                queue,
                filter,
                after,
            };
            let page = self.client.call(request).await?;
            found.extend(page.items);
            match page.next_after {
                Some(next) if after.is_none_or(|after| next > after) => after = Some(next),
                Some(_) => return Err(Error::Protocol("pages of inquiries do not advance")),
                None => break,
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Makes the user a member of an inquiry, who reads and answers beside its agent. Recorded in
    /// the log of the queue.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, `NotFound` or `InquiryClosed`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn join(self, conversation: ConversationId) -> Result<(), Error> {
        self.client.call(JoinInquiry { conversation }).await
    }

    /// Assigns an inquiry to an agent, also one that another agent holds.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotAgent`, `NotOnDuty`, `LimitReached` at twice the agent's
    /// capacity, `InquiryClosed`, `Forbidden` or `NotFound`; [`Error::Disconnected`], after which
    /// to check [`Desk::inquiry`]; or a [terminal error](Error#terminal-errors).
    pub async fn assign(self, conversation: ConversationId, agent: UserId) -> Result<(), Error> {
        self.client
            .call(AssignInquiry {
                conversation,
                agent,
            })
            .await
    }

    /// Sets the duty of an agent of a supervised queue.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotAgent` or `Forbidden`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn set_duty_of(self, user: UserId, duty: Duty) -> Result<(), Error> {
        self.client.call(SetAgentDuty { user, duty }).await
    }

    /// Returns the agents of a queue, or of all queues that the user supervises, ordered by id.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchQueue` or `Forbidden`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn agents(self, queue: Option<ConversationId>) -> Result<Vec<AgentInfo>, Error> {
        self.client
            .call(ListAgents { queue })
            .await
            .map(|list| list.0)
    }

    /// Returns the queues that the user serves or supervises, with what they have to do; for
    /// admins of the server, all.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn queues(self) -> Result<Vec<QueueInfo>, Error> {
        self.client.call(ListQueues).await.map(|list| list.0)
    }
}
