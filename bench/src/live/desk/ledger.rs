//! Who had which inquiry when, by the logs of the queues; and whether that is possible.

use std::collections::HashMap;

use cairn_client::proto::content::body::SystemEntry;
use cairn_client::proto::model::desk::{DeskEntry, RouteEntry, RouteStep};
use cairn_client::{Body, ConversationId, Message, Timestamp, UserId};

/// Where an inquiry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    Waiting,
    Offered(UserId),
    Held(UserId),
    Closed,
}

/// An agent held an inquiry, from when until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holding {
    pub(super) agent: UserId,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

#[derive(Debug)]
struct Known {
    stand: Stand,
    holds: Vec<Holding>,
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    inquiries: HashMap<ConversationId, Known>,
    pub(super) entries: u64,
    /// Steps that cannot follow what was before them: an inquiry that is opened twice, or that an
    /// agent gets while another has it.
    pub(super) faults: Vec<String>,
}

impl Ledger {
    /// Adds the next step of a queue's log.
    pub(super) fn add(&mut self, at: Timestamp, entry: &RouteEntry) {
        self.entries += 1;
        let RouteEntry { inquiry, step } = entry;
        if let RouteStep::Duty { .. } = step {
            return;
        }
        let known = self.inquiries.get_mut(inquiry);
        let before = known.as_ref().map(|known| known.stand);
        let Some(after) = follow(before, step) else {
            let fault = format!("inquiry {inquiry}: {step:?} follows {before:?}");
            return self.faults.push(fault);
        };
        let known = self.inquiries.entry(*inquiry).or_insert(Known {
            stand: after,
            holds: Vec::new(),
        });
        let ended = matches!(before, Some(Stand::Held(_))) && before != Some(after);
        if let Some(hold) = known.holds.last_mut().filter(|_| ended) {
            hold.to = at;
        }
        if let Stand::Held(agent) = after
            && before != Some(after)
        {
            known.holds.push(Holding {
                agent,
                from: at,
                to: Timestamp::new(u64::MAX),
            });
        }
        known.stand = after;
    }

    pub(super) fn knows(&self, inquiry: ConversationId) -> bool {
        self.inquiries.contains_key(&inquiry)
    }

    pub(super) fn len(&self) -> usize {
        self.inquiries.len()
    }

    /// Returns how many inquiries are not closed.
    pub(super) fn open(&self) -> usize {
        let stands = self.inquiries.values().map(|known| known.stand);
        stands.filter(|&stand| stand != Stand::Closed).count()
    }

    /// Returns how often each agent got an inquiry until a moment.
    pub(super) fn given(&self, until: Timestamp) -> HashMap<UserId, u64> {
        let mut given = HashMap::new();
        let holds = self.inquiries.values().flat_map(|known| &known.holds);
        for hold in holds.filter(|hold| hold.from < until) {
            *given.entry(hold.agent).or_default() += 1;
        }
        given
    }

    /// Returns, for each inquiry that an agent held at a moment, after how many milliseconds
    /// another one held it; `None` for none so far.
    pub(super) fn handed_over(&self, agent: UserId, at: Timestamp) -> Vec<Option<u64>> {
        let after = |known: &Known| {
            let mut holds = known.holds.iter();
            holds.find(|hold| hold.agent == agent && hold.from <= at && at < hold.to)?;
            let next = holds.find(|hold| hold.agent != agent);
            Some(next.map(|next| next.from.get().saturating_sub(at.get())))
        };
        self.inquiries.values().filter_map(after).collect()
    }
}

/// Returns where an inquiry stands after a step; `None` if the step cannot follow.
fn follow(before: Option<Stand>, step: &RouteStep) -> Option<Stand> {
    use Stand::{Closed, Held, Offered, Waiting};
    match (before, step) {
        (None, RouteStep::Opened { .. }) | (Some(Closed), RouteStep::Reopened) => Some(Waiting),
        (Some(Waiting), &RouteStep::Offered { agent, .. }) => Some(Offered(agent)),
        (Some(Waiting), &RouteStep::Assigned { agent, .. }) => Some(Held(agent)),
        (Some(Offered(to)), &RouteStep::Accepted { agent, .. }) if to == agent => Some(Held(agent)),
        (
            Some(Offered(to)),
            &RouteStep::Refused { agent }
            | &RouteStep::Missed { agent }
            | &RouteStep::Withdrawn { agent, .. },
        ) if to == agent => Some(Waiting),
        (Some(Held(by)), &RouteStep::Returned { agent, .. }) if by == agent => Some(Waiting),
        (Some(Held(by)), &RouteStep::Closed { agent, .. }) if agent == Some(by) => Some(Closed),
        (Some(Held(by)), &RouteStep::FirstReply { agent, .. }) if by == agent => before,
        _ => None,
    }
}

/// Returns whether the log of an inquiry has each of the visitor's texts once, and texts of others
/// only from the agent who held it then, of whom there was one at most.
pub(super) fn is_sound(log: &[Message], own: &[String]) -> bool {
    let mut holder = None;
    let mut said = Vec::new();
    for message in log {
        let fits = match &message.body {
            Body::Text(text) if message.sender == UserId::VISITOR => {
                said.push(text.as_str());
                true
            }
            Body::Text(_) => holder == Some(message.sender),
            Body::System(SystemEntry::Desk(DeskEntry::Joined { agent, .. })) => {
                holder.replace(*agent).is_none()
            }
            Body::System(SystemEntry::Desk(
                DeskEntry::Transferred { .. } | DeskEntry::Closed { .. },
            )) => holder.take().is_some(),
            _ => true,
        };
        if !fits {
            return false;
        }
    }
    said == own
}
