//! State shared by all sessions, and access to the sequencer.

use std::sync::Arc;

use cairn_core::Command;
use cairn_proto::invite::ServerAddr;
use cairn_proto::wire::error::ErrorCode;
use cairn_store::followers::Followers;
use cairn_store::timeline::Timelines;
use cairn_store::timeline::retention::Retentions;
use tokio::sync::oneshot;

use crate::fairness::budget::Budget;
use crate::fairness::hash_queue::HashQueue;
use crate::fairness::rate_limit::{LoginRateLimiter, RequestRateLimiter};
use crate::fairness::seats::Seats;
use crate::fairness::strangers::Strangers;
use crate::history::Reader;
use crate::host::Host;
use crate::hub::Hub;
use crate::principal::Principal;
use crate::search::Searches;
use crate::sequencer::intake::Intake;
use crate::sequencer::ticket::{Ticket, job};
use crate::supervision::watchdog::Heartbeats;
use crate::transfer::Transfers;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) host: Host,
    pub(crate) heartbeats: Heartbeats,
    pub(crate) intake: Intake,
    pub(crate) hub: Hub,
    /// The conversations in memory.
    pub(crate) timelines: Arc<Timelines>,
    pub(crate) history: Reader,
    pub(crate) retentions: Retentions,
    pub(crate) followers: Followers,
    pub(crate) seats: Arc<Seats>,
    pub(crate) strangers: Arc<Strangers>,
    pub(crate) budget: Budget,
    pub(crate) hash_queue: HashQueue,
    /// The address in invite links.
    pub(crate) advertised: ServerAddr,
    pub(crate) login_rate_limiter: LoginRateLimiter,
    pub(crate) request_rate_limiter: RequestRateLimiter,
    pub(crate) transfers: Transfers,
    pub(crate) searches: Searches,
}

impl Shared {
    /// Submits a cheap command and waits for its answer.
    pub(crate) async fn ask<C>(
        &self,
        principal: Principal,
        command: C,
    ) -> Result<C::Answer, ErrorCode>
    where
        C: Command + Send + 'static,
        C::Answer: Send + 'static,
    {
        let (ticket, answer) = job(|decider| decider.execute(command));
        self.submit(principal, ticket, answer).await
    }

    /// Submits a ticket and waits for its answer. While the server stops there is none, and this
    /// never resolves: the connection is about to be closed with a code that says why.
    pub(crate) async fn submit<T>(
        &self,
        principal: Principal,
        ticket: Ticket,
        answer: oneshot::Receiver<Result<T, ErrorCode>>,
    ) -> Result<T, ErrorCode> {
        if self.intake.put(principal, &mut vec![ticket]).await.is_err() {
            return std::future::pending().await;
        }
        match answer.await {
            Ok(answer) => answer,
            Err(_) => std::future::pending().await,
        }
    }
}
