//! The load generator and the storage benchmarks behind `cairn bench`: a server measured from
//! outside, as its users would, and the storage below it beside other ways to store the same.
//!
//! * `live`: runs against a running server, through the client SDK alone
//! * `storage`: runs without a network, on the engine and what it stands on
//! * `results`: what a run found; how it is shown is up to the binary
//!
//! Everything else is private but for what another engine needs to be measured beside cairn's: a
//! [`Contender`] with its [`Storage`], handed to `cairn::cli::race`.

mod args;
mod child;
mod error;
mod latency;
mod limits;
pub mod live;
mod results;
mod scratch;
pub mod storage;
mod system;
#[cfg(test)]
mod tests;
mod watcher;
mod words;
mod zipf;

pub use error::BenchError;
pub use results::{Axis, Durability, Figure, Plot, Report, Results, Scale, Series, Subject, Table};
pub use storage::race::{Batch, Contender, Key, Storage, StorageFailure};
pub use system::Machine;
pub use watcher::Watcher;
