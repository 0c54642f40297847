//! The tree that a text is parsed to.

use serde::{Deserialize, Serialize};

/// A part of a text that begins at the start of a line. `T` is what a mention names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Block<T> {
    /// Consecutive lines.
    Paragraph(Vec<Line<T>>),
    /// Lines that are shown as they are.
    Code {
        /// The word after the opening fence. It is only a label.
        language: Option<String>,
        /// The lines, without the fences.
        text: String,
    },
    /// Quoted blocks.
    Quote(Vec<Block<T>>),
    /// Consecutive list items.
    List(Vec<Item<T>>),
}

/// A line of a paragraph.
pub type Line<T> = Vec<Inline<T>>;

/// An item of a list: one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item<T> {
    /// The depth, from 0 to 3.
    pub level: u8,
    /// What stands before the item.
    pub marker: Marker,
    /// The text of the item.
    pub line: Line<T>,
}

/// What stands before a list item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Marker {
    /// A dash or an asterisk.
    Bullet,
    /// A number, as written.
    Number(u32),
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Inline<T> {
    /// Text without markup.
    Text(String),
    /// Text that is shown as it is.
    Code(String),
    /// Strong emphasis.
    Bold(Vec<Inline<T>>),
    /// Emphasis.
    Italic(Vec<Inline<T>>),
    /// Text that no longer holds.
    Struck(Vec<Inline<T>>),
    /// A link with the scheme `http`, `https`, `mailto` or `cairn`.
    Link {
        /// The address, as written.
        url: String,
        /// The text to show instead of the address. A client shows the address too, since the text
        /// may name another one.
        label: Option<String>,
    },
    /// A link to a message: `cairn://HOST/#CONVERSATION/MESSAGE`.
    Permalink {
        /// The address, as written.
        url: String,
        /// The server: a host, and a port if there is one.
        host: String,
        /// The id of the conversation.
        conversation: u64,
        /// The number of the message.
        message: u64,
    },
    /// A user or group of users.
    Mention {
        /// The name as written, without the `@`.
        name: String,
        /// What the name stands for.
        target: T,
    },
    /// An emoji that was written by its name.
    Emoji {
        /// The name, without the colons.
        name: String,
        /// The characters to show.
        glyph: String,
    },
}
