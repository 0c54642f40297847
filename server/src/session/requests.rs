//! Dispatch of requests: most go to the sequencer in order of arrival; history is read without it.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use cairn_proto::content::message::Run;
use cairn_proto::ids::{ConversationId, MsgId, RequestId};
use cairn_proto::limits as wire;
use cairn_proto::secret::InviteToken;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::overview::ConversationPage;
use cairn_proto::wire::request::{PullRange, Request};
use cairn_proto::wire::response::{Pulled, Response};
use tokio::sync::{Semaphore, oneshot};

use crate::history::read_history;
use crate::limits;
use crate::sequencer::intake::{Closed, Ticket};
use crate::sequencer::publication::ReplyTo;
use crate::session::activity::is_user_activity;
use crate::session::secret_hash::secret_hash;
use crate::session::{Readable, Session};
use crate::shared::Shared;
use cairn_core::api::actor::Actor;
use cairn_core::{Command, Reply};

/// The requests of one session.
pub(crate) struct Requests {
    shared: Arc<Shared>,
    session: Arc<Session>,
    tickets: Vec<Ticket>,
    reads: Arc<Semaphore>,
}

impl Requests {
    #[must_use]
    pub(crate) fn new(shared: Arc<Shared>, session: Arc<Session>) -> Self {
        Self {
            shared,
            session,
            tickets: Vec::new(),
            reads: Arc::new(Semaphore::new(limits::READS_PER_SESSION_MAX)),
        }
    }

    /// Handles a request. Its reply goes to the session's outbox. Waits while too many requests
    /// have none.
    pub(crate) async fn take(&mut self, id: RequestId, request: Request) -> Result<(), Closed> {
        let Some(actor) = self.session.actor() else {
            return Ok(());
        };
        let now = Instant::now();
        if is_user_activity(&request) {
            self.shared.hub.record_activity(&self.session, now);
        }
        let has_capacity = self.session.outbox.start_request();
        let limiter = &self.shared.request_rate_limiter;
        if limiter.allows(actor.user, &request, now) {
            self.dispatch(actor, id, request).await?;
        } else {
            let refusal = Err(ErrorCode::RateLimited);
            self.session.outbox.answer_now(id, refusal);
        }
        if !has_capacity {
            // Submit before waiting: capacity only returns with the replies to what is still
            // collected here. Not reading on is what slows the client down, by its stream window.
            self.submit().await?;
            self.session.outbox.capacity().await;
        }
        Ok(())
    }

    async fn dispatch(
        &mut self,
        actor: Actor,
        id: RequestId,
        request: Request,
    ) -> Result<(), Closed> {
        match request {
            Request::Pull {
                conversation,
                range,
                limit,
            } => {
                self.spawn_reply(id, move |shared, session| async move {
                    pull(&shared, &session, actor, conversation, range, limit).await
                })
                .await?;
            }
            Request::CreateInvite { uses, life_seconds } => {
                self.spawn_reply(id, move |shared, _| async move {
                    create_invite(&shared, actor, uses, life_seconds).await
                })
                .await?;
            }
            request @ Request::Conversations { .. } => {
                self.spawn_reply(id, move |shared, _| async move {
                    conversations(&shared, actor, request).await
                })
                .await?;
            }
            Request::Devices => {
                self.spawn_reply(
                    id,
                    move |shared, _| async move { devices(&shared, actor).await },
                )
                .await?
            }
            Request::Metrics => {
                self.spawn_reply(
                    id,
                    move |shared, _| async move { metrics(&shared, actor).await },
                )
                .await?
            }
            request @ Request::Watch { .. } => {
                self.spawn_reply(id, move |shared, session| async move {
                    watch(&shared, session, actor, request).await
                })
                .await?;
            }
            request @ Request::Focus { conversation } => {
                self.spawn_reply(id, move |shared, session| async move {
                    focus(&shared, session, actor, conversation, request).await
                })
                .await?;
            }
            Request::SetPresence(said) => {
                self.shared.hub.set_present(&self.session, said);
                self.session.outbox.answer_now(id, Ok(Response::Done));
            }
            request => {
                let reply_to = ReplyTo::Session(self.session.clone(), id);
                self.tickets.push(Ticket {
                    command: Command::Ask(actor, request),
                    reply_to,
                });
            }
        }
        Ok(())
    }

    /// Submits the collected requests to the sequencer.
    pub(crate) async fn submit(&mut self) -> Result<(), Closed> {
        self.shared.intake.put(&mut self.tickets).await
    }

    /// Answers a request in a separate task. Requests before it are submitted first.
    async fn spawn_reply<F>(
        &mut self,
        id: RequestId,
        answer: impl FnOnce(Arc<Shared>, Arc<Session>) -> F,
    ) -> Result<(), Closed>
    where
        F: Future<Output = Result<Response, ErrorCode>> + Send + 'static,
    {
        self.submit().await?;
        let Ok(permit) = self.reads.clone().acquire_owned().await else {
            return Ok(());
        };
        let answer = answer(self.shared.clone(), self.session.clone());
        let session = self.session.clone();
        tokio::spawn(async move {
            session.outbox.answer_now(id, answer.await);
            drop(permit);
        });
        Ok(())
    }
}

async fn pull(
    shared: &Shared,
    session: &Arc<Session>,
    actor: Actor,
    conversation: ConversationId,
    range: PullRange,
    limit: u32,
) -> Result<Response, ErrorCode> {
    if limit == 0 {
        return Err(ErrorCode::BadRequest);
    }
    readable(shared, session, actor, conversation).await?;
    loop {
        // Both are read before the entries: an entry published during the read may have been sent
        // after the membership ended.
        let Readable { timeline, floor } =
            session.readable(conversation).ok_or(ErrorCode::NotFound)?;
        let floor = floor.max(timeline.floor());
        let head = timeline.shown().max(floor);
        let run = match between(floor, head, range, limit.min(wire::RUN_MESSAGES_MAX)) {
            Ok((range, limit)) => read_history(&shared.history, &timeline, range, limit).await?,
            Err(first) => Run {
                conversation,
                first,
                count: 0,
                entries: Bytes::new(),
            },
        };
        // Otherwise the first entry expired during the read, and the run starts above the head.
        if run.count == 0 || run.last() <= head {
            return Ok(Response::Pulled(Pulled {
                run,
                head,
                floor: floor.max(timeline.floor()),
            }));
        }
    }
}

/// Restricts a range to entries above `floor` and up to `head`, and `limit` to their number.
///
/// # Errors
///
/// Returns the end of the range when no entry of it remains.
fn between(
    floor: MsgId,
    head: MsgId,
    range: PullRange,
    limit: u32,
) -> Result<(PullRange, u32), MsgId> {
    match range {
        PullRange::From(from) => {
            let from = from.max(floor.next());
            match head.above(from.prev()) {
                0 => Err(from),
                available => Ok((
                    PullRange::From(from),
                    limit.min(u32::try_from(available).unwrap_or(u32::MAX)),
                )),
            }
        }
        PullRange::Before(before) => {
            let before = before.min(head.next());
            match before.prev().above(floor) {
                0 => Err(before),
                available => Ok((
                    PullRange::Before(before),
                    limit.min(u32::try_from(available).unwrap_or(u32::MAX)),
                )),
            }
        }
    }
}

/// Returns the conversation if the session may read it, asking the sequencer once.
async fn readable(
    shared: &Shared,
    session: &Arc<Session>,
    actor: Actor,
    conversation: ConversationId,
) -> Result<Readable, ErrorCode> {
    if let Some(readable) = session.readable(conversation) {
        return Ok(readable);
    }
    let (waiter, answer) = oneshot::channel();
    let reply_to = ReplyTo::Grant(session.clone(), waiter);
    shared
        .submit(
            Ticket {
                command: Command::Grant(actor, conversation),
                reply_to,
            },
            answer,
        )
        .await
}

/// Watches users. The hub registers the watch in the order of the sequencer's decisions, so that it
/// cannot come after a block that ended it.
async fn watch(
    shared: &Shared,
    session: Arc<Session>,
    actor: Actor,
    request: Request,
) -> Result<Response, ErrorCode> {
    let (waiter, answer) = oneshot::channel();
    let reply_to = ReplyTo::Watch(session, waiter);
    shared
        .submit(
            Ticket {
                command: Command::Ask(actor, request),
                reply_to,
            },
            answer,
        )
        .await
}

/// Changes the focus. The hub registers it in the order of the sequencer's decisions.
async fn focus(
    shared: &Shared,
    session: Arc<Session>,
    actor: Actor,
    conversation: Option<ConversationId>,
    request: Request,
) -> Result<Response, ErrorCode> {
    let (waiter, answer) = oneshot::channel();
    let reply_to = ReplyTo::Focus(session, conversation, waiter);
    shared
        .submit(
            Ticket {
                command: Command::Ask(actor, request),
                reply_to,
            },
            answer,
        )
        .await
}

async fn create_invite(
    shared: &Shared,
    actor: Actor,
    uses: u32,
    life_seconds: u64,
) -> Result<Response, ErrorCode> {
    let mut token = [0; 16];
    getrandom::fill(&mut token).map_err(|_| ErrorCode::LimitReached)?;
    shared
        .ask(Command::Invite {
            actor,
            token: secret_hash(&token),
            uses,
            life_seconds,
        })
        .await?;
    Ok(Response::Invite {
        addr: shared.advertised.clone(),
        token: InviteToken::new(token),
    })
}

async fn conversations(
    shared: &Shared,
    actor: Actor,
    request: Request,
) -> Result<Response, ErrorCode> {
    match shared.ask(Command::Ask(actor, request)).await? {
        Reply::Response(Response::Conversations(mut page)) => {
            fill_last(shared, &mut page).await?;
            Ok(Response::Conversations(page))
        }
        _ => Err(ErrorCode::Unsupported),
    }
}

async fn devices(shared: &Shared, actor: Actor) -> Result<Response, ErrorCode> {
    match shared.ask(Command::Ask(actor, Request::Devices)).await? {
        Reply::Response(Response::Devices(mut devices)) => {
            for device in &mut devices {
                device.online = shared.hub.is_online(actor.user, device.id);
            }
            Ok(Response::Devices(devices))
        }
        _ => Err(ErrorCode::Unsupported),
    }
}

async fn metrics(shared: &Shared, actor: Actor) -> Result<Response, ErrorCode> {
    match shared.ask(Command::Metrics(actor)).await? {
        Reply::Response(Response::Metrics(mut metrics)) => {
            metrics.sessions = shared.hub.session_count();
            Ok(Response::Metrics(metrics))
        }
        _ => Err(ErrorCode::Unsupported),
    }
}

/// Adds the last entry to each conversation of a page, since the state machine has no entries.
pub(crate) async fn fill_last(
    shared: &Shared,
    page: &mut ConversationPage,
) -> Result<(), ErrorCode> {
    let mut bytes_left = wire::OVERVIEW_LAST_BYTES_MAX;
    for item in &mut page.items {
        let Some(timeline) = shared
            .timelines
            .get(item.id)
            .filter(|_| item.head > item.floor)
        else {
            continue;
        };
        let run = read_history(&shared.history, &timeline, PullRange::From(item.head), 1).await?;
        // The entry expired meanwhile, and the run starts above it.
        if run.first != item.head {
            continue;
        }
        // A page is one frame. Clients pull the entries that do not fit.
        let Some(left) = bytes_left.checked_sub(run.entries.len()) else {
            continue;
        };
        bytes_left = left;
        item.last = run
            .messages()
            .map_err(|_| ErrorCode::Damaged)?
            .pop()
            .map(|message| cairn_proto::content::message::Entry {
                sender: message.sender,
                sent_at: message.sent_at,
                body: message.body,
                extras: message.extras,
            });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pull_is_restricted_to_floor_and_head() {
        let id = MsgId::new;
        let between = |range, limit| between(id(5), id(10), range, limit);
        assert_eq!(
            between(PullRange::From(id(1)), 3),
            Ok((PullRange::From(id(6)), 3))
        );
        assert_eq!(
            between(PullRange::From(id(8)), 500),
            Ok((PullRange::From(id(8)), 3)),
            "what comes meanwhile is left out"
        );
        assert_eq!(
            between(PullRange::From(id(10)), 500),
            Ok((PullRange::From(id(10)), 1))
        );
        assert_eq!(between(PullRange::From(id(11)), 500), Err(id(11)));
        assert_eq!(
            between(PullRange::Before(id(99)), 500),
            Ok((PullRange::Before(id(11)), 5))
        );
        assert_eq!(between(PullRange::Before(id(6)), 500), Err(id(6)));
    }
}
