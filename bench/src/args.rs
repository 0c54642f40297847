//! Parsers of options.

use std::ops::{RangeBounds, RangeInclusive};

use cairn_client::proto::limits::TEXT_BYTES_MAX;
use clap::builder::RangedU64ValueParser;

use crate::live::STAMP_BYTES;

/// Parses a whole number within bounds.
pub(crate) fn whole<T>(bounds: impl RangeBounds<u64>) -> RangedU64ValueParser<T>
where
    T: TryFrom<u64> + Clone + Send + Sync + 'static,
    T::Error: std::error::Error + Send + Sync + 'static,
{
    RangedU64ValueParser::new().range(bounds)
}

/// Parses the bytes of a message's text, at least those of its stamp.
pub(crate) fn body_bytes() -> RangedU64ValueParser<usize> {
    whole(STAMP_BYTES as u64..=TEXT_BYTES_MAX as u64)
}

/// The exponent of the distribution over conversations. At the upper end, everything goes to the
/// first.
pub(crate) const SKEW: RangeInclusive<f64> = 0.0..=10.0;

/// Parses a number within bounds.
pub(crate) fn number(bounds: RangeInclusive<f64>) -> impl Fn(&str) -> Result<f64, String> + Clone {
    let (min, max) = bounds.into_inner();
    move |raw| match raw.parse::<f64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        _ => Err(format!("it is not a number from {min} to {max}")),
    }
}
