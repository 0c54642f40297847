//! Runs against a server, through the client SDK alone.
//!
//! * `send`, `fanout`, `catchup`, `mixed`, `idle`, `files`, `overview`,
//!   `search`, `desk`: one module per run
//! * `target`: the server under test, and the users of the run
//! * `beside`: sends beside other work, and the control of that work
//! * `traffic`: shared parts of the runs that send and receive

mod beside;
pub mod catchup;
pub mod desk;
pub mod fanout;
pub mod files;
pub mod idle;
pub mod mixed;
pub mod overview;
pub mod search;
pub mod send;
mod target;
#[cfg(test)]
mod tests;
mod traffic;

pub(crate) use self::traffic::STAMP_BYTES;
