//! What the server uses of its machine besides files and the network. It is passed in, so that a
//! server in one process with its clients can run on one thread and from a seed.

mod blocking;
pub(crate) mod clock;
mod random;

use std::sync::Arc;

pub(crate) use self::blocking::Blocking;
use self::clock::WallClock;
pub(crate) use self::random::Random;
use crate::session::password;

/// The least that argon2 accepts.
const HASH_KIB_MIN: u32 = 8;

/// Clones share the random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) clock: WallClock,
    pub(crate) random: Arc<Random>,
    pub(crate) blocking: Blocking,
    /// The memory of a password hash.
    pub(crate) hash_kib: u32,
}

impl Host {
    /// This machine.
    #[must_use]
    pub(crate) fn real() -> Self {
        Self {
            clock: WallClock::System,
            random: Arc::new(Random::System),
            blocking: Blocking::Pool,
            hash_kib: password::MEMORY_KIB,
        }
    }

    /// A machine without threads, whose random numbers follow from the seed.
    #[must_use]
    pub(crate) fn simulated(clock: WallClock, seed: u64) -> Self {
        Self {
            clock,
            random: Arc::new(Random::seeded(seed)),
            blocking: Blocking::Inline,
            hash_kib: HASH_KIB_MIN,
        }
    }
}
