//! The state machine of cairn: commands in, changes and updates out.
//!
//! It is pure: nothing here reads a clock, a file, a socket or a random number. A command either is
//! refused and changes nothing, or makes [`Change`]s. These are what the commit log carries and the
//! only way the [`State`] moves, so a replay of the log ends in the same state. The state machine
//! never waits for storage: the caller first loads what [`Command::prefetch`] names.
//!
//! # Layout
//!
//! A module imports only from modules above it in this list.
//!
//! * [`record`]: the stored form of the state
//! * [`api`]: commands, changes, batches and updates
//! * [`clock`]: the time by which messages expire
//! * [`state`]: the state in memory; `state::apply` moves it, `state::make` also logs the change
//! * `permission` decides who may do what; [`prefetch`] names what must be loaded for it
//! * [`command`]: what a command is, and the dispatch of requests
//! * [`messages`], `groups`, `people`, `accounts`, `reading`, [`attachment`], [`desk`]: the
//!   commands, by subject

mod accounts;
pub mod api;
pub mod attachment;
mod audit_log;
pub mod clock;
pub mod command;
pub mod desk;
mod groups;
pub mod limits;
pub mod messages;
mod people;
mod permission;
pub mod prefetch;
mod reading;
pub mod record;
pub mod state;

pub use api::actor::Actor;
pub use api::batch::Batch;
pub use api::change::Change;
pub use command::{Asked, By, Command};
pub use state::State;
