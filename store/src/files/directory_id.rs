//! The id of a data directory, in its log, trees and watermark, so that parts of two directories
//! are not taken for one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::env::Salts;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DirectoryId([u8; 16]);

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
    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
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
