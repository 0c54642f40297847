//! `cairn chat`: the terminal client.
//!
//! * `app`: the state and its transitions, pure: `update(state, message) -> effects`
//! * `draw`: the state into a frame, pure
//! * `text`, `theme`: widths, line breaks, markup, words, colours
//! * `picture`: previews of pictures
//! * `compose`, `keys`: the editor, completion, the table of keys
//! * `term`: modes of the terminal, frames, sequences outside of frames
//! * `run`: the event loop, which performs effects on a session
//! * `config`: `config.toml` of the profile

mod app;
mod args;
mod compose;
mod config;
mod draw;
mod keys;
mod picture;
mod run;
mod term;
mod text;
mod theme;

pub(crate) use self::args::ChatArgs;
pub(crate) use self::run::chat;
#[cfg(feature = "bench")]
pub(crate) use self::run::frames;
