//! The load generator: measures a server from outside, as its users would, through the client SDK alone.
//!
//! A run has a venue (a server and users), a load, a gauge that counts, and a report. It warms up, counts, stops and waits until
//! everything outstanding is settled; nothing that comes before or behind the count is in the numbers.
//!
//! * `send`, `fanout`, `idle`: one file for each kind of run
//! * `venue`, `own_server`: the server under test, the users who take part
//! * `sender`, `receiver`, `pace`, `zipf`, `stamp`: what is sent, when, and where to
//! * `measure`, `gauge`, `latency`, `sequence`: what is counted and checked
//! * `report`, `system`: what is told, and on which machine
//! * `watcher`, `error`, `limits`: who watches, what goes wrong, every bound

mod error;
pub(crate) mod fanout;
mod gauge;
pub(crate) mod idle;
mod latency;
mod limits;
mod measure;
mod own_server;
mod pace;
mod receiver;
mod report;
pub(crate) mod send;
mod sender;
mod sequence;
mod stamp;
mod system;
mod venue;
mod watcher;
mod zipf;

pub(crate) use error::BenchError;
pub(crate) use report::Report;
pub(crate) use watcher::Watcher;
