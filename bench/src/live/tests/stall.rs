use std::time::Duration;

use crate::error::BenchError;
use crate::latency::Latencies;
use crate::live::fanout::stall::{Stall, StallResults};
use crate::live::traffic::{Latency, taken};
use crate::results::Results;

fn all_at(millis: u64) -> Latency {
    let mut latencies = Latencies::new();
    latencies.record(Duration::from_millis(millis));
    taken(&latencies)
}

#[test]
fn the_ratio_is_of_both_counts() {
    let latency = all_at(3).map(|latency| latency.0);
    let found = StallResults {
        calm_latency: all_at(2),
        latency,
        ..StallResults::default()
    };
    let ratio = found.p99_ratio();
    assert!(
        ratio.is_some_and(|ratio| (ratio - 1.5).abs() < 0.01),
        "{ratio:?}"
    );
    let none_stopped = StallResults {
        latency,
        ..StallResults::default()
    };
    assert_eq!(none_stopped.p99_ratio(), None);
    let mut results = Results::default();
    none_stopped.list(&mut results);
    assert!(results.figures.is_empty());
}

#[test]
fn somebody_must_go_on_reading() {
    let stall = |stalled| Stall {
        stalled,
        stall_seconds: 60,
    };
    assert_eq!(stall(None).count(1).unwrap(), 0);
    assert_eq!(stall(Some(9)).count(10).unwrap(), 9);
    assert!(matches!(
        stall(Some(10)).count(10),
        Err(BenchError::NoReaders(10))
    ));
}
