//! The client SDK of cairn: team chat in one binary.
//!
//! A conversation is a log of messages numbered 1, 2, 3, … without gaps. Clients append to logs and
//! follow them. A [`Client`] is a session that outlives its connections: when one breaks, or the
//! server restarts, it reconnects and continues where it was.
//!
//! # Guarantees
//!
//! * **Sends are exactly-once.** [`send`](view::Conversation::send) resolves when the message is
//!   durable and numbered, after any number of reconnects. Unresolved sends are repeated in their
//!   original order under their original numbers, and the server stores each of them once.
//! * **A timeline is the log.** [`follow`](view::Conversation::follow) yields every message from a
//!   position on, in order and without gaps or repeats, across reconnects and server restarts,
//!   however slow the reader is.
//! * **Memory is bounded.** Every queue has a limit, listed in [`limits`] and [`proto::limits`].
//! * **The server is authenticated.** An invite link carries the pin of the server's key; there is
//!   no certificate authority. Another key is a hard error ([`Error::WrongPin`]).
//!
//! # Example
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use cairn_client::{Account, Body, Client, InviteLink, JoinRequest, MsgId};
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // Once: join with an invite, and persist the account where only its owner can read it.
//!     let link: InviteLink = std::env::args().nth(1).ok_or("no invite link")?.parse()?;
//!     let who = JoinRequest {
//!         name: "ada".parse()?,
//!         password: None,
//!         device: "laptop".parse()?,
//!     };
//!     let (client, account) = Client::builder().join(&link, who).await?;
//!     std::fs::write("account.json", serde_json::to_vec(&account)?)?;
//!     client.close().await;
//!
//!     // From then on: connect with the account.
//!     let account: Account = serde_json::from_slice(&std::fs::read("account.json")?)?;
//!     let client = Client::builder().connect(&account).await?;
//!
//!     // Create a group, and an invite for another user.
//!     let team = client.conversations().create_group("team".parse()?, Vec::new()).await?;
//!     let week = Duration::from_secs(7 * 24 * 60 * 60);
//!     println!("cairn join '{}'", client.admin().create_invite(1, week).await?);
//!
//!     // Send a message. When this returns, it is durable on the server.
//!     let team = client.conversation(team);
//!     let msgid = team.send("hello").await?;
//!     println!("sent message {msgid}");
//!
//!     // Send many messages in this order, without a round trip for each.
//!     let mut accepted = Vec::new();
//!     for n in 1..=100 {
//!         accepted.push(team.enqueue(n.to_string()).await?);
//!     }
//!     for accepted in accepted {
//!         accepted.await?;
//!     }
//!
//!     // Read all messages, and new ones as they arrive, until the membership or the client ends.
//!     let mut timeline = team.follow(MsgId::new(1));
//!     while let Some(message) = timeline.next().await.transpose()? {
//!         if let Body::Text(text) = &message.body
//!             && let Some(sender) = client.people().get(message.sender).await?
//!         {
//!             println!("{} {}: {text}", message.msgid, sender.name);
//!         }
//!         // This device has stored the message, so the server need not push it again.
//!         team.ack(message.msgid);
//!     }
//!     client.close().await;
//!     Ok(())
//! }
//! ```
//!
//! Complete programs are in the folder `examples`.
//!
//! # Which call for what
//!
//! Calls are grouped in [views](view) of the client by subject. A view is a reference, free to
//! create and to copy.
//!
//! | from | calls |
//! |---|---|
//! | [`Client::builder`] | options, and the ways to connect: [`ClientBuilder`] |
//! | [`Client::conversation`] | one conversation: [`view::Conversation`] |
//! | [`Client::conversations`] | the list of conversations, new groups: [`view::Conversations`] |
//! | [`Client::people`] | other users, contacts, presence: [`view::People`] |
//! | [`Client::me`] | the own account and devices: [`view::Me`] |
//! | [`Client::admin`] | invites, settings, roles, metrics: [`view::Admin`] |
//! | [`Client::desk`] | the support desk, for agents, supervisors and admins: [`view::Desk`] |
//! | [`Client`] itself | events, uploads, the connection |
//!
//! * **Connect:** [`ClientBuilder::join`], [`ClientBuilder::login`], [`ClientBuilder::connect`], or
//!   without waiting for the server [`ClientBuilder::connect_offline`]; end with [`Client::close`].
//! * **Send:** [`send`](view::Conversation::send), [`reply`](view::Conversation::reply),
//!   [`forward`](view::Conversation::forward); many at once with
//!   [`enqueue`](view::Conversation::enqueue); from a persistent outbox with
//!   [`enqueue_draft`](view::Conversation::enqueue_draft).
//! * **Markup and mentions:** [`text`] parses texts to trees;
//!   [`enqueue_mentioning`](view::Conversation::enqueue_mentioning) and
//!   [`edit_mentioning`](view::Conversation::edit_mentioning) mention the members whose names
//!   follow an `@`.
//! * **Receive:** [`follow`](view::Conversation::follow); only up to the present with
//!   [`history`](view::Conversation::history); a single page, also backwards, with
//!   [`pull`](view::Conversation::pull); of all conversations as they are pushed, with
//!   [`Client::pushes`]. A [`Timeline`] and the [`Events`] of [`Client::events`] are streams
//!   ([`futures_core::Stream`]).
//! * **Search:** [`Client::parse_query`] what a user typed, then [`Client::search`], a stream of
//!   [`FoundMessage`].
//! * **Move cursors:** [`ack`](view::Conversation::ack) for received messages;
//!   [`mark_read`](view::Conversation::mark_read) and
//!   [`mark_unread`](view::Conversation::mark_unread) for read ones.
//! * **Keep a list of conversations up to date:** [`list`](view::Conversations::list) it again
//!   after each [`Event`], or only what changed: [`overview`](view::Conversations::overview) and
//!   [`Overview::update`]. With the login, in a single round trip: [`ClientBuilder::since`] and
//!   [`login_overview`](view::Conversations::login_overview). A badge shows [`Totals`].
//! * **Direct chats:** [`find`](view::People::find) the user, then
//!   [`direct`](view::Conversations::direct).
//! * **Notifications:** [`notifier`](view::Me::notifier) decides which messages notify, by the
//!   user's level for the conversation, mentions and [`keywords`](view::Me::keywords).
//! * **Files:** [`Client::upload`], then send an [`Attachment`];
//!   [`download`](view::Conversation::download) to a file, or
//!   [`download_into`](view::Conversation::download_into) a writer.
//! * **Presence and typing:** [`watch`](view::People::watch),
//!   [`set_presence`](view::Me::set_presence); [`focus`](view::Conversation::focus),
//!   [`typing`](view::Conversation::typing).
//!
//! * **Answer visitors:** [`Client::desk`]; a visitor's own session is a [`Visitor`], from
//!   [`ClientBuilder::visit`].
//!
//! # Errors
//!
//! A failed first connection is reported at once, with a message for the user, and never retried,
//! unless the client starts offline. Afterwards, requests wait for a connection as long as it
//! takes; to give up earlier, drop the future, or set [`Reconnect::Never`]. [`Error::Refused`]
//! concerns a single request and carries a stable number ([`ErrorCode`]). [Terminal
//! errors](Error#terminal-errors) end the client. [`Error::kind`] tells what a program can do.
//!
//! # Runtime
//!
//! Requires tokio with I/O and time enabled. A current-thread runtime suffices and gives the best
//! throughput. A client is one task, and one UDP socket unless it shares an [`Endpoint`].

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod account;
mod api;
mod error;
mod file;
pub mod limits;
mod session;
mod stream;
mod transfer;
mod transport;
pub mod view;
mod visit;

pub use account::{Account, WhoAmI};
pub use api::builder::{ClientBuilder, JoinRequest, LoginRequest};
pub use api::client::Client;
pub use api::notifier::Notifier;
pub use api::totals::Totals;
pub use cairn_memory as memory;
pub use cairn_proto as proto;
pub use cairn_search as search;
pub use cairn_text as text;
pub use error::{Cause, Error, ErrorKind, TryEnqueueError};
pub use file::{FileShape, attachment, media_type, shown_name};
pub use session::backoff::Backoff;
pub use session::reconnect::Reconnect;
pub use stream::event::Event;
pub use stream::events::Events;
pub use stream::paused_push::PausedPush;
pub use stream::search::{FoundMessage, Search};
pub use stream::timeline::Timeline;
pub use transfer::{Progress, Step, TransferError, Uploaded};
pub use transport::endpoint::Endpoint;
pub use view::{
    Accepted, Imported, IntoBody, Mention, MentionNames, Overview, Page, Receipts, SearchError,
};
pub use visit::{Question, Visit, Visitor};

pub use cairn_proto::content::attachment::Attachment;
pub use cairn_proto::content::body::Body;
pub use cairn_proto::content::message::Message;
pub use cairn_proto::ids::{ConversationId, DeviceId, MsgId, SendStreamId, Timestamp, UserId};
pub use cairn_proto::invite::{DeskLink, InviteLink, ServerAddr};
pub use cairn_proto::model::conversation::{Conversation, ConversationKind};
pub use cairn_proto::model::user::UserInfo;
pub use cairn_proto::secret::Pin;
pub use cairn_proto::text::{DeviceName, GroupName, Password, Text, UserName};
pub use cairn_proto::wire::error::ErrorCode;
pub use cairn_proto::wire::event::{AccountUpdate, Update};
pub use cairn_proto::wire::overview::Moment;
pub use cairn_proto::wire::request::session::PullRange;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
