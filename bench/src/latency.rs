//! Latencies: collected in a histogram, reported as percentiles.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Serialize, Serializer};

const DIGITS: u8 = 3;

/// Longer latencies are recorded as this one.
pub(crate) const MICROS_MAX: u64 = 1_000_000_000;

/// Points of a distribution from 0 to 90 %, from 90 to 99 %, and so on.
const PARTS_PER_NINE: f64 = 10.0;

#[derive(Clone, Debug)]
pub(crate) struct Latencies(Histogram<u64>);

impl Default for Latencies {
    #[expect(clippy::expect_used, reason = "the bounds are constants")]
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, MICROS_MAX, DIGITS);
        Self(histogram.expect("the bounds of the histogram are sound"))
    }
}

/// Serialized as percentiles.
impl Serialize for Latencies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.percentiles().serialize(serializer)
    }
}

impl Latencies {
    pub(crate) fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(MICROS_MAX);
        self.0.saturating_record(micros);
    }

    pub(crate) fn record_all(&mut self, latencies: &[Duration]) {
        latencies.iter().for_each(|&latency| self.record(latency));
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.0 += &other.0;
    }

    fn millis(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1_000.0
    }

    /// Returns shares of all values and the milliseconds that they took at most, ascending to the
    /// slowest. `None` when nothing was recorded.
    pub(crate) fn distribution(&self) -> Option<Vec<(f64, f64)>> {
        let rarest = 0.5 / self.0.len() as f64;
        let parts = (0..).map(|at| 10_f64.powf(-f64::from(at) / PARTS_PER_NINE));
        let parts = parts.take_while(|&rest| rest > rarest).chain([rarest]);
        let point = |rest: f64| {
            let share = ((1.0 - rest) * 1e9).round() / 1e9;
            (share, self.millis(share))
        };
        (!self.0.is_empty()).then(|| parts.map(point).collect())
    }

    /// `None` when nothing was recorded.
    pub(crate) fn percentiles(&self) -> Option<Percentiles> {
        (!self.0.is_empty()).then(|| Percentiles {
            p50: self.millis(0.5),
            p90: self.millis(0.9),
            p99: self.millis(0.99),
            p999: self.millis(0.999),
            max: self.0.max() as f64 / 1_000.0,
        })
    }
}

/// In milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Percentiles {
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
}
