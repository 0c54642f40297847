//! The terminal: modes that are restored however the program ends, and sequences outside of frames.

pub(crate) mod ambiguous;
pub(crate) mod guard;
#[cfg(unix)]
pub(crate) mod hangup;
pub(crate) mod osc;
pub(crate) mod screen;
