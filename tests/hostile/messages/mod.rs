//! Invalid messages, cursors and amendments, and the limits of a conversation.

mod allowances;
mod amends;
mod bodies;
mod bounds;
mod cursors;
mod searches;
mod texts;
mod typing;
