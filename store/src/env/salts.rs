//! Salts: numbers that distinguish one use of a file from another.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where salts come from.
#[derive(Clone, Debug)]
pub enum Salts {
    /// The system's random numbers. Clients cannot predict them.
    Random,
    /// The same sequence for the same seed, for tests.
    Seeded(Arc<AtomicU64>),
}

impl Salts {
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(AtomicU64::new(seed)))
    }

    #[must_use]
    pub(crate) fn next(&self) -> u32 {
        match self {
            Self::Random => rand::random(),
            Self::Seeded(state) => {
                // Steps of a large odd number visit every value; the multiplication spreads them.
                let step = state.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
                (step.wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 32) as u32
            }
        }
    }
}
