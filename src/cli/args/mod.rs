//! Argument types: targets, users, groups, durations.

pub(crate) mod duration;
pub(crate) mod same_name;
pub(crate) mod target;
