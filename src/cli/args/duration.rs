//! Durations: `45s`, `30m`, `12h`, `7d`, `2w`.

use std::time::Duration;

/// Why a string is not a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DurationError {
    #[error("a duration is a number with a unit: 45s, 30m, 12h, 7d or 2w")]
    Form,
    #[error("the duration is out of range")]
    Range,
}

/// Parses a duration of whole seconds, at least one.
pub(crate) fn parse(raw: &str) -> Result<Duration, DurationError> {
    use humantime::DurationError as Error;
    // Narrower than humantime: one whole number with one unit.
    let unit = raw.trim_start_matches(|c: char| c.is_ascii_digit());
    if !matches!(unit, "s" | "m" | "h" | "d" | "w") {
        return Err(DurationError::Form);
    }
    let duration = humantime::parse_duration(raw).map_err(|error| match error {
        Error::NumberOverflow => DurationError::Range,
        _ => DurationError::Form,
    })?;
    if duration.is_zero() {
        return Err(DurationError::Range);
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_a_unit() {
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
            assert_eq!(parse(raw), Err(DurationError::Form), "{raw:?}");
        }
        for raw in ["0d", "99999999999999999999s", "18446744073709551615w"] {
            assert_eq!(parse(raw), Err(DurationError::Range), "{raw:?}");
        }
    }
}
