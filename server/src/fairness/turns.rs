//! Queues that take turns: one for each principal with something queued.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use hashbrown::HashMap;

use crate::principal::Principal;

/// The queue of one principal.
pub(crate) trait Queue: Default {
    fn is_empty(&self) -> bool;
}

/// The queues of all principals.
#[derive(Debug)]
pub(crate) struct Turns<Q> {
    /// None of them is empty.
    queues: HashMap<Principal, Q>,
    /// Principals that have had no turn since they had nothing queued. They come first: one that
    /// rarely queues something does not wait for those that always do.
    fresh: VecDeque<Principal>,
    /// The other principals with a queue, in the order of their turns.
    others: VecDeque<Principal>,
    /// Turns of fresh principals since the last turn of another.
    fresh_in_a_row: usize,
    /// Empty queues, for reuse.
    spare: Vec<Q>,
}

/// Empty queues that are kept for reuse.
const SPARE_MAX: usize = 64;

/// Turns of fresh principals in a row, while others wait.
const FRESH_IN_A_ROW_MAX: usize = 8;

impl<T> Queue for VecDeque<T> {
    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

impl<Q: Queue> Turns<Q> {
    /// Returns the queue of a principal, which must not be left empty.
    pub(crate) fn queue(&mut self, principal: Principal) -> &mut Q {
        let Self {
            queues,
            fresh,
            spare,
            ..
        } = self;
        queues.entry(principal).or_insert_with(|| {
            fresh.push_back(principal);
            spare.pop().unwrap_or_default()
        })
    }

    /// Returns the queue of a principal that has something queued.
    #[must_use]
    pub(crate) fn get(&self, principal: Principal) -> Option<&Q> {
        self.queues.get(&principal)
    }

    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    /// Lets the next principal take from its queue. What it leaves waits for its next turn, after
    /// those of all others. Returns `None` when nothing is queued.
    pub(crate) fn turn<R>(&mut self, take: impl FnOnce(&mut Q) -> R) -> Option<R> {
        let (mut take, mut taken) = (Some(take), None);
        self.round(|queue| {
            taken = take.take().map(|take| take(queue));
            ControlFlow::Break(())
        });
        taken
    }

    /// Lets each principal take from its queue once, until `take` breaks off.
    pub(crate) fn round(&mut self, mut take: impl FnMut(&mut Q) -> ControlFlow<()>) {
        // Those that leave something are added behind these.
        let mut others_left = self.others.len();
        while let Some(principal) = self.next(&mut others_left) {
            let Some(queue) = self.queues.get_mut(&principal) else {
                continue;
            };
            let flow = take(queue);
            if !queue.is_empty() {
                self.others.push_back(principal);
            } else if let Some(queue) = self.queues.remove(&principal)
                && self.spare.len() < SPARE_MAX
            {
                self.spare.push(queue);
            }
            if flow.is_break() {
                return;
            }
        }
    }

    fn next(&mut self, others_left: &mut usize) -> Option<Principal> {
        let is_fresh_turn = *others_left == 0 || self.fresh_in_a_row < FRESH_IN_A_ROW_MAX;
        if is_fresh_turn && let Some(principal) = self.fresh.pop_front() {
            self.fresh_in_a_row += 1;
            return Some(principal);
        }
        self.fresh_in_a_row = 0;
        *others_left = others_left.checked_sub(1)?;
        self.others.pop_front()
    }
}

impl<Q> Default for Turns<Q> {
    fn default() -> Self {
        Self {
            queues: HashMap::new(),
            fresh: VecDeque::new(),
            others: VecDeque::new(),
            fresh_in_a_row: 0,
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

    type Items = VecDeque<&'static str>;

    fn queued(turns: &Turns<Items>, id: u32) -> usize {
        turns.get(user(id)).map_or(0, VecDeque::len)
    }

    fn turn(turns: &mut Turns<Items>) -> Option<&'static str> {
        turns.turn(VecDeque::pop_front).flatten()
    }

    #[test]
    fn principals_take_turns() {
        let mut turns = Turns::<Items>::default();
        turns.queue(user(1)).extend(["1a", "1b", "1c"]);
        turns.queue(user(2)).extend(["2a"]);
        turns.queue(user(3)).extend(["3a", "3b"]);
        turns.queue(user(1)).extend(["1d"]);
        assert_eq!(queued(&turns, 1), 4);
        let all: Vec<_> = std::iter::from_fn(|| turn(&mut turns)).collect();
        assert_eq!(all, ["1a", "2a", "3a", "1b", "3b", "1c", "1d"]);
        assert_eq!(queued(&turns, 1), 0);
    }

    #[test]
    fn rare_items_do_not_wait_for_many_principals() {
        let mut turns = Turns::<Items>::default();
        (0..100).for_each(|n| turns.queue(user(n)).extend(["much"; 100]));
        assert!((0..1_000).all(|_| turn(&mut turns) == Some("much")));
        turns.queue(user(200)).extend(["rare"]);
        assert_eq!(turn(&mut turns), Some("rare"));
    }

    #[test]
    fn busy_principals_do_not_starve() {
        let mut turns = Turns::<Items>::default();
        turns.queue(user(0)).extend(["much"; 100]);
        turn(&mut turns);
        let taken = (1..=900).map(|n| {
            turns.queue(user(n)).extend(["rare"]);
            turn(&mut turns).unwrap()
        });
        assert_eq!(taken.filter(|&item| item == "much").count(), 99);
    }

    #[test]
    fn round_gives_each_principal_one_turn() {
        let mut turns = Turns::<Items>::default();
        (0..20).for_each(|n| turns.queue(user(n)).extend(["item"; 3]));
        for left in [40, 20, 0] {
            let mut taken = 0;
            turns.round(|queue| {
                taken += usize::from(queue.pop_front().is_some());
                ControlFlow::Continue(())
            });
            assert_eq!(taken, 20);
            assert_eq!((0..20).map(|n| queued(&turns, n)).sum::<usize>(), left);
        }
    }
}
