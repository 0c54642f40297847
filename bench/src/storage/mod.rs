//! Benchmarks without a network: the engine itself, beside other ways to store the same messages.

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
