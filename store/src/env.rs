//! What the store uses of its machine: files, time, random numbers, an ordered map and threads.
//! They are passed in, so that a test can control them.

mod background;
mod clock;
pub(crate) mod salts;
mod sizes;

use std::sync::Arc;

#[cfg(any(test, feature = "testing"))]
pub use self::background::BackgroundWork;
pub use self::background::yield_to_others;
pub(crate) use self::background::{Background, Worker};
pub use self::clock::Clock;
pub use self::salts::Salts;
pub(crate) use self::sizes::Sizes;
#[cfg(any(test, feature = "testing"))]
use crate::commit_log::memory::MemoryLog;
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
    pub(crate) background: Background,
    pub(crate) sizes: Sizes,
    /// A log beside the data directory, instead of the one in it.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) log: Option<MemoryLog>,
}

impl Env {
    #[must_use]
    pub fn disk(&self) -> &dyn Disk {
        self.disk.as_ref()
    }

    /// The machine of this process.
    #[must_use]
    pub fn real() -> Self {
        Self {
            disk: Arc::new(RealDisk),
            clock: Clock::system(),
            salts: Salts::Random,
            map: MapKind::Sled,
            background: Background::Threads,
            sizes: Sizes::REAL,
            #[cfg(any(test, feature = "testing"))]
            log: None,
        }
    }
}
