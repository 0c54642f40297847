//! Runs without a network: the engine itself, beside other ways to store the same messages.
//!
//! * `engine`: the commit path in a race, and against the size of a group
//! * `race`, `findings`: who stores the same messages, how they take turns, and what came of it
//! * `place`: the folder that everything is stored in
//! * `release`: opening a folder of sled again
//! * `load`: the messages that are stored
//! * `driver`: cairn's engine, with one sender at its wheel
//! * `fill`: how the engine does with very many messages
//! * `ids`: ways to give messages their ids
//! * `schemes`: four ways to store a group's messages, beside cairn's

mod driver;
pub mod engine;
pub mod fill;
mod findings;
pub mod ids;
mod load;
mod place;
pub mod race;
mod release;
pub mod schemes;
