//! What admins of the server set up.

pub(super) mod agent;
pub(super) mod canned;
pub(super) mod erase;
pub(super) mod hours;
pub(super) mod link;
pub(super) mod queue;
pub(super) mod rules;
mod settings;
