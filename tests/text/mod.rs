//! Texts of messages, by command: mentions, markup, and texts that are blank.

mod blank;
mod imports;
mod markup;
mod mentions;
mod silenced;
