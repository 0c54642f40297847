//! The server: one QUIC endpoint, the sessions on it, and the sequencer behind them.
//!
//! # Layout, in the order a message travels
//!
//! * [`transport::endpoint`], [`transport::identity`]: the socket, its settings, and who the server
//!   is
//! * [`transport::accept`]: connections, no more than there is room for
//! * [`session::login`], [`session::password`], [`session::login_rate_limiter`]: who may come in
//! * [`session`], [`transport::framing`], [`session::requests`], [`session::rate_limiter`]: what a
//!   client asks, and how often
//! * [`sequencer::intake`]: the one queue
//! * [`sequencer`]: the one thread that decides
//! * [`hub`], `registry`: the sessions, and who must learn of what
//! * [`delivery::outbox`]: answers to the senders
//! * [`delivery::push`], [`delivery`]: news to everybody
//! * `presence`, `activity`, `typing`, [`hub::receipts`]: who is there, who types and who has read
//!   what, and who is told of it
//! * [`transfer`]: attachments, each on a stream of its own
//! * [`retention`]: what lets messages go when their time is over
//! * [`run`]: all of it together, from start to stop

pub mod delivery;
pub mod hub;
pub mod limits;
#[cfg(test)]
mod loopback;
pub mod retention;
pub mod run;
pub mod sequencer;
pub mod session;
pub mod transfer;
pub mod transport;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use cairn_proto::content::message::Run;
use cairn_proto::ids::Timestamp;
use cairn_proto::invite::ServerAddr;
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::PullRange;
use quinn::{Connection, VarInt};
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;
use tracing::error;

use self::hub::Hub;
use self::transfer::Transfers;
use crate::sequencer::intake::{Intake, Ticket};
use crate::sequencer::publication::ReplyTo;
use crate::session::login_rate_limiter::LoginRateLimiter;
use crate::session::password::Passwords;
use crate::session::rate_limiter::RateLimiter;
use cairn_core::record::SecretHash;
use cairn_core::{Command, Reply};
use cairn_store::blocks::run::RunLimits;
use cairn_store::timeline::history::{History, HistoryError};
use cairn_store::timeline::retention::Retentions;
use cairn_store::timeline::{TailRead, Timeline, Timelines};

/// What every session shares.
#[derive(Debug)]
pub struct Shared {
    /// The way to the sequencer.
    pub intake: Intake,
    /// The sessions.
    pub hub: Hub,
    /// The conversations that are in memory.
    pub timelines: Arc<Timelines>,
    /// What was said.
    pub history: History,
    /// What is to be let go of.
    pub retentions: Retentions,
    /// Hashing.
    pub passwords: Passwords,
    /// The address that invite links name.
    pub advertised: ServerAddr,
    /// Failed logins.
    pub login_rate_limiter: LoginRateLimiter,
    /// Who does too much at once.
    pub rate_limiter: RateLimiter,
    /// Attachments on their way.
    pub transfers: Transfers,
}

impl Shared {
    /// Has a command decided, and waits for the answer.
    ///
    /// # Errors
    /// As the command's.
    pub async fn ask(&self, command: Command) -> Result<Reply, ErrorCode> {
        let (waiter, answer) = oneshot::channel();
        self.submit(
            Ticket {
                command,
                reply_to: ReplyTo::Once(waiter),
            },
            answer,
        )
        .await
    }

    /// Brings one ticket to the sequencer, and waits for its answer. There is none when the server
    /// is stopping: the connection is about to be closed, and its code says why.
    async fn submit<T>(
        &self,
        ticket: Ticket,
        answer: oneshot::Receiver<Result<T, ErrorCode>>,
    ) -> Result<T, ErrorCode> {
        if self.intake.put(&mut vec![ticket]).await.is_err() {
            return std::future::pending().await;
        }
        match answer.await {
            Ok(answer) => answer,
            Err(_) => std::future::pending().await,
        }
    }
}

/// Reads a part of a log: at once when it is in memory, on the pool when it is not.
async fn read_history(
    history: &History,
    timeline: &Arc<Timeline>,
    range: PullRange,
    limit: u32,
) -> Result<Run, ErrorCode> {
    let limits = RunLimits::of_messages(limit);
    if let PullRange::From(from) = range
        && let TailRead::Hit(run) = timeline.read_tail(from, limits)
    {
        return Ok(run);
    }
    let (history, timeline) = (history.clone(), timeline.clone());
    let read = tokio::task::spawn_blocking(move || history.read(&timeline, range, limits)).await;
    read.map_err(|_| ErrorCode::Damaged)?
        .map_err(|failure: HistoryError| {
            error!(%failure, "stored messages cannot be read");
            ErrorCode::Damaged
        })
}

fn close(connection: &Connection, code: CloseCode) {
    connection.close(VarInt::from_u32(code.number()), code.text().as_bytes());
}

fn secret_hash(secret: &[u8]) -> SecretHash {
    SecretHash(Sha256::digest(secret).into())
}

/// The clock on the wall. What is ordered is ordered by msgid, never by this.
fn now() -> Timestamp {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::new(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}
