//! What the store uses of its machine: files, time, random numbers, and an ordered map. They are
//! passed in, so that a test can control them.

mod clock;
mod salts;

use std::sync::Arc;

pub use self::clock::Clock;
pub use self::salts::Salts;
use crate::disk::Disk;
use crate::disk::real::RealDisk;

/// The ordered map under the trees.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MapKind {
    /// sled, on the disk of this machine.
    Sled,
    /// A double of it, on the given disk.
    #[cfg(any(test, feature = "testing"))]
    Sim,
}

/// Passed in when a data directory is opened. Clones share the disk and the clock.
#[derive(Clone, Debug)]
pub struct Env {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) clock: Clock,
    pub(crate) salts: Salts,
    pub(crate) map: MapKind,
}

impl Env {
    /// The machine of this process.
    #[must_use]
    pub fn real() -> Self {
        Self {
            disk: Arc::new(RealDisk),
            clock: Clock::system(),
            salts: Salts::Random,
            map: MapKind::Sled,
        }
    }
}
