//! The view model of cairn's interactive clients: what a user interface shows, without drawing it.
//!
//! # The model
//!
//! A [`Model`] is everything that a client shows to one user: the list of conversations, timelines,
//! drafts, own messages on their way, notices and the connection. It is pure: the clock, the
//! connection, the store and the user are [`Input`]s, and what is to be done are [`Effect`]s.
//!
//! | from | into the model |
//! |---|---|
//! | [`Event`](cairn_client::Event)s of a client | [`Input::Event`] |
//! | entries of [`Timeline`](cairn_client::Timeline)s | [`Input::Entries`] |
//! | the answers to requests of the model | [`Input::Overview`], [`Input::Page`] and others |
//! | the state of the connection | [`Input::Link`] |
//! | a store | [`Input::Restored`], once and first |
//! | a clock | [`Input::Clock`], at the time of [`Effect::Wake`] and before other inputs |
//! | the user | [`Input::Command`] |
//!
//! Views are read in between, when [`Effect::Dirty`] says that they changed:
//!
//! ```
//! use cairn_client::{ConversationId, MsgId, UserId};
//! use cairn_session::{Command, Draft, Effect, Input, Link, Model, Options, Part};
//!
//! let mut model = Model::new(Options::new(UserId::new(1)));
//! let effects = model.apply(Input::Link(Link::Online));
//! // The client is to request what changed since an earlier overview, here everything.
//! assert!(effects.contains(&Effect::Overview { since: None }));
//!
//! let mut draft = Draft::new(ConversationId::new(7));
//! draft.words = "hello".to_owned();
//! let effects = model.apply(Input::Command(Command::Draft(draft)));
//! assert_eq!(effects.last(), Some(&Effect::Dirty(Part::List)));
//! assert!(model.draft(ConversationId::new(7)).is_some());
//! ```
//!
//! Pushes are hints, the log is the truth: entries may be missing, repeated, or come in any order.
//! A window holds [`Segments`] of the log and knows as of which entry each of them is current; what
//! it shows ends up the same. What is stored is kept current as well, by [`StoreOp`]s.
//!
//! # Bounds
//!
//! Every bound is in [`limits`]. A window holds [`limits::ENTRIES_MAX`] entries, those nearest to
//! the screen, and a conversation without a window [`limits::PREVIEW_ENTRIES`].
//!
//! # The replica
//!
//! A [`Replica`] is made of the same parts and follows whole logs in their order, for programs that
//! compare or export states. It refuses entries that do not continue a log. A replica holds the
//! newest [`limits::ENTRIES_MAX`] entries of a conversation; everything else it holds is bounded by
//! the server.
//!
//! Replies and events travel on different streams. An overview or a contact list counts only if no
//! event changed the replica while it was on its way; otherwise fetch it again.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod contacts;
mod conversation;
mod day;
mod desk;
mod error;
pub mod limits;
mod link;
mod log;
mod model;
mod notice;
mod outbox;
mod replica;
mod runner;
pub mod store;
mod switcher;
mod time;
mod timeline;

pub use contacts::Contacts;
pub use conversation::{
    Conversation, Details, Edited, Entry, Forwarded, Membership, Unread, amended,
};
pub use day::{Date, Day, Zone};
pub use desk::{DeskLog, DeskNotice, DeskView};
pub use error::ReplicaError;
pub use link::{Link, LinkFault, LinkView};
pub use log::{Segment, Segments};
pub use model::{
    Command, ConversationView, Effect, Fetched, Input, Model, Options, Part, Place, RequestId,
    Restored, SavedConversation, StoreOp,
};
pub use notice::{Notice, NoticeSettings, Reason};
pub use outbox::{
    Aim, Doubt, Draft, DraftFile, Failure, FileFault, LocalId, Outgoing, Pending, SavedPending,
    SavedState, SendState,
};
pub use replica::{OverviewUpdate, Replica, Update};
pub use runner::{Changes, Describe, DraftRefused, InProcess, OpenError, Session, SessionOptions};
pub use switcher::{Hit, HitTarget};
pub use timeline::{
    Anchor, AnchorTo, DateJump, MessageRow, Row, RowKey, SystemLine, What, WindowView,
};
