//! What supervisors of a queue do, and admins of the server.

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::desk::{
    AgentInfo, Duty, InquiryFilter, InquiryPage, InquiryPlace, QueueInfo,
};
use cairn_proto::wire::request::Page;
use cairn_proto::wire::request::desk::{
    AssignInquiry, JoinInquiry, ListAgents, ListInquiries, ListQueues, SetAgentDuty,
};

use crate::error::Error;
use crate::view::desk::Desk;

/// For supervisors
impl Desk<'_> {
    /// Returns up to `limit` inquiries of a queue that come after a place: those that were opened
    /// first come first, and of closed ones those that were closed last. Agents see those of the
    /// queues that they serve, without what others hold; closed ones are for supervisors.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchQueue` or `Forbidden`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn inquiries(
        self,
        queue: ConversationId,
        filter: InquiryFilter,
        mut after: Option<InquiryPlace>,
        limit: usize,
    ) -> Result<InquiryPage, Error> {
        let mut found = Vec::new();
        while found.len() < limit {
            let missing = limit - found.len();
            let request = ListInquiries {
                queue,
                filter,
                after,
                limit: u32::try_from(missing).unwrap_or(u32::MAX),
            };
            let page = self.client.call(request).await?;
            found.extend(page.items);
            match page.next_after {
                Some(next) if after != Some(next) => after = Some(next),
                Some(_) => return Err(Error::Protocol("pages of inquiries do not advance")),
                None => {
                    after = None;
                    break;
                }
            }
        }
        Ok(InquiryPage {
            items: found,
            next_after: after,
        })
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
        let (mut found, mut more) = (Vec::new(), true);
        while more {
            let after = found.last().map(|agent: &AgentInfo| agent.user.id);
            let page = self.client.call(ListAgents { queue, after }).await?;
            more = next_page(&mut found, page)?;
        }
        Ok(found)
    }

    /// Returns the queues that the user serves or supervises, with what they have to do; for
    /// admins of the server, all.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn queues(self) -> Result<Vec<QueueInfo>, Error> {
        let (mut found, mut more) = (Vec::new(), true);
        while more {
            let after = found.last().map(|info: &QueueInfo| info.counts.queue);
            let page = self.client.call(ListQueues { after }).await?;
            more = next_page(&mut found, page)?;
        }
        Ok(found)
    }
}

/// Adds a page to what was found. Returns whether there are further ones.
pub(super) fn next_page<T>(found: &mut Vec<T>, page: Page<T>) -> Result<bool, Error> {
    if page.more && page.items.is_empty() {
        return Err(Error::Protocol("pages do not advance"));
    }
    found.extend(page.items);
    Ok(page.more)
}
