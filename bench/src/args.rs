//! Parsers of options.

use std::ops::RangeBounds;

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

/// Beyond it, everything goes to the first.
const SKEW_MAX: f64 = 10.0;

pub(crate) fn parse_skew(raw: &str) -> Result<f64, String> {
    match raw.parse::<f64>() {
        Ok(skew) if (0.0..=SKEW_MAX).contains(&skew) => Ok(skew),
        _ => Err(format!("it is not a number from 0 to {SKEW_MAX}")),
    }
}
