//! Commands about messages, and how a message is shown.

pub(crate) mod edit;
pub(crate) mod forward;
pub(crate) mod message_view;
pub(crate) mod names;
pub(crate) mod pin;
pub(crate) mod react;
pub(crate) mod recall;
pub(crate) mod send;
pub(crate) mod stdin_lines;
pub(crate) mod tail;
pub(crate) mod text;
pub(crate) mod typing;
