//! What agents and visitors see of the desk.

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::limits::OFFER_LINE_BYTES_MAX;
use cairn_proto::model::desk::{
    AgentInfo, AgentQueue, Duty, InquiryInfo, InquiryState, Offer, QueueCounts, QueueInfo,
    VisitorInfo, VisitorInquiry, VisitorState,
};
use cairn_proto::text::{DeskText, DisplayName, GroupName};

use crate::record::InquiryRecord;
use crate::state::State;
use crate::state::desk::Rank;

/// Inquiries before a visitor's that are counted.
const PLACES_COUNTED_MAX: usize = 1_000;

impl State {
    pub(crate) fn queue_name(&self, id: ConversationId) -> Option<GroupName> {
        Some(self.desk.queue(id)?.record.config.name.clone())
    }

    /// The queue with a name, in any case.
    pub(crate) fn queue_named(&self, name: &GroupName) -> Option<ConversationId> {
        let folded = name.folded();
        let mut queues = self.desk.queues.iter();
        let found = queues.find(|(_, queue)| queue.record.config.name.folded() == folded);
        found.map(|(&id, _)| id)
    }

    /// The name that visitors see.
    pub(crate) fn public_name(&self, user: UserId) -> DisplayName {
        let agent = self.desk.agent(user);
        let own = agent.and_then(|agent| agent.record.config.public_name.clone());
        let name = || {
            let user = self.user(user)?;
            DisplayName::new(user.record.name.as_str()).ok()
        };
        own.or_else(name).unwrap_or_else(unnamed)
    }

    pub(crate) fn inquiry_info(&self, id: ConversationId) -> Option<InquiryInfo> {
        let record = self.desk.inquiry(id)?;
        let asker = self.desk.askers.get(&id);
        let InquiryRecord {
            queue,
            visitor,
            state,
            priority,
            opened_at,
            waiting_since,
            first_reply_at,
            last_agent,
            back,
            ..
        } = *record;
        let unknown = || VisitorInfo {
            id: visitor,
            name: None,
            sub: None,
            attrs: Vec::new(),
            language: None,
            page: None,
            topic: None,
        };
        let head = self.conversation(id).map(|found| found.record.head);
        Some(InquiryInfo {
            conversation: id,
            queue,
            state: self.shown_state(state),
            priority,
            visitor: asker.map_or_else(unknown, |asker| asker.info(visitor)),
            opened_at,
            waiting_since: self.desk.clock.shown(waiting_since),
            first_reply_at,
            tags: record.tags.clone(),
            rating: record.rating.clone(),
            refused: record.refused.iter().copied().take(100).collect(),
            last_agent,
            back,
            head: head.unwrap_or(MsgId::ZERO),
        })
    }

    fn shown_state(&self, state: InquiryState) -> InquiryState {
        match state {
            InquiryState::Offered { agent, until } => InquiryState::Offered {
                agent,
                until: self.desk.clock.shown(until),
            },
            state => state,
        }
    }

    pub(crate) fn offer_of(&self, id: ConversationId) -> Option<Offer> {
        let first = self.desk.askers.get(&id);
        let first = first.map_or_else(DeskText::none, |asker| {
            DeskText::first_line(asker.first.as_str(), OFFER_LINE_BYTES_MAX)
        });
        Some(Offer {
            info: self.inquiry_info(id)?,
            first,
        })
    }

    pub(crate) fn agent_info(&self, user: UserId) -> Option<AgentInfo> {
        let agent = self.desk.agent(user)?;
        let stand = agent.record.stand;
        Some(AgentInfo {
            user: self.user_info(user)?,
            config: agent.record.config.clone(),
            duty: stand.duty,
            present: stand.is_present(),
            load: agent.load(),
            missed: stand.missed,
            given_at: stand.given_at,
        })
    }

    pub(crate) fn queue_counts(&self, id: ConversationId) -> Option<QueueCounts> {
        let queue = self.desk.queue(id)?;
        let count = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
        let is_on_duty = |user: &&UserId| {
            let agent = self.desk.agent(**user);
            agent.is_some_and(|agent| agent.record.stand.duty == Duty::On)
        };
        Some(QueueCounts {
            queue: id,
            waiting: count(queue.waiting.len()),
            offered: count(queue.offered.len()),
            held: count(queue.held.len()),
            left: count(queue.left.len()),
            on_duty: count(queue.agents.iter().filter(is_on_duty).count()),
            ready: count(queue.ready()),
            oldest_waiting_since: queue.oldest().map(|since| self.desk.clock.shown(since)),
            is_open: queue.hours.is_open,
        })
    }

    pub(crate) fn queue_info(&self, id: ConversationId) -> Option<QueueInfo> {
        Some(QueueInfo {
            config: self.desk.queue(id)?.record.config.clone(),
            counts: self.queue_counts(id)?,
        })
    }

    /// The place in line of a waiting inquiry; 0 if that is not known.
    pub(crate) fn place_of(&self, id: ConversationId) -> Option<(u32, Option<u32>)> {
        let record = self.desk.inquiry(id)?;
        let queue = self.desk.queue(record.queue)?;
        let about = queue.median_wait();
        let rank = Rank::of(id, record);
        let place = match record.state {
            InquiryState::Offered { .. } => 1,
            InquiryState::Waiting if queue.waiting.last() == Some(&rank) => queue.waiting.len(),
            InquiryState::Waiting => {
                let before = queue.waiting.range(..=rank).take(PLACES_COUNTED_MAX + 1);
                Some(before.count())
                    .filter(|&count| count <= PLACES_COUNTED_MAX)
                    .unwrap_or(0)
            }
            _ => return None,
        };
        Some((u32::try_from(place).unwrap_or(u32::MAX), about))
    }

    pub(crate) fn visitor_inquiry(&self, id: ConversationId) -> Option<VisitorInquiry> {
        let record = self.desk.inquiry(id).filter(|record| !record.is_erased)?;
        let (found, member) = self.membership(UserId::VISITOR, id).ok()?;
        let state = match record.state {
            InquiryState::Waiting | InquiryState::Offered { .. } => {
                let (place, about_seconds) = self.place_of(id).unwrap_or((0, None));
                VisitorState::Waiting {
                    place,
                    about_seconds,
                }
            }
            InquiryState::Held { agent, .. } => VisitorState::Answered {
                agent,
                name: self.public_name(agent),
            },
            InquiryState::Left => VisitorState::Left,
            InquiryState::Closed { .. } => VisitorState::Closed {
                may_rate: record.rating.is_none(),
            },
        };
        let queue = self.queue_name(record.queue);
        Some(VisitorInquiry {
            conversation: id,
            queue: queue.unwrap_or_else(no_queue),
            state,
            head: found.record.head,
            floor: found.record.floor,
            read: member.record.read,
            delivered: member.delivered(record.visitor.device()),
        })
    }
}

/// How an agent serves a queue.
pub(crate) fn served_by(queues: &[AgentQueue], queue: ConversationId) -> Option<AgentQueue> {
    queues.iter().copied().find(|served| served.queue == queue)
}

#[expect(clippy::unwrap_used, reason = "a valid name")]
fn unnamed() -> DisplayName {
    DisplayName::new("agent").unwrap()
}

#[expect(clippy::unwrap_used, reason = "a valid name")]
fn no_queue() -> GroupName {
    GroupName::new("desk").unwrap()
}
