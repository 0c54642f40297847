//! The support desk: what routing wrote into the logs of the queues, and what it wrote into those
//! of the inquiries. An inquiry has at most one holder at any moment (D1), and is never lost (D2).

use std::collections::{BTreeMap, VecDeque};

use cairn_client::proto::content::body::SystemEntry;
use cairn_client::proto::model::desk::{DeskEntry, InquiryState, RouteStep};
use cairn_client::{ConversationId, UserId};

use super::log::Log;
use super::{Logs, summary};
use crate::history::{Content, History};
use crate::world::leaks::Canary;

/// Where an inquiry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    New,
    Waiting,
    Left,
    Offered(UserId),
    Held(UserId),
    Closed,
}

impl From<InquiryState> for Stand {
    fn from(state: InquiryState) -> Self {
        match state {
            InquiryState::Waiting => Self::Waiting,
            InquiryState::Left => Self::Left,
            InquiryState::Offered { agent, .. } => Self::Offered(agent),
            InquiryState::Held { agent, .. } => Self::Held(agent),
            InquiryState::Closed { .. } => Self::Closed,
        }
    }
}

/// The steps of one inquiry, by queue.
type Steps<'a> = BTreeMap<ConversationId, VecDeque<&'a RouteStep>>;

pub(super) fn check(history: &History, logs: &Logs) -> Result<(), String> {
    let desk = &history.desk;
    let mut steps: BTreeMap<ConversationId, Steps<'_>> = BTreeMap::new();
    for queue in &desk.queues {
        let log = logs.get(queue).ok_or("D2: the log of a queue is gone")?;
        for entry in log.entries.values() {
            if let Content::System(SystemEntry::Route(route)) = &entry.content {
                let of_inquiry = steps.entry(route.inquiry).or_default();
                of_inquiry.entry(*queue).or_default().push_back(&route.step);
            }
        }
    }
    let mut open: BTreeMap<usize, ConversationId> = BTreeMap::new();
    for (info, visitor) in &desk.infos {
        let id = info.conversation;
        let of_inquiry = steps.remove(&id).unwrap_or_default();
        let replayed = replay(of_inquiry).map_err(|error| format!("D1: {id} {error}"))?;
        let (queue, stand, routed) = replayed;
        if (queue, stand) != (Some(info.queue), info.state.into()) {
            return Err(format!(
                "D2: {id} is {stand:?} in {queue:?} by the log, and {:?} in {}",
                info.state, info.queue
            ));
        }
        let log = logs.get(&id).ok_or("D2: the log of an inquiry is gone")?;
        let visitor = visitor.ok_or_else(|| format!("D2: {id} is of an unknown visitor"))?;
        let holders = holders(log, visitor).map_err(|error| format!("D1: {id}/{error}"))?;
        if holders != routed {
            return Err(format!(
                "D1: {id} was held by {holders:?} by its log, and by {routed:?} by its queue's"
            ));
        }
        let is_lost =
            |given: &&crate::history::Given| given.inquiry == id && !holders.contains(&given.agent);
        if let Some(given) = desk.given.iter().find(is_lost) {
            return Err(format!("D1: {} got {id}, and never held it", given.agent));
        }
        if info.state.is_open()
            && let Some(other) = open.insert(visitor, id)
        {
            return Err(format!("D2: visitor {visitor} asks in {other} and {id}"));
        }
    }
    check_seen(history)
}

/// Visitors see their own inquiries.
fn check_seen(history: &History) -> Result<(), String> {
    let of: BTreeMap<ConversationId, Option<usize>> = history
        .desk
        .infos
        .iter()
        .map(|(info, visitor)| (info.conversation, *visitor))
        .collect();
    for seen in history
        .seen
        .iter()
        .filter(|seen| seen.user == UserId::VISITOR)
    {
        let visitor = Some(crate::world::visitor_of(seen.host));
        if of.get(&seen.place) != Some(&visitor) {
            return Err(format!(
                "I11: host {} saw {}/{}",
                seen.host, seen.place, seen.msgid
            ));
        }
    }
    Ok(())
}

/// Follows an inquiry through the logs of the queues. Returns where it is, and who held it.
fn replay(mut steps: Steps<'_>) -> Result<(Option<ConversationId>, Stand, Vec<UserId>), String> {
    let begins = |steps: &VecDeque<&RouteStep>| {
        matches!(
            steps.front(),
            Some(RouteStep::Opened { .. } | RouteStep::Left)
        )
    };
    let first = steps.iter().find(|(_, steps)| begins(steps));
    let mut queue = first.map(|(&queue, _)| queue);
    let (mut stand, mut holders) = (Stand::New, Vec::new());
    while let Some(at) = queue
        && let Some(step) = steps.get_mut(&at).and_then(VecDeque::pop_front)
    {
        let next = next(stand, step).ok_or_else(|| format!("is {stand:?} before {step:?}"))?;
        if let Stand::Held(agent) = next
            && (next != stand || matches!(step, RouteStep::TransferredToAgent { .. }))
        {
            holders.push(agent);
        }
        stand = next;
        if let RouteStep::TransferredToQueue { to, .. } | RouteStep::Overflowed { to } = step
            && *to != at
        {
            queue = Some(*to);
            let entered = steps.get_mut(to).and_then(VecDeque::pop_front);
            let has_entered = matches!(entered, Some(RouteStep::Entered { from }) if *from == at);
            if !has_entered {
                return Err(format!("went to {to}, and {entered:?}"));
            }
        }
    }
    match steps.values().find_map(VecDeque::front) {
        None => Ok((queue, stand, holders)),
        Some(step) => Err(format!("is not in the queue that {step:?}")),
    }
}

/// Returns where an inquiry stands after a step; `None` if it cannot be taken.
fn next(stand: Stand, step: &RouteStep) -> Option<Stand> {
    let is_free = matches!(stand, Stand::Waiting | Stand::Left);
    match *step {
        RouteStep::Opened { .. } => (stand == Stand::New).then_some(Stand::Waiting),
        RouteStep::Left => matches!(stand, Stand::New | Stand::Waiting).then_some(Stand::Left),
        RouteStep::Offered { agent, .. } => is_free.then_some(Stand::Offered(agent)),
        RouteStep::Accepted { agent, .. } => {
            (stand == Stand::Offered(agent)).then_some(Stand::Held(agent))
        }
        RouteStep::Assigned { agent, .. } | RouteStep::Taken { agent, .. } => {
            is_free.then_some(Stand::Held(agent))
        }
        RouteStep::Refused { agent }
        | RouteStep::Missed { agent }
        | RouteStep::Withdrawn { agent, .. } => {
            (stand == Stand::Offered(agent)).then_some(Stand::Waiting)
        }
        RouteStep::Returned { agent, .. } => {
            (stand == Stand::Held(agent)).then_some(Stand::Waiting)
        }
        RouteStep::TransferredToAgent { from, to } => {
            is_from(stand, from).then_some(Stand::Held(to))
        }
        RouteStep::TransferredToQueue { from, .. } => {
            is_from(stand, from).then_some(Stand::Waiting)
        }
        RouteStep::Overflowed { .. } => is_free.then_some(Stand::Waiting),
        RouteStep::FirstReply { agent, .. } => (stand == Stand::Held(agent)).then_some(stand),
        RouteStep::Closed { agent, .. } => {
            let is_open = !matches!(stand, Stand::New | Stand::Closed);
            let holder = match stand {
                Stand::Held(holder) => Some(holder),
                _ => None,
            };
            (is_open && agent == holder).then_some(Stand::Closed)
        }
        RouteStep::Reopened => (stand == Stand::Closed).then_some(Stand::Waiting),
        RouteStep::Entered { .. } => None,
        _ => Some(stand),
    }
}

/// Returns whether an inquiry can be passed on by its holder, if it has one.
fn is_from(stand: Stand, from: Option<UserId>) -> bool {
    match from {
        Some(agent) => stand == Stand::Held(agent),
        None => matches!(stand, Stand::Waiting | Stand::Left),
    }
}

/// Returns who held an inquiry by its own log, in which only they answer.
fn holders(log: &Log, visitor: usize) -> Result<Vec<UserId>, String> {
    let (mut holders, mut holder) = (Vec::new(), None);
    let canary = Canary::of_visitor(visitor).text();
    for (msgid, entry) in &log.entries {
        let at = format!("{msgid} is {}, held by {holder:?}", summary(entry));
        match (&entry.content, entry.desk()) {
            (_, Some(DeskEntry::Joined { agent, .. })) => {
                if holder.replace(*agent).is_some() {
                    return Err(at);
                }
                holders.push(*agent);
            }
            (_, Some(DeskEntry::Transferred { .. })) => {
                holder.take().ok_or(at)?;
            }
            (_, Some(DeskEntry::Closed { .. })) => holder = None,
            (Content::Text(text), _) => {
                let may_say = entry.sender == UserId::VISITOR || Some(entry.sender) == holder;
                if !may_say || !text.contains(&canary) {
                    return Err(at);
                }
            }
            _ => {}
        }
    }
    Ok(holders)
}

#[cfg(test)]
mod tests;
