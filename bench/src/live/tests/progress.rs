use crate::limits;
use crate::live::traffic::progress::{Moment, Timeline};
use crate::live::traffic::results::Rates;
use crate::live::traffic::{points, ramp};
use std::time::Duration;

#[test]
fn long_ramp_has_few_points_up_to_its_end() {
    for goal in [1, 7, limits::MOMENTS_MAX, 4_999, 20_000] {
        let times: Vec<_> = (1..=goal as u64).map(Duration::from_millis).collect();
        let points = points(&ramp(&times));
        assert!(
            points.len() <= limits::MOMENTS_MAX + 1,
            "{goal}: {}",
            points.len()
        );
        let end = (goal as f64 / 1_000.0, goal as f64);
        assert_eq!((points[0], points[points.len() - 1]), ((0.0, 0.0), end));
    }
}

const fn moment(millis: u64, accepted: u64) -> Moment {
    Moment {
        at: Duration::from_millis(millis),
        accepted,
        delivered: 2 * accepted,
    }
}

/// A run that accepts one message each millisecond.
fn steady(millis: u64) -> Vec<Rates> {
    let mut timeline = Timeline::new();
    (0..millis).for_each(|at| timeline.note(moment(at, at)));
    timeline.finish(moment(millis, millis))
}

#[test]
fn rates_are_per_part() {
    let mut timeline = Timeline::new();
    [moment(100, 200), moment(150, 900), moment(200, 1_200)]
        .into_iter()
        .for_each(|moment| timeline.note(moment));
    let part = |s, accepted_per_s| Rates {
        s,
        accepted_per_s,
        deliveries_per_s: Some(2.0 * accepted_per_s),
    };
    assert_eq!(
        timeline.finish(moment(220, 1_400)),
        [part(0.1, 2_000.0), part(0.22, 10_000.0)]
    );
}

#[test]
fn deliveries_are_null_without_receivers() {
    let end = Moment {
        delivered: 0,
        ..moment(100, 100)
    };
    assert_eq!(
        Timeline::new().finish(end),
        [Rates {
            s: 0.1,
            accepted_per_s: 1_000.0,
            deliveries_per_s: None
        }]
    );
}

#[test]
fn long_run_has_bounded_parts() {
    for millis in [0, 1, 75, 1_000, 1_000_000] {
        let parts = steady(millis);
        assert!(
            (1..=limits::MOMENTS_MAX).contains(&parts.len()),
            "{millis}: {}",
            parts.len()
        );
        assert_eq!(parts.last().unwrap().s, millis as f64 / 1_000.0);
        assert!(
            millis == 0 || parts.iter().all(|part| part.accepted_per_s == 1_000.0),
            "{parts:?}"
        );
    }
}
