//! `cairn bench`: measures a server from outside, as its users would, and the storage below it, beside other ways to store the same.
//!
//! * `live`: runs against a running server, through the client SDK alone
//! * `storage`: runs without a network, on the engine and what it stands on
//! * `report`: what is told of a run, as text, JSON or a page
//! * `latency`, `zipf`, `words`, `system`, `child`, `watcher`: what all kinds of run need
//! * `error`, `limits`: what goes wrong, every bound
//!
//! All of it is private but for what an engine needs that wants to be measured beside cairn's: a [`Contender`] with its [`Storage`],
//! handed to `cairn::cli::race`.

pub mod child;
pub mod error;
pub mod latency;
pub mod limits;
pub mod live;
pub mod report;
pub mod results;
pub mod storage;
pub mod system;
pub mod watcher;
pub mod words;
pub mod zipf;

pub use error::BenchError;
pub use report::{Figure, Found, Page, Report, grouped};
pub use storage::race::{Contender, Key, Storage, StorageFailure};
pub use watcher::Watcher;
