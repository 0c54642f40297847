use std::collections::HashMap;
use std::time::Duration;

use super::super::scheme::*;
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
            prop_assert_eq!(generator.next(conversation, BEGIN), Ok(Id((*head).into())));
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
