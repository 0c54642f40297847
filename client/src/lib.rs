//! The client SDK of cairn: team chat in one binary.
//!
//! A conversation is a log of messages numbered 1, 2, 3, … without a gap. A client sends into logs
//! and follows them. It lives in a [`Client`], which is a session that outlives its connections:
//! when one breaks, or the server restarts, the client connects again by itself and everything goes
//! on where it was.
//!
//! # What it promises
//!
//! * **A send is accepted exactly once.** [`Client::send`] resolves when the message is durable and
//!   numbered, after any number of reconnects. What was unresolved is sent again in the original
//!   order under the same numbers, and the server stores it once.
//! * **A timeline is the log.** [`Client::follow`] yields every message from a place on, in order,
//!   without gap or repeat, across reconnects and server restarts, however slow its reader is.
//! * **Memory is bounded.** Everything that waits has a bound, listed in [`limits`] and
//!   [`proto::limits`].
//! * **The server is who it was.** There is no certificate authority; the invite link carries the
//!   pin of the server's key, and another key is a hard stop ([`Error::WrongPin`]).
//!
//! # A whole program
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
//!     // Once: take an invite. The account is what the program keeps, in a place that only its owner can read.
//!     let link: InviteLink = std::env::args().nth(1).ok_or("give me an invite link")?.parse()?;
//!     let who = JoinRequest { name: UserName::new("ada")?, password: None, device: DeviceName::new("laptop")? };
//!     let (client, account) = Client::join(&link, who, Options::default()).await?;
//!     std::fs::write("account.json", serde_json::to_vec(&account)?)?;
//!     client.close().await;
//!
//!     // From then on: come back.
//!     let account: Account = serde_json::from_slice(&std::fs::read("account.json")?)?;
//!     let client = Client::connect(&account, Options::default()).await?;
//!
//!     // A group, and a link for somebody to come in by.
//!     let team = client.create_group(GroupName::new("team")?, Vec::new()).await?;
//!     let invite = client.create_invite(1, Duration::from_secs(7 * 24 * 60 * 60)).await?;
//!     println!("cairn join '{invite}'");
//!
//!     // Say something. When this returns, the message is safe on the server's disk.
//!     let msgid = client.send(team, Body::Text(Text::new("hello")?)).await?;
//!     println!("that was message {msgid}");
//!
//!     // Say many things, one behind the other: order is the order of these calls, and nothing waits for a round trip.
//!     let mut promises = Vec::new();
//!     for n in 1..=100 {
//!         promises.push(client.enqueue(team, Body::Text(Text::new(n.to_string())?)).await?);
//!     }
//!     for promise in promises {
//!         promise.await?;
//!     }
//!
//!     // Read everything from the beginning, then whatever comes, until the membership or the client ends.
//!     let mut timeline = client.follow(team, MsgId::new(1));
//!     while let Some(message) = timeline.next().await.transpose()? {
//!         if let (Body::Text(text), Some(sender)) = (&message.body, client.user(message.sender).await?) {
//!             println!("{} {}: {text}", message.msgid, sender.name);
//!         }
//!         // This device has it: the server need not bring it again.
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
//! | to do | call |
//! |---|---|
//! | begin | [`Client::join`], [`Client::login`], [`Client::connect`] |
//! | say something | [`Client::send`]; many: [`Client::enqueue`], [`Client::try_enqueue`] |
//! | read on and on | [`Client::follow`]; up to now: [`Client::history`]; a single page, also backwards: [`Client::pull`] |
//! | tell how far | received: [`Client::ack`]; read by the user: [`Client::mark_read`], [`Client::mark_unread`] |
//! | who has got and read a message | [`Client::receipts`], [`Client::ticks`], [`Client::set_own_reads`] |
//! | show a list of chats | [`Client::conversations`], and again after the [`Event`]s of [`Client::events`] |
//! | the number on a badge | [`Totals::of`] them |
//! | keep such a list, and ask what changed | [`Client::overview`], [`Overview::update`] |
//! | come back with such a list, in one round trip | [`Options::since`], then [`Client::login_overview`]; a page at a time: [`Client::overview_page`] |
//! | talk to one person | [`Client::find_user`], then [`Client::direct`] |
//! | files | [`Client::upload`], then [`Client::send`] with what it gives; [`Client::download`] |
//! | groups | [`Client::create_group`], [`Client::add_members`], [`Client::remove_members`], [`Client::members`] |
//! | open groups | [`Client::find_groups`], [`Client::join_group`] |
//! | what a group agrees on | [`Client::group`], [`Client::rename_group`], [`Client::set_topic`], [`Client::set_group_settings`] |
//! | who may what | [`Client::set_role`], [`Client::hand_over`], [`Client::ban`], [`Client::unban`], [`Client::mute_member`] |
//! | how long messages stay | [`Client::retention`], [`Client::set_retention`]; what went: [`Event::Expired`], [`Timeline::floor`] |
//! | mute, favour or hide a conversation | [`Client::set_member_settings`] |
//! | friends, following, blocking | [`Client::contacts`], [`Client::relate`] |
//! | see who is there | [`Client::watch`], [`Client::set_presence`]; who types: [`Client::focus`], [`Client::typing`] |
//! | find people, show them | [`Client::search_users`], [`Client::profiles`], [`Client::set_profile`] |
//! | devices, invites | [`Client::devices`], [`Client::revoke_device`], [`Client::create_invite`] |
//! | see how the server works | [`Client::metrics`], for its owner |
//! | what the server's owner has set | [`Client::settings`], [`Client::set_setting`] |
//! | end | [`Client::close`] |
//!
//! # Errors
//!
//! A first connection that fails says so at once, with a text that tells a person what to do;
//! nothing is tried again behind the caller's back. Later, requests wait for a connection as long
//! as it takes (or not: [`Reconnect::Never`]; to give up earlier, drop the future).
//! [`Error::Refused`] concerns one request, with a number that programs may rely on
//! ([`proto::wire::error::ErrorCode`]).
//!
//! # Runtime
//!
//! Needs tokio with I/O and time enabled; a current-thread runtime is enough, and best for
//! throughput. A client is one task, and one UDP socket unless it shares an [`Endpoint`].

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod account;
mod api;
mod error;
pub mod limits;
mod options;
mod session;
mod stream;
mod transfer;
mod transport;

pub use account::{Account, WhoAmI};
pub use api::client::Client;
pub use api::import::Imported;
pub use api::messages::Page;
pub use api::overview::Overview;
pub use api::receipts::Receipts;
pub use api::send::Accepted;
pub use api::totals::Totals;
pub use cairn_proto as proto;
pub use error::{Error, TryEnqueueError};
pub use options::{JoinRequest, Options, Reconnect};
pub use session::backoff::Backoff;
pub use stream::event::Event;
pub use stream::events::Events;
pub use stream::paused_push::PausedPush;
pub use stream::timeline::Timeline;
pub use transfer::{Progress, Step, TransferError, Uploaded};
pub use transport::endpoint::Endpoint;
