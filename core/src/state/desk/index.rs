//! What follows from the rows of the desk: who waits in which order, who is free, and what is due.
//! Every change of a row takes its part out of the indexes and puts the new one in.

use cairn_proto::ids::{ConversationId, Timestamp, UserId, VisitorId};
use cairn_proto::limits::PRIORITY_MAX;
use cairn_proto::model::desk::{AgentConfig, AgentQueue, InquiryState, RouteRule, Strategy};
use cairn_proto::text::{DeskText, Tag};

use super::{Agent, Desk, Due, Inquiry, Queue};
use crate::record::{
    AgentRecord, AgentStand, AskerRecord, Attendance, DeskKeyRecord, InquiryRecord, QueueHours,
    QueueRecord, SecretHash, StoredVisitor, VisitorRecord,
};

/// The order in which inquiries are given to agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    /// 0 for the highest priority.
    pub(crate) class: u8,
    pub(crate) since: Timestamp,
    pub(crate) id: ConversationId,
}

impl Rank {
    pub(crate) const fn of(id: ConversationId, record: &InquiryRecord) -> Self {
        Self {
            class: PRIORITY_MAX.saturating_sub(record.priority),
            since: record.waiting_since,
            id,
        }
    }

    /// The first one of a class.
    pub(crate) const fn first(class: u8) -> Self {
        Self {
            class,
            since: Timestamp::new(0),
            id: ConversationId::new(0),
        }
    }
}

/// The place of an agent who is free in a queue, by its strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FreeKey {
    level: u8,
    order: (u64, u64),
    user: UserId,
    delay_ms: u64,
}

/// An agent who is free in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Free {
    pub(crate) user: UserId,
    pub(crate) level: u8,
    pub(crate) delay_ms: u64,
}

impl FreeKey {
    fn new(strategy: Strategy, user: UserId, agent: &Agent, served: AgentQueue) -> Self {
        let stand = &agent.record.stand;
        let load = u64::from(agent.load());
        let order = match strategy {
            // Exact: the shares of two capacities of at most 100 differ by at least 1/10,000.
            Strategy::LeastBusy => {
                let capacity = u64::from(agent.record.config.capacity.max(1));
                (load * 1_000_000_000 / capacity, stand.given)
            }
            Strategy::RoundRobin => (stand.given, 0),
            Strategy::LongestIdle if load == 0 => (0, stand.idle),
            Strategy::LongestIdle => (1, stand.given),
        };
        Self {
            level: served.level,
            order,
            user,
            delay_ms: delay_ms(served),
        }
    }

    pub(super) const fn free(&self) -> Free {
        Free {
            user: self.user,
            level: self.level,
            delay_ms: self.delay_ms,
        }
    }
}

const fn delay_ms(served: AgentQueue) -> u64 {
    served.delay_seconds as u64 * 1000
}

pub(super) const fn after_ms(at: Timestamp, ms: u64) -> Timestamp {
    Timestamp::new(at.get().saturating_add(ms))
}

impl Desk {
    pub(crate) fn set_queue(&mut self, id: ConversationId, record: Option<QueueRecord>) {
        match (record, self.queues.get_mut(&id)) {
            (Some(record), Some(queue)) => queue.record = record,
            (Some(record), None) => {
                let hours = QueueHours {
                    is_open: record.config.hours.is_none(),
                    spans: Vec::new(),
                };
                self.queues.insert(id, Queue::new(record, hours));
            }
            (None, _) => {
                self.drop_queue_due(id);
                self.queues.remove(&id);
                self.backlog.remove(&id);
            }
        }
        // The strategy may be another one, and the times of its inquiries.
        let of_queue: Vec<ConversationId> = self
            .inquiries
            .iter()
            .filter(|(_, inquiry)| inquiry.record.queue == id)
            .map(|(&id, _)| id)
            .collect();
        for inquiry in of_queue {
            self.unindex(inquiry);
            self.index(inquiry);
        }
        let users: Vec<UserId> = self.agents.keys().copied().collect();
        for user in users {
            self.unfree(user);
            self.free(user);
        }
        self.note_served(id);
        self.refresh_queue(id);
    }

    pub(crate) fn set_hours(&mut self, id: ConversationId, hours: QueueHours) {
        self.drop_queue_due(id);
        if let Some(queue) = self.queues.get_mut(&id) {
            queue.hours = hours;
        }
        self.refresh_queue(id);
    }

    pub(crate) fn set_agent(&mut self, user: UserId, config: Option<AgentConfig>) {
        self.unfree(user);
        let stand = self.agents.get(&user).map(|agent| agent.record.stand);
        let before: Vec<ConversationId> = self
            .agents
            .get(&user)
            .map(|agent| agent.queues().collect())
            .unwrap_or_default();
        match config {
            Some(config) => {
                let stand = stand.unwrap_or_default();
                self.put_agent(user, AgentRecord { config, stand });
            }
            None => drop(self.agents.remove(&user)),
        }
        self.free(user);
        let after: Vec<ConversationId> = self
            .agents
            .get(&user)
            .map(|agent| agent.queues().collect())
            .unwrap_or_default();
        for id in before.into_iter().chain(after) {
            self.note_served(id);
        }
    }

    /// Installs an agent, or changes one, without the indexes.
    fn put_agent(&mut self, user: UserId, record: AgentRecord) {
        match self.agents.get_mut(&user) {
            Some(agent) => agent.record = record,
            None => {
                let inquiries = self
                    .inquiries
                    .iter()
                    .filter(|(_, inquiry)| inquiry.record.state.agent() == Some(user))
                    .map(|(&id, _)| id)
                    .collect();
                let agent = Agent {
                    record,
                    inquiries,
                    places: Vec::new(),
                };
                self.agents.insert(user, agent);
            }
        }
    }

    pub(crate) fn set_stand(&mut self, user: UserId, stand: AgentStand) {
        self.ordinal = self.ordinal.max(stand.given).max(stand.idle);
        self.unfree(user);
        let Some(agent) = self.agents.get_mut(&user) else {
            return;
        };
        let was = agent.record.stand.attendance;
        agent.record.stand = stand;
        if let Attendance::Absent { since, .. } = stand.attendance {
            self.clock.raise(since);
        }
        let moved = if was == stand.attendance {
            Vec::new()
        } else {
            agent.inquiries.iter().copied().collect()
        };
        self.free(user);
        for id in moved {
            self.refresh_due(id);
        }
    }

    pub(crate) fn set_inquiry(&mut self, id: ConversationId, record: InquiryRecord) {
        self.unindex(id);
        self.gone.remove(&id);
        self.clock.raise(record.waiting_since);
        let before = self.inquiries.get(&id);
        let said_at = match before.filter(|before| before.record.said == record.said) {
            Some(before) => before.said_at,
            None => record.said.map(|(at, _)| self.clock.of_past(at)),
        };
        let due = Vec::new();
        let inquiry = Inquiry {
            record,
            said_at,
            due,
        };
        self.inquiries.insert(id, inquiry);
        self.index(id);
    }

    /// Notes who said something last.
    pub(crate) fn note_said(&mut self, id: ConversationId, at: Timestamp, by_visitor: bool) {
        let Some(inquiry) = self.inquiries.get_mut(&id) else {
            return;
        };
        inquiry.record.said = Some((at, by_visitor));
        inquiry.said_at = Some(self.clock.of_past(at));
        self.refresh_due(id);
    }

    pub(crate) fn remove_inquiry(&mut self, id: ConversationId) {
        self.unindex(id);
        self.inquiries.remove(&id);
        self.gone.insert(id);
        self.askers.remove(&id);
        self.erasing.remove(&id);
    }

    pub(crate) fn set_asker(&mut self, id: ConversationId, asker: AskerRecord) {
        self.askers.insert(id, asker);
    }

    pub(crate) fn set_visitor(&mut self, id: VisitorId, record: Option<VisitorRecord>) {
        match (record, self.visitors.get_mut(&id)) {
            (Some(record), Some(visitor)) => visitor.record = record,
            (Some(record), None) => {
                let streams = Vec::new();
                self.visitors.insert(id, StoredVisitor { record, streams });
            }
            (None, _) => {
                self.visitors.remove(&id);
                self.gone_visitors.insert(id);
                return;
            }
        }
        self.gone_visitors.remove(&id);
    }

    pub(crate) fn set_key(&mut self, key: SecretHash, record: Option<DeskKeyRecord>) {
        match record {
            Some(record) => drop(self.keys.insert(key, record)),
            None => drop(self.keys.remove(&key)),
        }
    }

    pub(crate) fn set_canned(&mut self, name: Tag, text: Option<DeskText>) {
        match text {
            Some(text) => drop(self.canned.insert(name, text)),
            None => drop(self.canned.remove(&name)),
        }
    }

    pub(crate) fn set_rules(&mut self, rules: Vec<RouteRule>) {
        self.rules = rules;
    }

    /// Notes that routing went over a queue.
    pub(crate) fn note_routed(&mut self, id: ConversationId) {
        if let Some(queue) = self.queues.get_mut(&id) {
            queue.routed_at = self.clock.time();
        }
        self.refresh_queue(id);
    }

    /// Takes an inquiry out of the indexes.
    fn unindex(&mut self, id: ConversationId) {
        let Some(inquiry) = self.inquiries.get_mut(&id) else {
            return;
        };
        for due in std::mem::take(&mut inquiry.due) {
            self.due.remove(&due);
        }
        let (rank, state, queue) = (
            Rank::of(id, &inquiry.record),
            inquiry.record.state,
            inquiry.record.queue,
        );
        if let Some(queue) = self.queues.get_mut(&queue) {
            queue.waiting.remove(&rank);
            queue.left.remove(&rank);
            queue.offered.remove(&id);
            queue.held.remove(&id);
            queue.by_time.remove(&(rank.since, id));
        }
        if let Some(user) = state.agent() {
            self.unfree(user);
            if let Some(agent) = self.agents.get_mut(&user) {
                agent.inquiries.remove(&id);
            }
            self.free(user);
        }
        self.refresh_queue(queue);
    }

    /// Puts an inquiry into the indexes.
    fn index(&mut self, id: ConversationId) {
        let Some(inquiry) = self.inquiries.get(&id) else {
            return;
        };
        let (rank, state, queue) = (
            Rank::of(id, &inquiry.record),
            inquiry.record.state,
            inquiry.record.queue,
        );
        if inquiry.record.is_erased {
            self.erasing.insert(id);
        }
        if let Some(queue) = self.queues.get_mut(&queue) {
            match state {
                InquiryState::Waiting => {
                    queue.waiting.insert(rank);
                    queue.by_time.insert((rank.since, id));
                }
                InquiryState::Left => {
                    queue.left.insert(rank);
                    queue.by_time.insert((rank.since, id));
                }
                InquiryState::Offered { .. } => drop(queue.offered.insert(id)),
                InquiryState::Held { .. } => drop(queue.held.insert(id)),
                InquiryState::Closed { .. } => {}
            }
        }
        if let Some(user) = state.agent() {
            self.unfree(user);
            if let Some(agent) = self.agents.get_mut(&user) {
                agent.inquiries.insert(id);
            }
            self.free(user);
        }
        self.refresh_due(id);
        self.refresh_queue(queue);
    }

    /// Computes when something happens to an inquiry.
    pub(super) fn refresh_due(&mut self, id: ConversationId) {
        let Some(inquiry) = self.inquiries.get_mut(&id) else {
            return;
        };
        for due in std::mem::take(&mut inquiry.due) {
            self.due.remove(&due);
        }
        let record = &inquiry.record;
        let queue = self.queues.get(&record.queue);
        let config = queue.map(|queue| &queue.record.config);
        let gone =
            |user: UserId, absence_ms: u64| match self.agents.get(&user)?.record.stand.attendance {
                Attendance::Present => None,
                Attendance::Absent { since, grace_ms } => {
                    Some(after_ms(since, absence_ms.max(u64::from(grace_ms))))
                }
            };
        let mut due = Vec::new();
        match record.state {
            InquiryState::Waiting => {
                let overflow = config.and_then(|config| config.overflow);
                if let Some(overflow) = overflow.filter(|_| !record.has_overflowed) {
                    let after = u64::from(overflow.after_seconds) * 1000;
                    due.push((after_ms(record.waiting_since, after), Due::Overflow(id)));
                }
                due.extend(record.forget_at.map(|at| (at, Due::Refusals(id))));
            }
            InquiryState::Offered { agent, until } => {
                let at = gone(agent, 0).map_or(until, |gone| gone.min(until));
                due.push((at, Due::Offer(id)));
            }
            InquiryState::Held { agent, .. } => {
                let absence = config.map_or(0, |config| u64::from(config.absence_seconds));
                due.extend(gone(agent, absence * 1000).map(|at| (at, Due::Absent(id))));
                let idle = config.map_or(0, |config| u64::from(config.idle_close_seconds));
                let is_idle = matches!(record.said, Some((_, false)));
                if let Some(at) = inquiry.said_at.filter(|_| is_idle && idle > 0) {
                    due.push((after_ms(at, idle * 1000), Due::Idle(id)));
                }
            }
            InquiryState::Left | InquiryState::Closed { .. } => {}
        }
        self.due.extend(due.iter().copied());
        if let Some(inquiry) = self.inquiries.get_mut(&id) {
            inquiry.due = due;
        }
    }

    fn drop_queue_due(&mut self, id: ConversationId) {
        if let Some(queue) = self.queues.get_mut(&id) {
            if let Some(at) = queue.delay_due.take() {
                self.due.remove(&(at, Due::Delay(id)));
            }
            if let Some(at) = queue.hours.next() {
                self.hours_due.remove(&(at, id));
            }
        }
    }

    /// Computes when something happens to a queue.
    fn refresh_queue(&mut self, id: ConversationId) {
        let Some(queue) = self.queues.get_mut(&id) else {
            return;
        };
        if let Some(at) = queue.hours.next() {
            self.hours_due.insert((at, id));
        }
        let next = queue.next_delay();
        if next != queue.delay_due {
            if let Some(at) = std::mem::replace(&mut queue.delay_due, next) {
                self.due.remove(&(at, Due::Delay(id)));
            }
            self.due.extend(next.map(|at| (at, Due::Delay(id))));
        }
    }

    /// Notes who serves a queue, and with which delays.
    fn note_served(&mut self, id: ConversationId) {
        let Some(queue) = self.queues.get_mut(&id) else {
            return;
        };
        queue.agents.clear();
        queue.delays.clear();
        for (&user, agent) in &self.agents {
            let served = agent.record.config.queues.iter();
            for served in served.filter(|served| served.queue == id) {
                queue.agents.insert(user);
                queue
                    .delays
                    .extend(Some(delay_ms(*served)).filter(|&ms| ms > 0));
            }
        }
        self.refresh_queue(id);
    }

    /// Takes an agent out of the lists of those who are free.
    fn unfree(&mut self, user: UserId) {
        let Some(agent) = self.agents.get_mut(&user) else {
            return;
        };
        for (id, place) in agent.places.drain(..) {
            if let Some(queue) = self.queues.get_mut(&id) {
                queue.free.remove(&place);
            }
        }
    }

    /// Puts an agent into the lists of those who are free, if they are.
    fn free(&mut self, user: UserId) {
        let Some(agent) = self.agents.get_mut(&user) else {
            return;
        };
        if !agent.is_ready() {
            return;
        }
        let mut places = std::mem::take(&mut agent.places);
        for &served in &agent.record.config.queues {
            if let Some(queue) = self.queues.get_mut(&served.queue) {
                let strategy = queue.record.config.strategy;
                let place = FreeKey::new(strategy, user, agent, served);
                queue.free.insert(place);
                places.push((served.queue, place));
            }
        }
        agent.places = places;
    }
}
