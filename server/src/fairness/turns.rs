//! Queues that take turns: one for each principal with something queued.

use std::collections::VecDeque;

use hashbrown::HashMap;

use crate::principal::Principal;

/// Items of principals. Those of one principal stay in order.
#[derive(Debug)]
pub(crate) struct Turns<T> {
    /// None of them is empty.
    queues: HashMap<Principal, VecDeque<T>>,
    /// Every principal with a queue, once.
    order: VecDeque<Principal>,
    /// Empty queues, for reuse.
    spare: Vec<VecDeque<T>>,
}

/// Empty queues that are kept for reuse.
const SPARE_MAX: usize = 64;

impl<T> Turns<T> {
    /// Queues items of one principal.
    pub(crate) fn extend(&mut self, principal: Principal, items: impl IntoIterator<Item = T>) {
        let Self {
            queues,
            order,
            spare,
        } = self;
        let queue = queues.entry(principal).or_insert_with(|| {
            order.push_back(principal);
            spare.pop().unwrap_or_default()
        });
        queue.extend(items);
    }

    /// Returns how many items of a principal are queued.
    #[must_use]
    pub(crate) fn queued(&self, principal: Principal) -> usize {
        self.queues.get(&principal).map_or(0, VecDeque::len)
    }

    /// Lets the next principal take from its queue. What it leaves waits for its next turn, after
    /// those of all others. Returns `None` when nothing is queued.
    pub(crate) fn turn<R>(&mut self, take: impl FnOnce(&mut VecDeque<T>) -> R) -> Option<R> {
        let principal = self.order.pop_front()?;
        let queue = self.queues.get_mut(&principal)?;
        let taken = take(queue);
        if queue.is_empty() {
            if let Some(queue) = self.queues.remove(&principal)
                && self.spare.len() < SPARE_MAX
            {
                self.spare.push(queue);
            }
        } else {
            self.order.push_back(principal);
        }
        Some(taken)
    }
}

impl<T> Default for Turns<T> {
    fn default() -> Self {
        Self {
            queues: HashMap::new(),
            order: VecDeque::new(),
            spare: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use cairn_proto::ids::UserId;

    use super::*;

    fn user(id: u32) -> Principal {
        UserId::new(id).into()
    }

    #[test]
    fn principals_take_turns() {
        let mut turns = Turns::default();
        turns.extend(user(1), ["1a", "1b", "1c"]);
        turns.extend(user(2), ["2a"]);
        turns.extend(user(3), ["3a", "3b"]);
        turns.extend(user(1), ["1d"]);
        assert_eq!(turns.queued(user(1)), 4);
        let all: Vec<_> = std::iter::from_fn(|| turns.turn(VecDeque::pop_front)?).collect();
        assert_eq!(all, ["1a", "2a", "3a", "1b", "3b", "1c", "1d"]);
        assert_eq!(turns.queued(user(1)), 0);
    }
}
