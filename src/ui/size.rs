//! Sizes of files, for people.

use std::fmt;

/// A number of bytes, in the largest unit of which there is one at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
        if self.0 < 1024 {
            return write!(f, "{} bytes", self.0);
        }
        let (mut value, mut units) = (self.0 as f64 / 1024.0, UNITS.iter());
        let mut unit = units.next();
        // What would be shown as 1024.0 is one of the next unit.
        while value >= 1023.95
            && let Some(next) = units.next()
        {
            (value, unit) = (value / 1024.0, Some(next));
        }
        write!(f, "{value:.1} {}", unit.copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_fits_the_number() {
        let shown = [0, 1023, 1024, 1_258_291, (1 << 20) - 1, 1 << 30, u64::MAX]
            .map(|bytes| Size(bytes).to_string());
        assert_eq!(
            shown,
            [
                "0 bytes",
                "1023 bytes",
                "1.0 KiB",
                "1.2 MiB",
                "1.0 MiB",
                "1.0 GiB",
                "16777216.0 TiB"
            ]
        );
    }
}
