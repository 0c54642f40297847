//! The state of the client, and how messages change it: pure, without I/O and clock.
//!
//! * `model`: the state: what the session shows, the place in the timeline, what covers it
//! * `msg`, `update`: messages, effects, and the transition function
//! * `act`: what keys do, by what they apply to

pub(crate) mod act;
pub(crate) mod model;
pub(crate) mod msg;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub(crate) mod update;
