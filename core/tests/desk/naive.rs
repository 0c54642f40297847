//! The properties of a desk, written without its indexes: all pairs of inquiries and agents are
//! looked at.

use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::model::desk::{AgentInfo, AnswerMode, Duty, InquiryInfo, InquiryState, QueueInfo};

/// A desk as an admin sees it.
pub(crate) struct Seen {
    pub(crate) now: Timestamp,
    pub(crate) inquiries: Vec<InquiryInfo>,
    pub(crate) agents: Vec<AgentInfo>,
    pub(crate) queues: Vec<QueueInfo>,
}

impl Seen {
    fn queue(&self, id: ConversationId) -> &QueueInfo {
        let mut queues = self.queues.iter();
        queues.find(|queue| queue.counts.queue == id).unwrap()
    }

    pub(crate) fn agent(&self, user: UserId) -> Option<&AgentInfo> {
        self.agents.iter().find(|agent| agent.user.id == user)
    }

    fn load(&self, user: UserId) -> usize {
        let has = |inquiry: &&InquiryInfo| inquiry.state.agent() == Some(user);
        self.inquiries.iter().filter(has).count()
    }

    /// Returns whether an agent may get an inquiry, whatever they have.
    fn may_have(&self, agent: &AgentInfo, inquiry: &InquiryInfo) -> bool {
        let waited = self.now.get().saturating_sub(inquiry.waiting_since.get());
        let serves = agent.config.queues.iter().any(|served| {
            served.queue == inquiry.queue && u64::from(served.delay_seconds) * 1000 <= waited
        });
        serves && !inquiry.refused.contains(&agent.user.id)
    }

    pub(crate) fn is_ready(&self, agent: &AgentInfo) -> bool {
        agent.duty == Duty::On
            && agent.present
            && self.load(agent.user.id) < usize::from(agent.config.capacity)
    }

    fn gives(&self, inquiry: &InquiryInfo) -> bool {
        let queue = self.queue(inquiry.queue);
        queue.counts.is_open && queue.config.answer != AnswerMode::Manual
    }

    /// The properties that hold at every moment.
    pub(crate) fn check(&self, nothing_is_due: bool) {
        for agent in &self.agents {
            let load = self.load(agent.user.id);
            assert_eq!(agent.load as usize, load, "load of {}", agent.user.id);
        }
        for inquiry in &self.inquiries {
            if let Some(user) = inquiry.state.agent() {
                assert!(self.agent(user).is_some(), "{inquiry:?}: no agent");
            }
        }
        for queue in &self.queues {
            let of = |is: fn(&InquiryState) -> bool| {
                let mut count = 0;
                for inquiry in &self.inquiries {
                    count += u32::from(inquiry.queue == queue.counts.queue && is(&inquiry.state));
                }
                count
            };
            let counts = queue.counts;
            let found = [
                of(|state| *state == InquiryState::Waiting),
                of(|state| matches!(state, InquiryState::Offered { .. })),
                of(|state| matches!(state, InquiryState::Held { .. })),
                of(|state| *state == InquiryState::Left),
            ];
            let counted = [counts.waiting, counts.offered, counts.held, counts.left];
            assert_eq!(counted, found, "counts of {}", counts.queue);
        }
        for (at, one) in self.inquiries.iter().enumerate() {
            let again = self.inquiries[at + 1..].iter().find(|other| {
                other.visitor.id == one.visitor.id && other.state.is_open() && one.state.is_open()
            });
            assert!(again.is_none(), "two open inquiries of one visitor");
        }
        if nothing_is_due {
            self.check_conservation();
        }
    }

    /// No agent who is ready stands beside an inquiry that they may have.
    fn check_conservation(&self) {
        for inquiry in &self.inquiries {
            let waits = matches!(inquiry.state, InquiryState::Waiting | InquiryState::Left);
            if !waits || !self.gives(inquiry) {
                continue;
            }
            for agent in &self.agents {
                assert!(
                    !(self.is_ready(agent) && self.may_have(agent, inquiry)),
                    "{inquiry:#?} waits at {} beside {agent:#?}, who is ready",
                    self.now
                );
            }
        }
    }

    /// What routing did since an earlier moment. `by_hand` was given by a request.
    pub(crate) fn check_since(&self, before: &Self, by_hand: Option<ConversationId>) -> u64 {
        // Whatever was given by hand: an agent has at most twice their capacity, unless that was
        // lowered.
        for agent in &self.agents {
            let (load, had) = (self.load(agent.user.id), before.load(agent.user.id));
            let most = 2 * usize::from(agent.config.capacity);
            assert!(
                load <= most.max(had),
                "{} has {load} of {most}",
                agent.user.id
            );
        }
        let mut given = 0;
        for inquiry in &self.inquiries {
            let id = inquiry.conversation;
            let earlier = before.inquiries.iter().find(|one| one.conversation == id);
            let Some(user) = inquiry.state.agent() else {
                continue;
            };
            let had = earlier.and_then(|earlier| earlier.state.agent());
            if had == Some(user) || by_hand == Some(id) {
                continue;
            }
            given += 1;
            let agent = self.agent(user).unwrap();
            assert!(
                agent.duty == Duty::On && agent.present,
                "{id} was given to {user}, who is not ready"
            );
            let load = self.load(user);
            assert!(
                load <= usize::from(agent.config.capacity),
                "{user} was given {load} of {}",
                agent.config.capacity
            );
            assert!(self.gives(inquiry), "{id} was given outside of the hours");
            self.check_order(inquiry, agent);
        }
        given
    }

    /// No inquiry of the same priority that waits for longer could have been given to the agent.
    fn check_order(&self, given: &InquiryInfo, agent: &AgentInfo) {
        let place = |one: &InquiryInfo| (one.waiting_since, one.conversation);
        for other in &self.inquiries {
            let is_passed = other.state == InquiryState::Waiting
                && other.queue == given.queue
                && other.priority >= given.priority
                && place(other) < place(given)
                && self.may_have(agent, other);
            assert!(
                !is_passed,
                "{given:#?} overtook {other:#?}, given to {agent:#?} at {}",
                self.now
            );
        }
    }
}
