//! The client SDK of cairn: team chat in one binary.
//!
//! A conversation is a log of messages numbered 1, 2, 3, … without gaps. Clients append to logs and
//! follow them. A [`Client`] is a session that outlives its connections: when one breaks, or the
//! server restarts, it reconnects and continues where it was.
//!
//! # Guarantees
//!
//! * **Sends are exactly-once.** [`Client::send`] resolves when the message is durable and
//!   numbered, after any number of reconnects. Unresolved sends are repeated in their original
//!   order under their original numbers, and the server stores each of them once.
//! * **A timeline is the log.** [`Client::follow`] yields every message from a position on, in
//!   order and without gaps or repeats, across reconnects and server restarts, however slow the
//!   reader is.
//! * **Memory is bounded.** Every queue has a limit, listed in [`limits`] and [`proto::limits`].
//! * **The server is authenticated.** An invite link carries the pin of the server's key; there is
//!   no certificate authority. Another key is a hard error ([`Error::WrongPin`]).
//!
//! # Example
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use cairn_client::proto::content::body::Body;
//! use cairn_client::proto::ids::MsgId;
//! use cairn_client::proto::invite::InviteLink;
//! use cairn_client::proto::text::{DeviceName, GroupName, Text, UserName};
//! use cairn_client::{Account, Client, JoinRequest, Options};
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // Once: join with an invite, and persist the account where only its owner can read it.
//!     let link: InviteLink = std::env::args().nth(1).ok_or("no invite link")?.parse()?;
//!     let who = JoinRequest {
//!         name: UserName::new("ada")?,
//!         password: None,
//!         device: DeviceName::new("laptop")?,
//!     };
//!     let (client, account) = Client::join(&link, who, Options::default()).await?;
//!     std::fs::write("account.json", serde_json::to_vec(&account)?)?;
//!     client.close().await;
//!
//!     // From then on: connect with the account.
//!     let account: Account = serde_json::from_slice(&std::fs::read("account.json")?)?;
//!     let client = Client::connect(&account, Options::default()).await?;
//!
//!     // Create a group, and an invite for another user.
//!     let team = client.create_group(GroupName::new("team")?, Vec::new()).await?;
//!     let invite = client.create_invite(1, Duration::from_secs(7 * 24 * 60 * 60)).await?;
//!     println!("cairn join '{invite}'");
//!
//!     // Send a message. When this returns, it is durable on the server.
//!     let msgid = client.send(team, Body::Text(Text::new("hello")?)).await?;
//!     println!("sent message {msgid}");
//!
//!     // Send many messages in this order, without a round trip for each.
//!     let mut accepted = Vec::new();
//!     for n in 1..=100 {
//!         accepted.push(client.enqueue(team, Body::Text(Text::new(n.to_string())?)).await?);
//!     }
//!     for accepted in accepted {
//!         accepted.await?;
//!     }
//!
//!     // Read all messages, and new ones as they arrive, until the membership or the client ends.
//!     let mut timeline = client.follow(team, MsgId::new(1));
//!     while let Some(message) = timeline.next().await.transpose()? {
//!         if let Body::Text(text) = &message.body
//!             && let Some(sender) = client.user(message.sender).await?
//!         {
//!             println!("{} {}: {text}", message.msgid, sender.name);
//!         }
//!         // This device has stored the message, so the server need not push it again.
//!         client.ack(team, message.msgid);
//!     }
//!     client.close().await;
//!     Ok(())
//! }
//! ```
//!
//! `examples/echo_bot.rs` is a chat bot in 60 lines.
//!
//! # Which call for what
//!
//! * **Connect:** [`Client::join`], [`Client::login`], [`Client::connect`]; end with
//!   [`Client::close`].
//! * **Send:** [`Client::send`], [`Client::reply`], [`Client::forward`]; many at once with
//!   [`Client::enqueue`] or [`Client::try_enqueue`]; from a persistent outbox with
//!   [`Client::enqueue_draft`].
//! * **Receive:** [`Client::follow`]; only up to the present with [`Client::history`]; a single
//!   page, also backwards, with [`Client::pull`].
//! * **Move cursors:** [`Client::ack`] for received messages; [`Client::mark_read`] and
//!   [`Client::mark_unread`] for read ones.
//! * **Change messages:** [`Client::edit`], [`Client::recall`], [`Client::react`],
//!   [`Client::pin`].
//! * **Receipts:** [`Client::receipts`], [`Client::ticks`], [`Client::set_own_reads`].
//! * **List conversations:** [`Client::conversations`], again after the [`Event`]s of
//!   [`Client::events`]; a badge shows their [`Totals`].
//! * **Keep a stored list up to date:** [`Client::overview`] and [`Overview::update`]; with the
//!   login, in a single round trip: [`Options::since`] and [`Client::login_overview`]; page by
//!   page: [`Client::overview_page`].
//! * **Direct chats:** [`Client::find_user`], then [`Client::direct`].
//! * **Files:** [`Client::upload`], then [`Client::send`] a body that refers to it;
//!   [`Client::download`].
//! * **Groups:** [`Client::create_group`], [`Client::add_members`], [`Client::remove_members`],
//!   [`Client::members`]; open ones: [`Client::find_groups`], [`Client::join_group`].
//! * **Group settings:** [`Client::group`], [`Client::rename_group`], [`Client::set_topic`],
//!   [`Client::set_group_settings`].
//! * **Moderation:** [`Client::set_role`], [`Client::hand_over`], [`Client::ban`],
//!   [`Client::unban`], [`Client::mute_member`].
//! * **Retention:** [`Client::retention`], [`Client::set_retention`]; reported by
//!   [`Event::Expired`] and [`Timeline::floor`].
//! * **Mute, favourite or hide a conversation:** [`Client::set_member_settings`].
//! * **Friends, follows and blocks:** [`Client::contacts`], [`Client::relate`].
//! * **Presence:** [`Client::watch`], [`Client::set_presence`]; typing: [`Client::focus`],
//!   [`Client::typing`].
//! * **Users and profiles:** [`Client::search_users`], [`Client::profiles`],
//!   [`Client::set_profile`].
//! * **Devices and invites:** [`Client::devices`], [`Client::revoke_device`],
//!   [`Client::create_invite`].
//! * **Administration:** [`Client::settings`], [`Client::set_setting`],
//!   [`Client::set_server_role`], [`Client::metrics`].
//! * **Imports:** [`Client::import`], [`Client::import_cursor`].
//!
//! # Errors
//!
//! A failed first connection is reported at once, with a message for the user, and never retried.
//! Afterwards, requests wait for a connection as long as it takes; to give up earlier, drop the
//! future, or set [`Reconnect::Never`]. [`Error::Refused`] concerns a single request and carries a
//! stable number ([`proto::wire::error::ErrorCode`]). [Terminal errors](Error#terminal-errors) end
//! the client.
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
pub mod limits;
mod session;
mod stream;
mod transfer;
mod transport;
pub mod view;

pub use account::{Account, WhoAmI};
pub use api::builder::{ClientBuilder, JoinRequest, LoginRequest, Reconnect};
pub use api::client::Client;
pub use api::totals::Totals;
pub use cairn_proto as proto;
pub use error::{Cause, Error, ErrorKind, TryEnqueueError};
pub use session::backoff::Backoff;
pub use stream::event::Event;
pub use stream::events::Events;
pub use stream::paused_push::PausedPush;
pub use stream::timeline::Timeline;
pub use transfer::{Progress, Step, TransferError, Uploaded};
pub use transport::endpoint::Endpoint;
pub use view::{Accepted, Imported, IntoBody, Overview, Page, Receipts};

pub use cairn_proto::content::attachment::Attachment;
pub use cairn_proto::content::body::Body;
pub use cairn_proto::content::message::Message;
pub use cairn_proto::ids::{ConversationId, DeviceId, MsgId, SendStreamId, Timestamp, UserId};
pub use cairn_proto::invite::{InviteLink, ServerAddr};
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
