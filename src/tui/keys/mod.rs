//! Keys: one table of actions, from which the help screen, docs/CHAT.md and the default bindings
//! are made, and the keys that `config.toml` sets instead.

pub(crate) mod action;
pub(crate) mod bindings;
pub(crate) mod chord;
pub(crate) mod table;
