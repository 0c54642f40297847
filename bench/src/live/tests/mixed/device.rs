use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::live::mixed::device::Habits;

#[test]
fn reading_matches_its_mean_and_probability() {
    let habits = Habits {
        probability: 0.3,
        mean: Duration::from_millis(100),
    };
    let mut random = StdRng::seed_from_u64(1);
    let sum: Duration = (0..10_000).map(|_| habits.after(&mut random)).sum();
    assert!((sum.as_secs_f64() / 1_000.0 - 1.0).abs() < 0.05, "{sum:?}");
    let reads = (0..10_000).filter(|_| habits.reads(&mut random)).count();
    assert!((2_800..3_200).contains(&reads), "{reads}");
}
