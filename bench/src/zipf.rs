//! The distribution of messages over conversations: some are busy, most are not.

use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use rand_distr::Distribution as _;
use rand_distr::weighted::WeightedAliasIndex;

/// Picks numbers below a count; the share of the n-th is proportional to 1 / n^skew.
pub(crate) struct Picker {
    /// `None` for a count of 0. A table: computing a power for each message would be a measurable
    /// part of its cost.
    shares: Option<WeightedAliasIndex<f64>>,
    random: SmallRng,
}

impl Picker {
    /// With a skew of 0, all numbers are equally likely. The same seed picks the same numbers.
    pub(crate) fn new(count: usize, skew: f64, seed: u64) -> Self {
        let share = |n| (n as f64).powf(-skew);
        let shares = WeightedAliasIndex::new((1..=count).map(share).collect()).ok();
        Self {
            shares,
            random: SmallRng::seed_from_u64(seed),
        }
    }

    pub(crate) fn pick(&mut self) -> usize {
        let Some(shares) = &self.shares else { return 0 };
        shares.sample(&mut self.random)
    }
}
