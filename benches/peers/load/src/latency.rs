//! Latencies, collected in a histogram and reported as percentiles.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Significant digits.
const DIGITS: u8 = 3;

/// The longest distinguishable latency, in microseconds.
const MICROS_MAX: u64 = 1_000_000_000;

/// Latencies of one kind.
#[derive(Debug)]
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    #[expect(
        clippy::expect_used,
        reason = "the bounds are constants, and a test makes one"
    )]
    pub(crate) fn new() -> Self {
        Self(
            Histogram::new_with_bounds(1, MICROS_MAX, DIGITS)
                .expect("the bounds of the histogram are sound"),
        )
    }

    pub(crate) fn record(&mut self, latency: Duration) {
        self.0
            .saturating_record(u64::try_from(latency.as_micros()).unwrap_or(MICROS_MAX));
    }

    /// Adds all values of another histogram with the same bounds.
    pub(crate) fn add(&mut self, other: &Self) {
        self.0 += &other.0;
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// `None` when nothing was recorded.
    pub(crate) fn percentiles(&self) -> Option<Percentiles> {
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

/// In milliseconds, under the names that `cairn bench` uses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Percentiles {
    p50: f64,
    p90: f64,
    p99: f64,
    p999: f64,
    max: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_connections_make_one_distribution() {
        let (mut all, mut other) = (Latencies::new(), Latencies::new());
        assert_eq!(all.percentiles(), None);
        (1..=500).for_each(|micros| all.record(Duration::from_micros(micros)));
        (501..=1_000).for_each(|micros| other.record(Duration::from_micros(micros)));
        all.add(&other);
        assert_eq!(all.count(), 1_000);
        assert_eq!(
            all.percentiles(),
            Some(Percentiles {
                p50: 0.5,
                p90: 0.9,
                p99: 0.99,
                p999: 0.999,
                max: 1.0
            })
        );
    }
}
