//! A histogram of durations.

use std::time::Duration;

use cairn_proto::wire::metrics::{Bucket, Histogram};

/// Significant digits of a duration.
const DIGITS: u8 = 2;

/// Longer durations count as this one, in microseconds.
const MICROS_MAX: u64 = 100_000_000;

/// The bounds of the buckets never change.
#[derive(Debug)]
pub struct Durations(hdrhistogram::Histogram<u64>);

impl Default for Durations {
    #[expect(
        clippy::expect_used,
        reason = "the bounds are constants, and a test creates one"
    )]
    fn default() -> Self {
        Self(
            hdrhistogram::Histogram::new_with_bounds(1, MICROS_MAX, DIGITS)
                .expect("the bounds of the histogram are sound"),
        )
    }
}

impl Durations {
    pub fn record(&mut self, time: Duration) {
        self.0
            .saturating_record(u64::try_from(time.as_micros()).unwrap_or(MICROS_MAX));
    }

    pub fn recorded(&self) -> Histogram {
        let buckets = self.0.iter_recorded();
        buckets
            .map(|bucket| Bucket {
                up_to_micros: bucket.value_iterated_to(),
                count: bucket.count_at_value(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_proto::limits::HISTOGRAM_BUCKETS_MAX;

    #[test]
    fn histograms_subtract() {
        let mut times = Durations::default();
        let record = |times: &mut Durations, all: &[u64]| {
            all.iter()
                .for_each(|&micros| times.record(Duration::from_micros(micros)))
        };
        record(&mut times, &[90, 90, 1_000, 5_000_000]);
        let earlier = times.recorded();
        assert_eq!(earlier.total(), 4);
        record(&mut times, &[90, 20_000, 20_000]);
        let between = times.recorded().since(&earlier).unwrap();
        let buckets: Vec<_> = between
            .buckets()
            .iter()
            .map(|bucket| (bucket.up_to_micros, bucket.count))
            .collect();
        assert!(
            matches!(buckets[..], [(90, 1), (20_000..=20_200, 2)]),
            "{buckets:?}"
        );
    }

    #[test]
    fn bucket_list_is_bounded() {
        let mut times = Durations::default();
        assert!(times.0.distinct_values() <= HISTOGRAM_BUCKETS_MAX);
        let mut micros = 0_u64;
        while micros < MICROS_MAX {
            times.record(Duration::from_micros(micros));
            micros += 1 + micros / 200;
        }
        times.record(Duration::MAX);
        let found = times.recorded();
        assert!(
            (1_000..=HISTOGRAM_BUCKETS_MAX).contains(&found.buckets().len()),
            "{}",
            found.buckets().len()
        );
        assert!(
            found
                .buckets()
                .is_sorted_by(|one, next| one.up_to_micros < next.up_to_micros)
        );
    }
}
