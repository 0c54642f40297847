//! Runs without a network: the engine itself, beside other ways to store the same messages.
//!
//! * `place`: the folder that everything is stored in
//! * `load`: the messages that are stored
//! * `driver`: cairn's engine, with one sender at its wheel

mod driver;
mod load;
mod place;
