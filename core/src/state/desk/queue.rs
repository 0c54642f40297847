//! A queue without anything in it, and when agents with a delay may get what waits.

use std::collections::{BTreeSet, VecDeque};

use cairn_proto::ids::{ConversationId, Timestamp, UserId};

use super::index::after_ms;
use super::{Desk, Queue};
use crate::record::{AgentRecord, QueueHours, QueueRecord};

impl Queue {
    pub(super) fn new(record: QueueRecord, hours: QueueHours) -> Self {
        Self {
            record,
            hours,
            agents: BTreeSet::new(),
            free: BTreeSet::new(),
            waiting: BTreeSet::new(),
            left: BTreeSet::new(),
            offered: BTreeSet::new(),
            held: BTreeSet::new(),
            by_time: BTreeSet::new(),
            delays: BTreeSet::new(),
            routed_at: Timestamp::new(0),
            delay_due: None,
            waits: VecDeque::new(),
        }
    }

    /// When the next inquiry will have waited for as long as some agents want.
    pub(super) fn next_delay(&self) -> Option<Timestamp> {
        let next = |&delay: &u64| {
            let passed = Timestamp::new(self.routed_at.get().saturating_sub(delay));
            // Before the first routing nothing has been looked at.
            let from = match self.routed_at.get() >= delay {
                true => (after_ms(passed, 1), ConversationId::new(0)),
                false => (Timestamp::new(0), ConversationId::new(0)),
            };
            let &(since, _) = self.by_time.range(from..).next()?;
            Some(after_ms(since, delay))
        };
        self.delays.iter().filter_map(next).min()
    }
}

/// Installing what was stored, before a replay.
impl Desk {
    pub(crate) fn install_agent(&mut self, user: UserId, record: AgentRecord) {
        let AgentRecord { config, stand } = record;
        self.set_agent(user, Some(config));
        self.set_stand(user, stand);
    }
}
