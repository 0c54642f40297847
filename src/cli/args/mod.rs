//! Argument types: targets, users, groups, durations.

pub(crate) mod duration;
pub(crate) mod target;
