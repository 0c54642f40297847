//! Benchmarks without a network: the engine, compared with other storages.

mod driver;
pub mod engine;
pub mod fill;
pub mod ids;
mod limits;
mod messages;
pub mod race;
pub mod schemes;
mod sled_rows;
mod spread;
