//! The search of cairn, as `docs/SEARCH.md` describes it.
//!
//! [`parse()`] turns what a user typed into a tree whose names are resolved to ids, which gives the
//! [`Query`](cairn_proto::model::search::Query) that clients send. [`Matcher`] decides for a server
//! whether a message satisfies it, and [`Respeller`] finds a word to offer when none does.
//! `vectors.json` beside the crate holds queries with their trees, for implementations in other
//! languages.
//!
//! ```
//! # use cairn_proto::content::{body::Body, extras::Extras, message::Entry};
//! # use cairn_proto::ids::{ConversationId, Timestamp, UserId};
//! use cairn_search::{Facts, Matcher, Scratch, parse};
//!
//! let now = "2026-11-28T12:00[UTC]".parse()?;
//! let parsed = parse("from:ada 上海 OR xorg.conf", &now)?;
//! assert_eq!(parsed.users().collect::<Vec<_>>(), ["ada"]);
//! let ada = UserId::new(7);
//! let group = ConversationId::new(1);
//! let query = parsed.resolve(|_| Ok::<_, &str>(ada), |_| Err("no such group"))?;
//!
//! let entry = Entry {
//!     sender: ada,
//!     sent_at: Timestamp::new(0),
//!     body: Body::Text("我家在上海东边".parse()?),
//!     extras: Extras::NONE,
//! };
//! let facts = Facts { conversation: group, entry: &entry, is_pinned: false, is_unread: true };
//! let found = Matcher::new(&query).check(&facts, &mut Scratch::default());
//! assert_eq!(found.unwrap().words[0].start, 9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod fold;
mod matcher;
mod query;
mod respell;

pub use matcher::{Facts, Matcher, Scratch};
pub use query::{Clause, Criterion, Filter, Parsed, QueryError, parse};
pub use respell::{Respeller, respell};
