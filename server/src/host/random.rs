//! Random bytes: ids, tokens and salts.

use parking_lot::Mutex;

/// Where random bytes come from.
#[derive(Debug)]
pub(crate) enum Random {
    /// The operating system. No one can predict them.
    System,
    /// The same bytes for the same seed: only for tests.
    Seeded(Mutex<u64>),
}

impl Random {
    #[must_use]
    pub(super) const fn seeded(seed: u64) -> Self {
        Self::Seeded(Mutex::new(seed))
    }

    /// Fills `bytes`.
    ///
    /// # Errors
    ///
    /// When the system has none.
    pub(crate) fn fill(&self, bytes: &mut [u8]) -> Result<(), getrandom::Error> {
        let Self::Seeded(state) = self else {
            return getrandom::fill(bytes);
        };
        let mut state = state.lock();
        for chunk in bytes.chunks_mut(8) {
            // SplitMix64.
            *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^= mixed >> 31;
            for (byte, random) in chunk.iter_mut().zip(mixed.to_le_bytes()) {
                *byte = random;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seed_decides_the_bytes() {
        let bytes = |seed| {
            let (random, mut bytes) = (Random::seeded(seed), [0; 20]);
            random.fill(&mut bytes).unwrap();
            bytes
        };
        assert_eq!(bytes(7), bytes(7));
        assert_ne!(bytes(7), bytes(8));
        assert!(bytes(7)[16..].iter().any(|byte| *byte != 0));
    }
}
