//! The load generator and the storage benchmarks behind `cairn bench`: a server measured through
//! its clients, and its storage engine compared with others.
//!
//! * `live`: runs against a server, through the client SDK alone
//! * `session`: an interactive client on its cache, without a network
//! * `storage`: runs without a network, on the storage engine
//! * `results`: the numbers of a run; the binary formats them
//!
//! Everything else is private, except what another storage engine needs to take part: a
//! [`Contender`] with its [`Storage`], for `cairn::cli::race`.

mod args;
mod child;
mod error;
mod latency;
mod limits;
pub mod live;
mod results;
mod scratch;
pub mod session;
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
