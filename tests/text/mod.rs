//! Texts of messages, by command: mentions, and texts that are blank.

mod blank;
mod mentions;
