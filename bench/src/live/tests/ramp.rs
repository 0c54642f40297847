use crate::limits;
use crate::live::traffic::ramp::Ramp;
use std::time::Duration;

#[test]
fn a_long_ramp_is_told_in_few_steps_and_to_its_end() {
    for goal in [1, 7, limits::MOMENTS_MAX, 4_999, 20_000] {
        let mut ramp = Ramp::to(goal);
        (1..=goal).for_each(|count| ramp.reached(count, Duration::from_millis(count as u64)));
        let points = ramp.points();
        assert!(
            points.len() <= limits::MOMENTS_MAX + 1,
            "{goal}: {}",
            points.len()
        );
        assert_eq!(
            (points[0], points[points.len() - 1]),
            ((0.0, 0.0), (goal as f64 / 1_000.0, goal as f64))
        );
    }
}
