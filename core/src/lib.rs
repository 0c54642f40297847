//! The state machine: who is who, which conversations there are, what is in them, and how far
//! everybody is.
//!
//! It is pure. It gets a command and the time and either refuses, changing nothing, or makes
//! changes: [`Change`]s are what the commit log carries and the only way state moves, so a replay
//! of the log gives the same state. What a command loads and memory lacks is loaded by the caller
//! first ([`loads`]); nothing here reads a clock, a file or a socket.
//!
//! # Layout
//!
//! * [`api::command`], [`loads`]: what comes in, and what must be in memory for it
//! * [`state`]: everything that is in memory; [`state::apply`]: how changes move it
//! * [`api::batch`], [`api::change`]: what goes out, encoded once
//! * [`execute`]: commands decided, one by one
//! * [`messages::send`], [`messages::forward`], [`messages::import`], [`messages::amend`],
//!   [`messages::pin`]: messages; [`messages::mention`]: whom they ask to notice them
//! * [`messages::retention`]: how long messages stay, and what goes
//! * [`permission`]: who may do what; [`room`]: how many conversations one may have;
//!   [`people::settings`]: what the owner of the server says for all
//! * [`groups::group`], [`agreement`], [`groups::moderation`], [`open_group`]: groups, what is
//!   agreed on in them, and who is in them
//! * [`attachment`]: the files that messages name
//! * [`people::account`], [`reading::cursor`], [`mark`], [`reading::receipts`],
//!   [`groups::member_settings`], [`own`], [`reading::overview`], [`people::contacts`], [`people`]:
//!   everything else a client may ask
//! * [`state::conversation`], [`state::msgid_set`], [`state::send_stream`], [`open_groups`],
//!   [`state::relation`]: the parts of the state that have rules of their own
//! * [`state::revision`]: what changed since a device was here before
//! * [`record`], [`group_record`]: what is stored of each part

pub mod api;
pub mod attachment;
mod execute;
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
pub use api::command::{Command, Reply};
pub use state::State;
