//! Latencies: collected in a histogram, told as percentiles.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Digits of a latency that are kept.
const DIGITS: u8 = 3;

/// The longest latency that is told from longer ones, in microseconds.
const MICROS_MAX: u64 = 1_000_000_000;

/// Points of a distribution from 0 to 90 %, from there to 99 %, and so on.
const PARTS_PER_NINE: f64 = 10.0;

/// Latencies of one kind.
#[derive(Debug)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self::new()
    }
}

impl Latencies {
    #[expect(
        clippy::expect_used,
        reason = "the bounds are constants, and a test makes one"
    )]
    pub fn new() -> Self {
        Self(
            Histogram::new_with_bounds(1, MICROS_MAX, DIGITS)
                .expect("the bounds of the histogram are sound"),
        )
    }

    /// Adds one.
    pub fn record(&mut self, latency: Duration) {
        self.0
            .saturating_record(u64::try_from(latency.as_micros()).unwrap_or(MICROS_MAX));
    }

    /// How many were recorded.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Adds all of another.
    #[expect(clippy::expect_used, reason = "all have the same bounds")]
    pub fn add(&mut self, other: &Self) {
        self.0
            .add(&other.0)
            .expect("the bounds of the histograms are the same");
    }

    /// How many took at most how long; `None` when nothing was recorded.
    pub fn distribution(&self) -> Option<Distribution> {
        let rarest = 0.5 / self.0.len() as f64;
        let parts = (0..)
            .map(|at| 10_f64.powf(-f64::from(at) / PARTS_PER_NINE))
            .take_while(|&rest| rest > rarest);
        let points = parts
            .chain([rarest])
            .map(|rest| ((1.0 - rest) * 1e9).round() / 1e9);
        let point = |quantile| {
            (
                quantile,
                self.0.value_at_quantile(quantile) as f64 / 1_000.0,
            )
        };
        (!self.0.is_empty()).then(|| Distribution(points.map(point).collect()))
    }

    /// The percentiles of what was recorded; `None` when that is nothing.
    pub fn percentiles(&self) -> Option<Percentiles> {
        let millis = |micros: u64| micros as f64 / 1_000.0;
        let at = |quantile: f64| millis(self.0.value_at_quantile(quantile));
        (!self.0.is_empty()).then(|| Percentiles {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: millis(self.0.max()),
        })
    }
}

/// How long it took, in milliseconds: half of all took at most `p50`, nine of ten `p90`, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Percentiles {
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
}

impl fmt::Display for Percentiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            p50,
            p90,
            p99,
            p999,
            max,
        } = self;
        write!(
            f,
            "p50 {p50:.2}  p90 {p90:.2}  p99 {p99:.2}  p99.9 {p999:.2}  max {max:.2} ms"
        )
    }
}

/// How many took at most how long: shares of all, and milliseconds, both rising. The last is the slowest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Distribution(pub Vec<(f64, f64)>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_goes_from_the_fastest_to_the_slowest() {
        let mut latencies = Latencies::new();
        assert_eq!(latencies.distribution(), None);
        (1..=1_000).for_each(|micros| latencies.record(Duration::from_micros(micros)));
        let Distribution(points) = latencies.distribution().unwrap();
        assert!(
            points.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1),
            "{points:?}"
        );
        assert_eq!(
            (points[0], points[10], points[20]),
            ((0.0, 0.001), (0.9, 0.9), (0.99, 0.99))
        );
        assert_eq!(points.last(), Some(&(0.9995, 1.0)));
        latencies = Latencies::new();
        latencies.record(Duration::from_millis(5));
        let Distribution(points) = latencies.distribution().unwrap();
        assert!(
            points
                .iter()
                .all(|&(_, millis)| (millis - 5.0).abs() < 0.01)
                && points.last().unwrap().0 == 0.5,
            "{points:?}"
        );
    }

    #[test]
    fn percentiles_are_where_they_belong() {
        let mut latencies = Latencies::new();
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
            "{found}"
        );
    }

    #[test]
    fn latencies_add_up() {
        let (mut one, mut other) = (Latencies::new(), Latencies::new());
        one.record(Duration::from_millis(1));
        other.record(Duration::from_millis(3));
        one.add(&other);
        let found = one.percentiles().unwrap();
        assert!(
            (found.p50 - 1.0).abs() < 0.01 && (found.max - 3.0).abs() < 0.01,
            "{found}"
        );
    }

    #[test]
    fn what_is_beyond_every_bound_is_recorded_as_the_longest() {
        let mut latencies = Latencies::new();
        latencies.record(Duration::ZERO);
        latencies.record(Duration::MAX);
        let found = latencies.percentiles().unwrap();
        assert_eq!(found.p50, 0.0);
        assert!(
            (found.max / (MICROS_MAX as f64 / 1_000.0) - 1.0).abs() < 0.001,
            "{found}"
        );
    }
}
