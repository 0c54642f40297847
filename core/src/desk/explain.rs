//! Why an agent has an inquiry, or why no agent has.

use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::limits::CANDIDATES_MAX;
use cairn_proto::model::desk::{
    AnswerMode, Candidate, CandidateReason, Duty, ExplainedInquiry, InquiryState, Verdict,
};

use super::rule::Pick;
use super::views::served_by;
use crate::record::InquiryRecord;
use crate::state::State;
use crate::state::desk::Agent;

impl State {
    pub(crate) fn explain(&self, id: ConversationId, now: Timestamp) -> Option<ExplainedInquiry> {
        let info = self.inquiry_info(id)?;
        let record = self.desk.inquiry(id)?;
        let queue = self.desk.queue(record.queue);
        let picked = self.pick(id, now);
        let verdict = match record.state {
            InquiryState::Held { .. } => Verdict::Held,
            InquiryState::Offered { .. } => Verdict::Offered,
            InquiryState::Closed { .. } => Verdict::Closed,
            InquiryState::Left => Verdict::Left,
            InquiryState::Waiting => match queue {
                None => Verdict::NoAgents,
                Some(queue) if queue.agents.is_empty() => Verdict::NoAgents,
                Some(queue) if !queue.hours.is_open => Verdict::QueueClosed,
                Some(queue) if queue.record.config.answer == AnswerMode::Manual => Verdict::Manual,
                Some(_) => match (picked, record.forget_at) {
                    (Pick::Agent { .. }, _) => Verdict::Next,
                    (Pick::AllRefused, Some(at)) => {
                        let until = self.desk.clock.shown(at);
                        Verdict::RefusedByAll { until }
                    }
                    _ => Verdict::NobodyReady,
                },
            },
        };
        let mut candidates = Vec::new();
        // No agent is next for what is over.
        let queue = queue.filter(|_| record.state.is_open());
        let agents = queue.into_iter().flat_map(|queue| &queue.agents);
        for &user in agents {
            let Some(agent) = self.desk.agent(user) else {
                continue;
            };
            let Some(served) = served_by(&agent.record.config.queues, record.queue) else {
                continue;
            };
            let delay_ms = u64::from(served.delay_seconds) * 1000;
            candidates.push(Candidate {
                agent: user,
                level: served.level,
                load: agent.load(),
                capacity: agent.record.config.capacity,
                reason: self.reason_of(record, agent, user, delay_ms, picked),
            });
        }
        let lowest = candidates
            .iter()
            .filter(|candidate| {
                matches!(
                    candidate.reason,
                    CandidateReason::First | CandidateReason::BehindOthers
                )
            })
            .map(|candidate| candidate.level)
            .min();
        for candidate in &mut candidates {
            let is_higher = lowest.is_some_and(|lowest| candidate.level > lowest);
            if candidate.reason == CandidateReason::BehindOthers && is_higher {
                candidate.reason = CandidateReason::HigherLevel;
            }
        }
        candidates.sort_by_key(|candidate| {
            let is_chosen = matches!(
                candidate.reason,
                CandidateReason::Chosen | CandidateReason::First | CandidateReason::Sticky
            );
            (!is_chosen, candidate.level, candidate.agent)
        });
        candidates.truncate(CANDIDATES_MAX);
        Some(ExplainedInquiry {
            info,
            rule: record.rule,
            verdict,
            candidates,
        })
    }

    fn reason_of(
        &self,
        record: &InquiryRecord,
        agent: &Agent,
        user: UserId,
        delay_ms: u64,
        picked: Pick,
    ) -> CandidateReason {
        let stand = &agent.record.stand;
        let clock = &self.desk.clock;
        let left_ms = delay_ms.saturating_sub(clock.since_ms(record.waiting_since));
        match picked {
            _ if record.state.agent() == Some(user) => CandidateReason::Chosen,
            _ if stand.duty == Duty::Off => CandidateReason::OffDuty,
            _ if stand.duty == Duty::Break => CandidateReason::OnBreak,
            _ if !stand.is_present() => CandidateReason::Away,
            _ if !agent.is_ready() => CandidateReason::Full,
            _ if record.refused.contains(&user) => CandidateReason::Refused,
            _ if left_ms > 0 => CandidateReason::Delayed {
                until: clock.shown(clock.after_ms(left_ms)),
            },
            Pick::Agent {
                user: first,
                is_sticky,
            } if first == user => match is_sticky {
                true => CandidateReason::Sticky,
                false => CandidateReason::First,
            },
            _ => CandidateReason::BehindOthers,
        }
    }
}
