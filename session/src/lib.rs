//! The view model of cairn's interactive clients: what a user interface shows, without drawing it.
//!
//! A [`Replica`] holds everything that a user sees: their conversations, each with its newest
//! entries, members, pins, read position and settings, and their contacts. It is pure: no clock, no
//! I/O. The caller feeds it what [`cairn_client`] returns, and it answers what to fetch next.
//!
//! | from the client | into the replica |
//! |---|---|
//! | [`Conversations::overview`][overview] | [`Replica::apply_overview`], [`finish_overview`][f] |
//! | [`People::contacts`](cairn_client::view::People::contacts) | [`Replica::set_contacts`] |
//! | [`Event`](cairn_client::Event) | [`Replica::apply_event`] |
//! | entries of a [`Timeline`](cairn_client::Timeline) | [`Replica::append`] |
//! | group, members, pins, retention | [`Details::new`], then [`Replica::enter`] |
//!
//! Replies and events travel on different streams. An overview or a contact list counts only if no
//! event changed the replica while it was on its way; otherwise fetch it again.
//!
//! # Bounds
//!
//! A replica holds the newest [`limits::ENTRIES_MAX`] entries of a conversation and evicts older
//! ones. Everything else it holds is bounded by the server.
//!
//! # Example
//!
//! One conversation, entered and followed:
//!
//! ```no_run
//! use cairn_client::proto::model::conversation::{Conversation as Summary, ConversationKind};
//! use cairn_client::{Client, Error};
//! use cairn_session::{Details, Replica, Update};
//!
//! async fn details(client: &Client, summary: &Summary) -> Result<Details, Error> {
//!     let group = match summary.kind {
//!         ConversationKind::Group { .. } => Some(client.conversation(summary.id).group().await?),
//!         ConversationKind::Direct { .. } => None,
//!     };
//!     let conversation = client.conversation(summary.id);
//!     let retention = conversation.retention().await?.set;
//!     let members = conversation.members().await?;
//!     let pins = conversation.pins().await?;
//!     Ok(Details::new(&summary.kind, group, retention, &members, pins))
//! }
//!
//! async fn show(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
//!     let mut replica = Replica::new(client.whoami().user);
//!     let overview = client.conversations().overview(replica.moment()).await?;
//!     for summary in replica.apply_overview(&overview).enter {
//!         replica.enter(&summary, details(client, &summary).await?);
//!     }
//!     replica.finish_overview(overview.as_of);
//!
//!     let Some((id, conversation)) = replica.conversations().next() else {
//!         return Ok(());
//!     };
//!     let mut timeline = client.conversation(id).follow(conversation.next());
//!     while let Some(batch) = timeline.next_batch().await.transpose()? {
//!         if replica.append(&batch)? == Update::Stale {
//!             break;
//!         }
//!         if let Some(conversation) = replica.conversation(id) {
//!             println!("{} unread", conversation.unread().messages);
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! [overview]: cairn_client::view::Conversations::overview
//! [f]: Replica::finish_overview

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod contacts;
mod conversation;
mod day;
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
pub use runner::{Changes, Describe, DraftRefused, OpenError, Session, SessionOptions};
pub use switcher::{Hit, HitTarget};
pub use timeline::{
    Anchor, AnchorTo, DateJump, MessageRow, Row, RowKey, SystemLine, What, WindowView,
};
