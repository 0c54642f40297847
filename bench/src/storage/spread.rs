//! Rates over several rounds.

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Spread {
    pub(super) fn of(rates: &[f64]) -> Option<Self> {
        Some(Self {
            min: rates.iter().copied().min_by(f64::total_cmp)?,
            max: rates.iter().copied().max_by(f64::total_cmp)?,
            median: median(rates)?,
        })
    }
}

/// The median; of an even number, the upper one.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests;
