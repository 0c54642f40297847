use std::time::Duration;

use crate::limits;
use crate::live::traffic::ramp::{points, ramp};

#[test]
fn a_long_ramp_is_told_in_few_steps_and_to_its_end() {
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
