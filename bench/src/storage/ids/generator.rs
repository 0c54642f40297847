//! What makes ids: pure, so that it can be shown any clock and any crash.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use uuid::{ContextV7, Timestamp, Uuid};

use super::scheme::{Durable, Id, Scheme};

/// Makes the ids of one scheme, in one thread of one process.
#[derive(Debug)]
pub(super) enum Generator {
    UuidV4,
    UuidV7(Box<ContextV7>),
    Snowflake(Snowflake),
    Segment(Range<u64>),
    Counter(HashMap<u64, u64>),
}

/// Why there is no id now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The clock shows a time before that of the last id.
    ClockBehind,
    /// All ids of this millisecond are used up.
    MillisecondFull,
    /// All numbers are used up: more have to be taken from the store.
    OutOfNumbers,
}

impl Generator {
    /// As a process has it that starts with what the store knows. `node` tells it from others at the same time.
    pub(super) fn start(scheme: Scheme, node: u16, durable: &Durable) -> Self {
        match scheme {
            Scheme::UuidV4 => Self::UuidV4,
            Scheme::UuidV7 => Self::UuidV7(Box::new(ContextV7::new())),
            Scheme::Snowflake => Self::Snowflake(Snowflake::of_node(node)),
            Scheme::Segment => Self::Segment(0..0),
            Scheme::Counter => Self::Counter(durable.heads.clone()),
        }
    }

    /// The id of the next message, which goes to this conversation, at `now` since 1970.
    pub(super) fn next(&mut self, conversation: u64, now: Duration) -> Result<Id, Refusal> {
        match self {
            Self::UuidV4 => Ok(Id::wide(Uuid::new_v4().as_u128())),
            Self::UuidV7(context) => {
                let timestamp = Timestamp::from_unix(&**context, now.as_secs(), now.subsec_nanos());
                Ok(Id::wide(Uuid::new_v7(timestamp).as_u128()))
            }
            Self::Snowflake(snowflake) => snowflake.next(now),
            Self::Segment(numbers) => numbers.next().map(Id::number).ok_or(Refusal::OutOfNumbers),
            Self::Counter(heads) => {
                let head = heads.entry(conversation).or_default();
                *head += 1;
                Ok(Id::number(*head))
            }
        }
    }

    /// Gives it numbers from the store.
    pub(super) fn refill(&mut self, numbers: Range<u64>) {
        if let Self::Segment(left) = self {
            *left = numbers;
        }
    }
}

/// Ids of 41 bits of milliseconds, 10 of the node and 12 of a counter, as Twitter made them. It remembers nothing over a restart, and
/// gives no id while the clock is behind the last one.
#[derive(Debug)]
pub(super) struct Snowflake {
    node: u16,
    millisecond: u64,
    /// The number of the next one in this millisecond.
    next: u64,
}

const NODE_BITS: u32 = 10;
const COUNTER_BITS: u32 = 12;

/// The beginning of 2020, in milliseconds since 1970.
const SNOWFLAKE_EPOCH: u64 = 1_577_836_800_000;

impl Snowflake {
    fn of_node(node: u16) -> Self {
        Self {
            node: node & ((1 << NODE_BITS) - 1),
            millisecond: 0,
            next: 0,
        }
    }

    fn next(&mut self, now: Duration) -> Result<Id, Refusal> {
        let millisecond = (now.as_secs() * 1_000 + u64::from(now.subsec_millis()))
            .saturating_sub(SNOWFLAKE_EPOCH);
        if millisecond < self.millisecond {
            return Err(Refusal::ClockBehind);
        }
        if millisecond > self.millisecond {
            (self.millisecond, self.next) = (millisecond, 0);
        }
        if self.next >> COUNTER_BITS > 0 {
            return Err(Refusal::MillisecondFull);
        }
        let id = (millisecond << (NODE_BITS + COUNTER_BITS))
            | (u64::from(self.node) << COUNTER_BITS)
            | self.next;
        self.next += 1;
        Ok(Id::number(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    const BEGIN: Duration = Duration::from_secs(1_700_000_000);

    /// The ids of as many messages as there are clock steps, in milliseconds, and how many were refused. Numbers never run out.
    fn ids(scheme: Scheme, steps: &[i64]) -> (Vec<Id>, usize) {
        let mut durable = Durable::default();
        let mut generator = Generator::start(scheme, 1, &durable);
        let (mut now, mut ids, mut refused) = (BEGIN, Vec::new(), 0);
        for &step in steps {
            let length = Duration::from_millis(step.unsigned_abs());
            now = if step < 0 { now - length } else { now + length };
            let next = generator.next(7, now).or_else(|refusal| {
                assert!(refusal != Refusal::OutOfNumbers || scheme == Scheme::Segment);
                generator.refill(durable.take());
                generator.next(7, now)
            });
            ids.extend(next.ok());
            refused += usize::from(next.is_err());
        }
        (ids, refused)
    }

    fn rises(ids: &[Id]) -> bool {
        ids.windows(2).all(|pair| pair[0] < pair[1])
    }

    fn all_different(ids: &[Id]) -> bool {
        ids.iter().collect::<HashSet<_>>().len() == ids.len()
    }

    proptest! {
        #[test]
        fn while_the_clock_runs_all_are_different_and_all_but_random_ones_rise(steps in prop::collection::vec(0_i64..5, 1..2_500)) {
            for scheme in Scheme::ALL {
                let (ids, refused) = ids(scheme, &steps);
                prop_assert!(all_different(&ids) && ids.len() == steps.len() && refused == 0, "{scheme}");
                prop_assert!(rises(&ids) || !scheme.sorts_by_time(), "{scheme}");
            }
        }

        #[test]
        fn whatever_the_clock_does_no_process_repeats_an_id(steps in prop::collection::vec(-50_i64..60, 1..300)) {
            for scheme in Scheme::ALL {
                let (ids, refused) = ids(scheme, &steps);
                prop_assert!(all_different(&ids), "{scheme}");
                prop_assert!(rises(&ids) || !scheme.sorts_by_time(), "{scheme}");
                prop_assert!(refused == 0 || scheme == Scheme::Snowflake, "{scheme}");
            }
        }

        #[test]
        fn a_counter_counts_each_conversation_on_its_own(conversations in prop::collection::vec(0_u64..5, 1..200)) {
            let mut generator = Generator::start(Scheme::Counter, 1, &Durable::default());
            let mut heads = HashMap::new();
            for conversation in conversations {
                let head: &mut u64 = heads.entry(conversation).or_default();
                *head += 1;
                prop_assert_eq!(generator.next(conversation, BEGIN), Ok(Id::number(*head)));
            }
        }
    }

    #[test]
    fn random_ids_do_not_rise() {
        assert!(!rises(&ids(Scheme::UuidV4, &[0; 100]).0));
    }

    #[test]
    fn a_snowflake_has_4096_ids_in_a_millisecond_and_none_while_the_clock_is_behind() {
        let mut generator = Generator::start(Scheme::Snowflake, 3, &Durable::default());
        let all: Vec<Id> = (0..4_096)
            .map(|_| generator.next(0, BEGIN).unwrap())
            .collect();
        assert!(rises(&all));
        assert_eq!(generator.next(0, BEGIN), Err(Refusal::MillisecondFull));
        assert_eq!(
            generator.next(0, BEGIN - Duration::from_millis(1)),
            Err(Refusal::ClockBehind)
        );
        let next = generator.next(0, BEGIN + Duration::from_millis(1)).unwrap();
        assert!(next > all[4_095]);
        assert_eq!((next.low() >> COUNTER_BITS) & 0x3ff, 3);
    }

    #[test]
    fn two_nodes_never_make_the_same_snowflake() {
        let mut nodes =
            [1, 2].map(|node| Generator::start(Scheme::Snowflake, node, &Durable::default()));
        let ids: Vec<Id> = (0..1_000)
            .map(|n| nodes[n % 2].next(0, BEGIN).unwrap())
            .collect();
        assert!(all_different(&ids));
    }
}
