//! The state machine: who is who, which conversations there are, what is in them, and how far everybody is.
//!
//! It is pure. It gets a command and the time and either refuses, changing nothing, or makes changes: [`Change`]s are what the
//! commit log carries and the only way state moves, so a replay of the log gives the same state.
//! What a command loads and memory lacks is loaded by the caller first ([`loads`]); nothing here reads a clock, a file or a socket.
//!
//! # Layout
//!
//! * [`command`], [`loads`]: what comes in, and what must be in memory for it
//! * [`state`]: everything that is in memory; [`apply`]: how changes move it
//! * [`batch`], [`change`]: what goes out, encoded once
//! * [`execute`]: commands decided, one by one
//! * [`send`], [`forward`], [`import`], [`amend`], [`pin`]: messages; [`mention`]: whom they ask to notice them
//! * [`retention`]: how long messages stay, and what goes
//! * [`permission`]: who may do what; [`room`]: how many conversations one may have; [`settings`]: what the owner of the server says for all
//! * [`group`], [`agreement`], [`moderation`], [`open_group`]: groups, what is agreed on in them, and who is in them
//! * [`attachment`]: the files that messages name
//! * [`account`], [`cursor`], [`mark`], [`receipts`], [`member_settings`], [`own`], [`overview`], [`contacts`], [`people`]: everything else a client
//!   may ask
//! * [`conversation`], [`msgid_set`], [`send_stream`], [`open_groups`], [`relation`]: the parts of the state that have rules of their own
//! * [`revision`]: what changed since a device was here before
//! * [`record`], [`group_record`]: what is stored of each part

pub mod account;
pub mod account_update;
pub mod amend;
pub mod apply;
pub mod attachment;
pub mod batch;
pub mod change;
pub mod command;
pub mod contacts;
pub mod conversation;
pub mod cursor;
pub mod dirty;
pub mod discovery;
pub mod execute;
pub mod forward;
pub mod group;
pub mod group_record;
pub mod group_settings;
pub mod import;
pub mod limits;
pub mod member_settings;
pub mod mention;
pub mod moderation;
pub mod msgid_set;
pub mod open_group_index;
pub mod overview;
pub mod people;
pub mod permission;
pub mod pin;
pub mod prefetch;
pub mod quotas;
pub mod receipts;
pub mod record;
pub mod relation;
pub mod retention;
pub mod revision;
pub mod send;
pub mod send_stream;
pub mod settings;
pub mod state;
pub mod unread_marker;

pub use batch::Batch;
pub use change::Change;
pub use command::{Actor, Command, Reply};
pub use state::State;
