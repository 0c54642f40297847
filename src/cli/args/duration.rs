//! Spans of time as people write them: `45s`, `30m`, `12h`, `7d`, `2w`.

use std::time::Duration;

/// Why a string is no span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SpanError {
    /// It is not a number with a unit.
    #[error("a time is a whole number with a unit: 45s, 30m, 12h, 7d or 2w")]
    Form,
    /// It is 0, or more than a number can hold.
    #[error("the time is out of range")]
    Range,
}

/// Reads a span.
pub(crate) fn parse(raw: &str) -> Result<Duration, SpanError> {
    let digits = raw.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = raw.split_at(digits);
    let unit_seconds: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        "w" => 7 * 24 * 60 * 60,
        _ => return Err(SpanError::Form),
    };
    if number.is_empty() {
        return Err(SpanError::Form);
    }
    let number: u64 = number.parse().map_err(|_| SpanError::Range)?;
    match number.checked_mul(unit_seconds) {
        None | Some(0) => Err(SpanError::Range),
        Some(seconds) => Ok(Duration::from_secs(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_numbers_with_a_unit() {
        for (raw, seconds) in [
            ("45s", 45),
            ("30m", 1800),
            ("12h", 43_200),
            ("7d", 604_800),
            ("2w", 1_209_600),
        ] {
            assert_eq!(parse(raw), Ok(Duration::from_secs(seconds)), "{raw}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for raw in ["", "7", "d", "7 d", "7D", "-7d", "1.5h", "7dd", "７d"] {
            assert_eq!(parse(raw), Err(SpanError::Form), "{raw:?}");
        }
        for raw in ["0d", "99999999999999999999s", "18446744073709551615w"] {
            assert_eq!(parse(raw), Err(SpanError::Range), "{raw:?}");
        }
    }
}
