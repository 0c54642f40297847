//! What every session shares, and the way to the sequencer.

use std::sync::Arc;

use cairn_core::api::attachment::{AttachmentCommand, AttachmentReply};
use cairn_core::{Command, Reply};
use cairn_proto::invite::ServerAddr;
use cairn_proto::wire::error::ErrorCode;
use cairn_store::timeline::Timelines;
use cairn_store::timeline::history::History;
use cairn_store::timeline::retention::Retentions;
use tokio::sync::oneshot;

use crate::hub::Hub;
use crate::sequencer::intake::{Intake, Ticket};
use crate::sequencer::publication::ReplyTo;
use crate::session::password::Passwords;
use crate::session::rate_limit::{LoginRateLimiter, RequestRateLimiter};
use crate::transfer::Transfers;

/// What every session shares.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The way to the sequencer.
    pub(crate) intake: Intake,
    /// The sessions.
    pub(crate) hub: Hub,
    /// The conversations that are in memory.
    pub(crate) timelines: Arc<Timelines>,
    /// What was said.
    pub(crate) history: History,
    /// What is to be let go of.
    pub(crate) retentions: Retentions,
    /// Hashing.
    pub(crate) passwords: Passwords,
    /// The address that invite links name.
    pub(crate) advertised: ServerAddr,
    /// Failed logins.
    pub(crate) login_rate_limiter: LoginRateLimiter,
    /// Who does too much at once.
    pub(crate) request_rate_limiter: RequestRateLimiter,
    /// Attachments on their way.
    pub(crate) transfers: Transfers,
}

impl Shared {
    /// Has a command decided, and waits for the answer.
    ///
    /// # Errors
    /// As the command's.
    pub(crate) async fn ask(&self, command: Command) -> Result<Reply, ErrorCode> {
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
    pub(crate) async fn submit<T>(
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

    /// Asks the sequencer about an attachment.
    pub(crate) async fn ask_attachment(
        &self,
        command: AttachmentCommand,
    ) -> Result<AttachmentReply, ErrorCode> {
        match self.ask(Command::Attachment(command)).await? {
            Reply::Attachment(reply) => Ok(reply),
            _ => Err(ErrorCode::Unsupported),
        }
    }
}
