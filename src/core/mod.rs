//! The state machine: who is who, which conversations there are, what is in them, and how far everybody is.
//!
//! It is pure. It gets a command and the time and either refuses, changing nothing, or makes changes: [`Change`]s are what the
//! commit log carries and the only way state moves, so a replay of the log gives the same state.
//! What a command needs and memory lacks is loaded by the caller first ([`needs`]); nothing here reads a clock, a file or a socket.
//!
//! # Layout
//!
//! * [`command`], [`needs`]: what comes in, and what must be in memory for it
//! * [`state`]: everything that is in memory, and [`state::State::apply`]
//! * [`batch`], [`change`]: what goes out, encoded once
//! * [`execute`]: commands decided, one by one
//! * [`send`], [`import`]: messages
//! * [`account`], [`group`], [`cursor`], [`overview`], [`contacts`], [`people`]: everything else a client may ask
//! * [`settings`]: what the owner of the server can set
//! * [`conversation`], [`uncounted`], [`send_stream`], [`relation`]: the parts of the state that have rules of their own
//! * [`record`]: what is stored of each part

pub mod account;
pub mod batch;
pub mod change;
pub mod command;
pub mod contacts;
pub mod conversation;
pub mod cursor;
pub mod execute;
pub mod group;
pub mod import;
pub mod needs;
pub mod overview;
pub mod people;
pub mod record;
pub mod relation;
pub mod saving;
pub mod send;
pub mod send_stream;
pub mod settings;
pub mod state;
pub mod uncounted;

pub use batch::Batch;
pub use change::Change;
pub use command::{Actor, Command, Reply};
pub use state::State;
