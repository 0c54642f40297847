use std::time::Duration;

use crate::latency::Latencies;
use crate::live::fanout::Stall;
use crate::live::traffic::results::StallResults;
use crate::results::Results;

fn all_at(millis: u64) -> Latencies {
    let mut latencies = Latencies::default();
    latencies.record(Duration::from_millis(millis));
    latencies
}

#[test]
fn ratio_compares_both_counts() {
    let found = StallResults {
        calm_latency: all_at(2),
        ..StallResults::default()
    };
    let ratio = found.p99_ratio(&all_at(3));
    assert!(
        ratio.is_some_and(|ratio| (ratio - 1.5).abs() < 0.01),
        "{ratio:?}"
    );
    let none_stopped = StallResults::default();
    assert_eq!(none_stopped.p99_ratio(&all_at(3)), None);
    let mut results = Results::default();
    none_stopped.list(&all_at(3), &mut results);
    assert!(results.figures.is_empty());
}

#[test]
fn stalling_all_receivers_is_refused() {
    let stall = |stalled| Stall {
        stalled,
        stall_seconds: 60,
    };
    assert_eq!(stall(None).count(1).unwrap(), 0);
    assert_eq!(stall(Some(9)).count(10).unwrap(), 9);
    let refused = stall(Some(10)).count(10).unwrap_err().to_string();
    assert!(refused.starts_with("all 10 receivers would"), "{refused}");
}
