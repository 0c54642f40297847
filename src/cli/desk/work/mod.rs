//! What agents do.

pub(super) mod act;
pub(super) mod duty;
pub(super) mod overview;
pub(super) mod reply;
