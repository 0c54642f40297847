//! The rule: who gets which inquiry. It runs at the end of every command that frees or adds
//! anything, for the queues that the command touched.

use std::collections::BTreeSet;
use std::ops::Bound;

use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::limits::PRIORITY_MAX;
use cairn_proto::model::desk::AnswerMode;

use super::steps::Held;
use super::turn::Turn;
use crate::limits::{REFUSALS_FORGOTTEN_MS, ROUTE_STEPS_MAX, ROUTE_VISITS_MAX};
use crate::record::InquiryRecord;
use crate::state::State;
use crate::state::desk::{Queue, Rank};

/// What one command may still do.
#[derive(Default)]
struct Budget {
    steps: usize,
    visited: usize,
}

impl Budget {
    const fn is_spent(&self) -> bool {
        self.steps >= ROUTE_STEPS_MAX || self.visited >= ROUTE_VISITS_MAX
    }
}

/// Who would get an inquiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    Agent {
        user: UserId,
        is_sticky: bool,
    },
    /// Those who could have refused it.
    AllRefused,
    None,
}

impl State {
    /// Routes the queues that a command touched, in the order of their ids. What is left to do is
    /// in the backlog.
    pub(crate) fn route(&mut self, turn: &mut Turn<'_>) {
        let mut budget = Budget::default();
        // A step frees no agent, so no further queue is touched; but it may touch the same ones.
        let touched = std::mem::take(&mut turn.touched);
        for queue in touched {
            self.route_queue(queue, &mut budget, turn);
        }
        turn.touched = BTreeSet::new();
        let (steps, visited) = (budget.steps as u64, budget.visited as u64);
        let meter = &mut self.desk.meter;
        meter.steps += steps;
        meter.visited += visited;
        meter.steps_max = meter.steps_max.max(steps);
        meter.visited_max = meter.visited_max.max(visited);
    }

    fn route_queue(&mut self, id: ConversationId, budget: &mut Budget, turn: &mut Turn<'_>) {
        self.desk.backlog.remove(&id);
        self.desk.note_routed(id);
        for class in 0..=PRIORITY_MAX {
            if !self.route_class(id, Some(class), budget, turn) {
                return;
            }
        }
        self.route_class(id, None, budget, turn);
    }

    /// Routes the inquiries of a priority; `None` for messages that were left. Returns whether
    /// there may be an agent for others.
    fn route_class(
        &mut self,
        id: ConversationId,
        class: Option<u8>,
        budget: &mut Budget,
        turn: &mut Turn<'_>,
    ) -> bool {
        let mut after = Bound::Included(Rank::first(class.unwrap_or(0)));
        loop {
            let Some(queue) = self.desk.queue(id) else {
                return false;
            };
            if !queue.gives() {
                return false;
            }
            let ranks = match class {
                Some(_) => &queue.waiting,
                None => &queue.left,
            };
            let next = ranks.range((after, Bound::Unbounded)).next();
            let next = next.filter(|rank| class.is_none_or(|class| rank.class == class));
            let Some(&rank) = next else {
                return true;
            };
            if budget.is_spent() {
                self.desk.backlog.insert(id);
                return false;
            }
            budget.visited += 1;
            let answer = queue.record.config.answer;
            match self.pick(rank.id, turn.now) {
                Pick::Agent { user, .. } => {
                    budget.steps += 1;
                    self.give(rank.id, user, answer, turn);
                }
                picked => {
                    if picked == Pick::AllRefused {
                        self.forget_refusals_later(rank.id, turn);
                    }
                    let record = self.desk.inquiry(rank.id);
                    let is_refused = record.is_some_and(|record| !record.refused.is_empty());
                    // An agent who could get a later one of the class could get this one, unless
                    // they refused it. Messages that were left are of several priorities.
                    if class.is_some() && !is_refused {
                        return true;
                    }
                    after = Bound::Excluded(rank);
                }
            }
        }
    }

    fn give(&mut self, id: ConversationId, user: UserId, answer: AnswerMode, turn: &mut Turn<'_>) {
        match answer {
            AnswerMode::Assign => self.hold(id, user, Held::Assigned { by: None }, turn),
            AnswerMode::Offer { seconds } => self.offer(id, user, seconds, turn),
            AnswerMode::Manual => {}
        }
    }

    /// Chooses who gets an inquiry: its last agent, or else the first who is free, not the one to
    /// whom it was offered last if there is another.
    pub(crate) fn pick(&self, id: ConversationId, now: Timestamp) -> Pick {
        let Some(record) = self.desk.inquiry(id) else {
            return Pick::None;
        };
        let Some(queue) = self.desk.queue(record.queue) else {
            return Pick::None;
        };
        let waited_ms = self.desk.clock.since_ms(record.waiting_since);
        let sticky = record.last_agent.filter(|&user| {
            let agent = self.desk.agent(user).filter(|agent| agent.is_ready());
            let mut served = agent
                .into_iter()
                .flat_map(|agent| &agent.record.config.queues);
            let is_due = served.any(|served| {
                let delay_ms = u64::from(served.delay_seconds) * 1000;
                served.queue == record.queue && delay_ms <= waited_ms
            });
            now < record.sticky_until
                && is_due
                && !record.refused.contains(&user)
                && record.last_offered != Some(user)
        });
        if let Some(user) = sticky {
            let is_sticky = true;
            return Pick::Agent { user, is_sticky };
        }
        let is_sticky = false;
        let (mut again, mut has_refused) = (None, false);
        for free in queue.free().filter(|free| free.delay_ms <= waited_ms) {
            let user = free.user;
            if record.refused.contains(&user) {
                has_refused = true;
            } else if record.last_offered == Some(user) {
                again = again.or(Some(user));
            } else {
                return Pick::Agent { user, is_sticky };
            }
        }
        match again {
            Some(user) => Pick::Agent { user, is_sticky },
            None if has_refused => Pick::AllRefused,
            None => Pick::None,
        }
    }

    fn forget_refusals_later(&mut self, id: ConversationId, turn: &mut Turn<'_>) {
        let record = self
            .desk
            .inquiry(id)
            .filter(|record| record.forget_at.is_none());
        let Some(record) = record else {
            return;
        };
        let at = self.desk.clock.after_ms(REFUSALS_FORGOTTEN_MS);
        let record = InquiryRecord {
            forget_at: Some(at),
            ..record.clone()
        };
        self.put_inquiry(id, record, turn);
    }
}

impl Queue {
    /// Returns whether anything is given to agents at present, and an agent could get it.
    pub(crate) fn gives(&self) -> bool {
        self.hours.is_open && self.record.config.answer != AnswerMode::Manual && self.ready() > 0
    }
}
