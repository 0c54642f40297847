//! Doubles of the machine that the store runs on, for tests of this crate and, with the feature
//! `testing`, of others.

pub mod contents;
pub mod copies;
pub mod damaged;
#[cfg(test)]
mod fixtures;

use std::sync::Arc;

#[cfg(test)]
pub(crate) use self::fixtures::*;
pub use crate::commit_log::memory::{LostReply, MemoryLog};
pub use crate::commit_log::segments::damage::{Damage, damage_log};
pub use crate::disk::sim::{Call, Failure, Fault, Losses, SimDisk, Trouble};
use crate::env::{Background, Clock, Env, MapKind, Salts, Sizes};

impl Env {
    /// A machine in memory: all files are on `disk`, and the trees are a double of sled. Only
    /// [`Clock::advance`] moves its clock, and only
    /// [`Engine::step`](crate::engine::Engine::step) does background work. Segments are small.
    #[must_use]
    pub fn simulated(disk: &SimDisk, seed: u64) -> Self {
        Self {
            disk: Arc::new(disk.clone()),
            clock: Clock::manual(),
            salts: Salts::seeded(seed),
            map: MapKind::Sim,
            background: Background::Steps,
            sizes: Sizes::SIMULATED,
            log: None,
        }
    }

    /// Keeps the log outside of the machine.
    #[must_use]
    pub fn with_log(self, log: &MemoryLog) -> Self {
        Self {
            log: Some(log.clone()),
            ..self
        }
    }

    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }
}
