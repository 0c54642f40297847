//! The support desk, for agents: what is offered to them, what they hold and what waits.

mod board;
mod model;

use std::sync::Arc;

use cairn_client::proto::ids::ConversationId;
use cairn_client::proto::model::desk::{AgentInfo, Duty, InquiryInfo, Offer, QueueInfo};

pub(crate) use self::board::Board;

/// What an agent has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskView {
    /// The agent. Their load counts offers and held inquiries.
    pub agent: AgentInfo,
    /// Inquiries that they may accept, the offer that ends first first.
    pub offers: Vec<Arc<Offer>>,
    /// Inquiries that they hold, the one held for longest first.
    pub held: Vec<InquiryInfo>,
    /// Inquiries of their queues that no agent holds, and messages that were left; in the order in
    /// which they are given. Listed while the desk is on screen.
    pub waiting: Vec<InquiryInfo>,
    /// The queues that they serve or supervise, by name.
    pub queues: Vec<QueueInfo>,
}

impl DeskView {
    /// Returns an inquiry of any list.
    #[must_use]
    pub fn inquiry(&self, id: ConversationId) -> Option<&InquiryInfo> {
        let offers = self.offers.iter().map(|offer| &offer.info);
        let mut all = offers.chain(&self.held).chain(&self.waiting);
        all.find(|info| info.conversation == id)
    }

    /// Returns a queue.
    #[must_use]
    pub fn queue(&self, id: ConversationId) -> Option<&QueueInfo> {
        self.queues.iter().find(|queue| queue.counts.queue == id)
    }

    /// Returns how many inquiries wait or are offered, in all queues.
    #[must_use]
    pub fn waiting_count(&self) -> u64 {
        let counts = self.queues.iter().map(|queue| queue.counts);
        let counts = counts.map(|counts| u64::from(counts.waiting) + u64::from(counts.offered));
        counts.sum()
    }
}

/// The part of a conversation in the support desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeskLog {
    /// What routing did in a queue.
    Queue,
    /// An inquiry.
    Inquiry,
    /// Notes of agents about an inquiry.
    Notes(ConversationId),
}

/// Something at the desk to notify the agent of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeskNotice {
    /// An inquiry is offered to them.
    Offer(Arc<Offer>),
    /// They let an offer pass.
    Missed(Arc<Offer>),
    /// The server changed their duty, because they let several offers pass.
    Duty(Duty),
}
