//! `cairn bench`: measures a server from outside, as its users would, and the storage below it, beside other ways to store the same.
//!
//! * `live`: runs against a running server, through the client SDK alone
//! * `report`: what is told of a run, as text, JSON or a page
//! * `latency`, `zipf`, `system`, `watcher`: what all kinds of run need
//! * `error`, `limits`: what goes wrong, every bound

mod error;
mod latency;
mod limits;
pub(crate) mod live;
mod report;
mod system;
mod watcher;
mod zipf;

pub(crate) use error::BenchError;
pub(crate) use report::{Figure, Found, Page, Report, grouped};
pub(crate) use watcher::Watcher;
