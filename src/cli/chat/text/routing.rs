//! What the support desk writes into the logs of queues, in words.

use cairn_proto::ids::UserId;
use cairn_proto::model::desk::{ClosedBy, ReturnCause, RouteEntry, RouteStep};

use crate::cli::chat::names::Names;
use crate::ui::time::{Local, Span};

/// Describes a step of routing.
pub(crate) fn route_entry(entry: &RouteEntry, names: &Names) -> String {
    let inquiry = entry.inquiry;
    match &entry.step {
        RouteStep::Duty {
            agent,
            duty,
            is_own,
        } => {
            let by = if *is_own { "" } else { ", not by themself" };
            format!("{}: duty {}{by}", names.of(*agent), duty.as_str())
        }
        step => format!("inquiry {inquiry}: {}", step_words(step, names)),
    }
}

fn step_words(step: &RouteStep, names: &Names) -> String {
    let of = |agent: &UserId| names.of(*agent);
    match step {
        RouteStep::Opened {
            priority,
            rule: Some(rule),
        } => format!("opened by rule {}, priority {priority}", rule + 1),
        RouteStep::Opened { priority, .. } => format!("opened, priority {priority}"),
        RouteStep::Left => "left as a message".to_owned(),
        RouteStep::Offered { agent, until } => {
            format!("offered to {} until {}", of(agent), Local(until.get()))
        }
        RouteStep::Accepted { agent, waited_ms } => {
            format!("{} accepted it after {}", of(agent), Span(*waited_ms))
        }
        RouteStep::Assigned {
            agent, waited_ms, ..
        } => format!("given to {} after {}", of(agent), Span(*waited_ms)),
        RouteStep::Taken { agent, waited_ms } => {
            format!("{} took it after {}", of(agent), Span(*waited_ms))
        }
        RouteStep::Refused { agent } => format!("{} refused it", of(agent)),
        RouteStep::Missed { agent } => format!("{} did not answer", of(agent)),
        RouteStep::Withdrawn { agent, why } => {
            format!("withdrawn from {}: {}", of(agent), cause(*why))
        }
        RouteStep::Returned { agent, why } => {
            format!("waits again, {}: {}", of(agent), cause(*why))
        }
        RouteStep::TransferredToAgent { from, to } => {
            format!("passed on to {}{}", of(to), by(from.as_ref(), names))
        }
        RouteStep::TransferredToQueue { from, to } => {
            format!("passed on to queue {to}{}", by(from.as_ref(), names))
        }
        RouteStep::Entered { from } => format!("came from queue {from}"),
        RouteStep::Overflowed { to } => format!("waited for too long, and went to queue {to}"),
        RouteStep::FirstReply { agent, after_ms } => {
            format!("first reply of {} after {}", of(agent), Span(*after_ms))
        }
        RouteStep::Closed {
            by: closed_by,
            open_ms,
            ..
        } => {
            let by = match closed_by {
                ClosedBy::Visitor => "the visitor".into(),
                ClosedBy::Agent(agent) => of(agent),
                ClosedBy::Idle => "the server".into(),
            };
            format!("closed by {by} after {}", Span(*open_ms))
        }
        RouteStep::Reopened => "opened again".to_owned(),
        RouteStep::Rated { stars, .. } => format!("rated {stars} of 5"),
        RouteStep::Tagged { tags } => {
            let tags: Vec<&str> = tags.iter().map(|tag| tag.as_str()).collect();
            format!("tags: {}", tags.join(", "))
        }
        RouteStep::Prioritized { priority } => format!("priority {priority}"),
        RouteStep::Joined { user } => format!("{} joined", of(user)),
        RouteStep::Erased => "erased".to_owned(),
        RouteStep::Duty { .. } => String::new(),
    }
}

fn by(from: Option<&UserId>, names: &Names) -> String {
    from.map_or_else(String::new, |from| format!(" by {}", names.of(*from)))
}

const fn cause(why: ReturnCause) -> &'static str {
    match why {
        ReturnCause::Absent => "gone for too long",
        ReturnCause::NotOnDuty => "not on duty",
        ReturnCause::Removed => "no longer serves the queue",
        ReturnCause::Deactivated => "deactivated",
        ReturnCause::QueueClosed => "the queue closed",
        ReturnCause::Taken => "another agent has it",
        ReturnCause::Closed => "closed",
    }
}

/// Returns the users in a step of routing.
pub(crate) fn users_of(entry: &RouteEntry) -> Vec<UserId> {
    match &entry.step {
        RouteStep::Offered { agent, .. }
        | RouteStep::Accepted { agent, .. }
        | RouteStep::Taken { agent, .. }
        | RouteStep::Refused { agent }
        | RouteStep::Missed { agent }
        | RouteStep::Withdrawn { agent, .. }
        | RouteStep::Returned { agent, .. }
        | RouteStep::FirstReply { agent, .. }
        | RouteStep::Duty { agent, .. }
        | RouteStep::Joined { user: agent } => vec![*agent],
        RouteStep::Assigned { agent, by, .. } => [*agent].into_iter().chain(*by).collect(),
        RouteStep::TransferredToAgent { from, to } => [*to].into_iter().chain(*from).collect(),
        RouteStep::TransferredToQueue { from, .. } => from.iter().copied().collect(),
        RouteStep::Closed { by, agent, .. } => {
            let by = match by {
                ClosedBy::Agent(agent) => Some(*agent),
                ClosedBy::Visitor | ClosedBy::Idle => None,
            };
            by.into_iter().chain(*agent).collect()
        }
        RouteStep::Rated { agent, .. } => agent.iter().copied().collect(),
        _ => Vec::new(),
    }
}
