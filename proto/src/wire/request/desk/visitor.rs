//! Requests of visitors about their own inquiry.

use serde::{Deserialize, Serialize};

use crate::ids::ConversationId;
use crate::text::DeskText;

/// Reads the visitor's own inquiry: the open one, or else the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MyInquiry;

/// Closes the visitor's own inquiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndInquiry {
    /// The inquiry.
    pub conversation: ConversationId,
}

/// Rates the visitor's own inquiry, once after each time that it was closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateInquiry {
    /// The inquiry.
    pub conversation: ConversationId,
    /// From 1 to [`crate::limits::STARS_MAX`].
    pub stars: u8,
    /// May be empty.
    pub text: DeskText,
}
