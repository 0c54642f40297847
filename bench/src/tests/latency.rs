use crate::latency::{Latencies, MICROS_MAX, Percentiles};
use std::time::Duration;

#[test]
fn distribution_rises_from_fastest_to_slowest() {
    let mut latencies = Latencies::default();
    assert_eq!(latencies.distribution(), None);
    (1..=1_000).for_each(|micros| latencies.record(Duration::from_micros(micros)));
    let points = latencies.distribution().unwrap();
    assert!(
        points.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1),
        "{points:?}"
    );
    assert_eq!(
        (points[0], points[10], points[20]),
        ((0.0, 0.001), (0.9, 0.9), (0.99, 0.99))
    );
    assert_eq!(points.last(), Some(&(0.9995, 1.0)));
    latencies = Latencies::default();
    latencies.record(Duration::from_millis(5));
    let points = latencies.distribution().unwrap();
    assert!(
        points
            .iter()
            .all(|&(_, millis)| (millis - 5.0).abs() < 0.01)
            && points.last().unwrap().0 == 0.5,
        "{points:?}"
    );
}

#[test]
fn percentiles_are_accurate() {
    let mut latencies = Latencies::default();
    assert_eq!(latencies.percentiles(), None);
    for micros in 1..=1_000 {
        latencies.record(Duration::from_micros(micros));
    }
    let found = latencies.percentiles().unwrap();
    assert_eq!(
        found,
        Percentiles {
            p50: 0.5,
            p90: 0.9,
            p99: 0.99,
            p999: 0.999,
            max: 1.0
        }
    );
    latencies.record(Duration::from_secs(5));
    let found = latencies.percentiles().unwrap();
    assert!(
        (found.max - 5_000.0).abs() < 5.0 && found.p99 < 1.0,
        "{found:?}"
    );
}

#[test]
fn latencies_add_up() {
    let (mut one, mut other) = (Latencies::default(), Latencies::default());
    one.record(Duration::from_millis(1));
    other.record(Duration::from_millis(3));
    one.add(&other);
    let found = one.percentiles().unwrap();
    assert!(
        (found.p50 - 1.0).abs() < 0.01 && (found.max - 3.0).abs() < 0.01,
        "{found:?}"
    );
}

#[test]
fn long_latencies_are_clamped() {
    let mut latencies = Latencies::default();
    latencies.record(Duration::ZERO);
    latencies.record(Duration::MAX);
    let found = latencies.percentiles().unwrap();
    assert_eq!(found.p50, 0.0);
    assert!(
        (found.max / (MICROS_MAX as f64 / 1_000.0) - 1.0).abs() < 0.001,
        "{found:?}"
    );
}
