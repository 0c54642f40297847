use std::collections::HashMap;
use std::time::Duration;

use super::super::scheme::*;
use proptest::prelude::*;
use std::collections::HashSet;

const BEGIN: Duration = Duration::from_secs(1_700_000_000);

/// Generates one id per clock step, in milliseconds. Returns the ids, and the number of refusals.
fn ids(scheme: Scheme, steps: &[i64]) -> (Vec<Id>, usize) {
    let mut taken = 0;
    let mut generator = Generator::start(scheme, 1, &Heads::new());
    let (mut now, mut ids, mut refused) = (BEGIN, Vec::new(), 0);
    for &step in steps {
        let length = Duration::from_millis(step.unsigned_abs());
        now = if step < 0 { now - length } else { now + length };
        let next = generator.next(7, now, &mut taken);
        ids.extend(next);
        refused += usize::from(next.is_none());
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
    fn ids_are_unique_and_rise_with_the_clock(
        steps in prop::collection::vec(0_i64..5, 1..2_500),
    ) {
        for scheme in Scheme::ALL {
            let (ids, refused) = ids(scheme, &steps);
            prop_assert!(all_different(&ids), "{scheme}");
            prop_assert!(ids.len() == steps.len() && refused == 0, "{scheme}");
            prop_assert!(rises(&ids) || !scheme.sorts_by_time(), "{scheme}");
        }
    }

    #[test]
    fn clock_steps_repeat_no_id(steps in prop::collection::vec(-50_i64..60, 1..300)) {
        for scheme in Scheme::ALL {
            let (ids, refused) = ids(scheme, &steps);
            prop_assert!(all_different(&ids), "{scheme}");
            prop_assert!(rises(&ids) || !scheme.sorts_by_time(), "{scheme}");
            prop_assert!(refused == 0 || scheme == Scheme::Snowflake, "{scheme}");
        }
    }

    #[test]
    fn counter_is_per_conversation(
        conversations in prop::collection::vec(0_u64..5, 1..200),
    ) {
        let taken = &mut 0;
        let mut generator = Generator::start(Scheme::Counter, 1, &Heads::new());
        let mut heads = HashMap::new();
        for conversation in conversations {
            let head: &mut u64 = heads.entry(conversation).or_default();
            *head += 1;
            prop_assert_eq!(generator.next(conversation, BEGIN, taken), Some((*head).into()));
        }
    }
}

#[test]
fn random_ids_do_not_rise() {
    assert!(!rises(&ids(Scheme::UuidV4, &[0; 100]).0));
}

#[test]
fn snowflakes_are_bounded_per_millisecond() {
    let taken = &mut 0;
    let mut generator = Generator::start(Scheme::Snowflake, 3, &Heads::new());
    let all: Vec<Id> = (0..4_096)
        .map(|_| generator.next(0, BEGIN, taken).unwrap())
        .collect();
    assert!(rises(&all));
    assert_eq!(
        generator.next(0, BEGIN, taken),
        None,
        "the millisecond is full"
    );
    let step = Duration::from_millis(1);
    assert_eq!(generator.next(0, BEGIN - step, taken), None);
    let next = generator.next(0, BEGIN + step, taken).unwrap();
    assert!(next > all[4_095]);
    assert_eq!((next >> COUNTER_BITS) & 0x3ff, 3);
}

#[test]
fn nodes_make_distinct_snowflakes() {
    let taken = &mut 0;
    let mut nodes = [1, 2].map(|node| Generator::start(Scheme::Snowflake, node, &Heads::new()));
    let ids: Vec<Id> = (0..1_000)
        .map(|n| nodes[n % 2].next(0, BEGIN, taken).unwrap())
        .collect();
    assert!(all_different(&ids));
}
