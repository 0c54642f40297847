//! The queue of one principal.

use std::collections::VecDeque;

use tokio::time::Instant;

use crate::fairness::turns::Queue;
use crate::sequencer::intake::Parts;
use crate::sequencer::ticket::Ticket;

/// Tickets in the parts in which they were put, none of which is empty.
#[derive(Debug, Default)]
pub(super) struct PrincipalQueue {
    parts: VecDeque<Part>,
    tickets: usize,
    /// When tickets came that nothing else of their principal delays.
    since: Option<Instant>,
}

#[derive(Debug)]
struct Part {
    tickets: Vec<Ticket>,
    cost: u32,
}

impl PrincipalQueue {
    #[must_use]
    pub(super) const fn tickets(&self) -> usize {
        self.tickets
    }

    pub(super) fn push(&mut self, tickets: Vec<Ticket>, now: Instant) {
        if self.parts.is_empty() {
            self.since = Some(now);
        }
        self.tickets += tickets.len();
        self.parts.push_back(Part::of(tickets));
    }

    /// Returns when the next tickets came, unless others of their principal delayed them.
    pub(super) const fn take_since(&mut self) -> Option<Instant> {
        self.since.take()
    }

    /// Moves tickets into the batch until their cost reaches a share. Returns that cost.
    pub(super) fn take(&mut self, share: u32, batch: &mut Parts) -> u32 {
        let mut cost = 0_u32;
        while cost < share
            && let Some(mut part) = self.parts.pop_front()
        {
            if let Some(rest) = part.split_at_cost(share - cost) {
                self.parts.push_front(rest);
            }
            cost = cost.saturating_add(part.cost);
            self.tickets -= part.tickets.len();
            batch.push(part.tickets);
        }
        cost
    }
}

impl Queue for PrincipalQueue {
    fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}

impl Part {
    fn of(tickets: Vec<Ticket>) -> Self {
        let cost = cost_of(&tickets);
        Self { tickets, cost }
    }

    /// Keeps the tickets up to the one that reaches the cost, and returns the others.
    fn split_at_cost(&mut self, cost_max: u32) -> Option<Self> {
        if self.cost <= cost_max {
            return None;
        }
        let mut cost = 0_u32;
        let reaching = self.tickets.iter().position(|ticket| {
            cost = cost.saturating_add(ticket.cost());
            cost >= cost_max
        })?;
        let rest = self.tickets.split_off(reaching + 1);
        self.cost = cost;
        (!rest.is_empty()).then(|| Self::of(rest))
    }
}

fn cost_of(tickets: &[Ticket]) -> u32 {
    let costs = tickets.iter().map(Ticket::cost);
    costs.fold(0, u32::saturating_add)
}
