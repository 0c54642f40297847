use std::time::Duration;

use super::super::scheme::{Id, Scheme};
use super::super::trial::*;
use crate::storage::limits::{IDS_CLOCK_STEP, IDS_GENERATORS, IDS_TRIAL_BATCH};
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Send(u64),
    Commit,
    Crash,
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0_u64..4).prop_map(Step::Send),
        2 => Just(Step::Commit),
        1 => Just(Step::Crash),
        1 => (0_u64..5).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..400)
}

fn world(scheme: Scheme, steps: &[Step]) -> World {
    let mut world = World::new(scheme, 1, 1);
    for &step in steps {
        match step {
            Step::Send(conversation) => world.send(conversation),
            Step::Commit => world.commit(),
            Step::Crash => world.crash(),
            Step::Wait(millis) => world.now += Duration::from_millis(millis),
        }
    }
    world.commit();
    world
}

proptest! {
    #[test]
    fn crashes_repeat_no_stored_id(steps in steps()) {
        for scheme in Scheme::ALL {
            let tally = world(scheme, &steps).tally();
            prop_assert_eq!((tally.repeated, tally.refused), (0, 0), "{}", scheme);
            prop_assert!(!scheme.sorts_by_time() || tally.late == 0, "{scheme}");
        }
    }

    #[test]
    fn counter_has_no_gaps_after_crashes(steps in steps()) {
        let tally = world(Scheme::Counter, &steps).tally();
        prop_assert_eq!((tally.gaps, tally.skipped), (0, Some(0)));
    }
}

fn tally(scheme: Scheme, crash: bool, clock_back: bool) -> Tally {
    trial(scheme, 1, Fault { crash, clock_back }, 20_000, 1)
}

#[test]
fn only_the_counter_reveals_losses() {
    for scheme in Scheme::ALL {
        let found = tally(scheme, false, false);
        let detected = found.losses_told.unwrap();
        assert_eq!(
            (found.stored, found.repeated, found.refused),
            (20_000, 0, 0),
            "{scheme}"
        );
        assert_eq!(
            detected,
            if scheme == Scheme::Counter { 1.0 } else { 0.0 },
            "{scheme}"
        );
        assert_eq!(found.gaps == 0, scheme == Scheme::Counter, "{scheme}");
        assert_eq!(found.late == 0, scheme.sorts_by_time(), "{scheme}");
    }
}

#[test]
fn only_per_conversation_generators_keep_order() {
    let late = |scheme| trial(scheme, IDS_GENERATORS, Fault::default(), 20_000, 1).late;
    assert_eq!(late(Scheme::Counter), 0);
    let others = [
        Scheme::UuidV4,
        Scheme::UuidV7,
        Scheme::Snowflake,
        Scheme::Segment,
    ]
    .map(late);
    assert!(others.iter().all(|&late| late > 0), "{others:?}");
}

#[test]
fn clock_step_stops_only_snowflakes() {
    for scheme in Scheme::ALL {
        let found = tally(scheme, false, true);
        let refused = if scheme == Scheme::Snowflake {
            (IDS_CLOCK_STEP.as_micros() / INTERVAL.as_micros()) as i64
        } else {
            0
        };
        // The counter of the last millisecond may still have free values: up to a hundred messages.
        assert!(
            (found.refused as i64 - refused).abs() <= 100,
            "{scheme}: {}",
            found.refused
        );
        assert_eq!(found.repeated, 0, "{scheme}");
        assert_eq!(found.late == 0, scheme.sorts_by_time(), "{scheme}");
    }
}

#[test]
fn crash_skips_only_segment_numbers() {
    let segment = tally(Scheme::Segment, true, false);
    assert!(
        segment.skipped.unwrap() > 0 && segment.reissued == 0,
        "{segment:?}"
    );
    let counter = tally(Scheme::Counter, true, false);
    // The lost messages were never acknowledged, so their numbers may be reused.
    assert_eq!(
        (counter.skipped, counter.reissued),
        (Some(0), IDS_TRIAL_BATCH as u64 / 2),
        "{counter:?}"
    );
}

#[test]
fn clock_behind_after_crash_misleads_clock_schemes() {
    let found = Scheme::ALL.map(|scheme| (scheme, tally(scheme, true, true)));
    for (scheme, tally) in found {
        assert_eq!(
            tally.repeated > 0,
            scheme == Scheme::Snowflake,
            "{scheme}: {tally:?}"
        );
        let is_late = matches!(scheme, Scheme::UuidV4 | Scheme::UuidV7 | Scheme::Snowflake);
        assert_eq!(tally.late > 0, is_late, "{scheme}: {tally:?}");
    }
}

fn log(ids: &[u64]) -> Vec<Id> {
    ids.iter().copied().map(Id::from).collect()
}

#[test]
fn late_ids_sort_before_earlier_ones() {
    let counts = [
        (&[1, 2, 3][..], 0),
        (&[1, 3, 2], 1),
        (&[9, 1, 2, 3], 3),
        (&[1, 1], 0),
        (&[], 0),
    ];
    counts
        .iter()
        .for_each(|(ids, expected)| assert_eq!(late(&log(ids)), *expected, "{ids:?}"));
}

#[test]
fn losses_show_only_without_gaps() {
    assert_eq!((gaps(&log(&[1, 2, 3])), gaps(&log(&[1, 3, 4, 8]))), (0, 2));
    assert_eq!(
        losses_told([log(&[1, 2, 3]), log(&[4, 6, 9])].iter()),
        Some(0.5)
    );
    assert_eq!(losses_told([log(&[1, 2])].iter()), None);
}

#[test]
fn skipped_counts_unused_numbers() {
    let names = |names: &[(u64, u64)]| {
        names
            .iter()
            .map(|&(range, id)| (range, id.into()))
            .collect()
    };
    assert_eq!(skipped(&names(&[(0, 1), (0, 2), (0, 5)])), 2);
    assert_eq!(skipped(&names(&[(1, 1), (1, 2), (2, 1), (3, 2)])), 1);
}
