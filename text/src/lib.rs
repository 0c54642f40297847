//! The markup of cairn's messages, as `docs/TEXT.md` describes it.
//!
//! [`parse()`] turns a text into a tree that every client renders in its own way, [`Names`] finds
//! the users that a text mentions, and [`sanitize()`] makes text of other users safe to show.
//! `vectors.json` beside the crate holds texts with their trees, for implementations in other
//! languages.
//!
//! ```
//! use cairn_text::{Names, mentions, parse};
//!
//! let names = Names::new([("bob", 2), ("张三", 3)]);
//! let mentioned = mentions("**ship it**, @Bob @张三你好 @eve", &names);
//! assert_eq!(mentioned.found, [2, 3]);
//! assert_eq!(mentioned.unknown, ["eve"]);
//! assert_eq!(parse("```\nlet x = 1;\n```", &names).len(), 1);
//! ```

#![deny(missing_docs)]

mod chars;
mod emoji;
mod keyword;
mod mention;
mod name;
mod parse;
mod sanitize;
mod tree;

pub use chars::is_unspaced;
pub use emoji::{emoji, emoji_names, is_emoji, qualified_emoji};
pub use keyword::Keywords;
pub use mention::{Mentions, Names, mentions};
pub use name::{
    composed_name, is_composed, nickname_fault, nickname_key, skeleton, user_key, user_name_fault,
};
pub use parse::parse;
pub use sanitize::{Lines, is_blank, is_interpreted, sanitize};
pub use tree::{Block, Inline, Item, Line, Marker};
