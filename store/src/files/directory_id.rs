//! The id of a data directory, in its log, trees, watermark and key, so that parts of two
//! directories are not taken for one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::env::salts::Salts;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryId([u8; 16]);

impl DirectoryId {
    #[must_use]
    pub(crate) fn random(salts: &Salts) -> Self {
        let mut bytes = [0; 16];
        for word in bytes.chunks_exact_mut(4) {
            word.copy_from_slice(&salts.next().to_le_bytes());
        }
        Self(bytes)
    }

    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub(crate) const fn bytes(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Display for DirectoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of a data directory has 32 lowercase hexadecimal digits")]
pub struct InvalidDirectoryId;

impl FromStr for DirectoryId {
    type Err = InvalidDirectoryId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 16];
        for (at, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(at * 2..at * 2 + 2).ok_or(InvalidDirectoryId)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| InvalidDirectoryId)?;
        }
        let id = Self(bytes);
        // Signs and capitals are read as well, but never written.
        match id.to_string() == text {
            true => Ok(id),
            false => Err(InvalidDirectoryId),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_and_others_are_refused() {
        let id = DirectoryId([0x0F, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xFE]);
        assert_eq!(id.to_string(), "0f0102030405060708090a0b0c0d0efe");
        assert_eq!(id.to_string().parse(), Ok(id));
        for other in [
            "",
            "0f",
            "0F0102030405060708090a0b0c0d0efe",
            "+f0102030405060708090a0b0c0d0efe",
            "0f0102030405060708090a0b0c0d0efe0",
            "0f0102030405060708090a0b0c0d0e\u{e4}",
        ] {
            assert_eq!(
                other.parse::<DirectoryId>(),
                Err(InvalidDirectoryId),
                "{other}"
            );
        }
    }
}
