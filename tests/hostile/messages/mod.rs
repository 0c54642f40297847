//! Bad messages, cursors and amendments, and the bounds of a conversation.

mod amends;
mod bodies;
mod bounds;
mod cursors;
mod texts;
mod typing;
