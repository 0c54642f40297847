//! Dispatch of requests: most go to the sequencer in order of arrival; history is read without it.

use std::sync::Arc;

use bytes::Bytes;
use cairn_proto::content::message::Run;
use cairn_proto::ids::{MsgId, RequestId};
use cairn_proto::limits as wire;
use cairn_proto::model::presence::UserPresence;
use cairn_proto::model::user::DeviceInfo;
use cairn_proto::secret::InviteToken;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::metrics::Metrics;
use cairn_proto::wire::overview::ConversationPage;
use cairn_proto::wire::request::session::{
    CreateInvite, Focus, GetMetrics, ListConversations, ListDevices, NewInvite, Pull, PullRange,
    Pulled, SetPresence, Watch,
};
use cairn_proto::wire::request::{Call, List, Request, SessionRequest};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::delivery::outbox::Started;
use crate::fairness::budget::Borrower;
use crate::history::read_history;
use crate::limits;
use crate::sequencer::intake::Closed;
use crate::sequencer::ticket::{Ticket, job};
use crate::session::admission;
use crate::session::registration;
use crate::session::reply_to::ReplyTo;
use crate::session::secret_hash::secret_hash;
use crate::session::{Readable, Session};
use crate::shared::Shared;
use cairn_core::Actor;
use cairn_core::api::command::{GrantMetrics, Invite};
use cairn_core::command::{Asked, By};

/// The requests of one session.
pub(crate) struct Requests {
    shared: Arc<Shared>,
    session: Arc<Session>,
    tickets: Vec<Ticket>,
    /// Requests that are answered outside the sequencer. Aborted when the session ends.
    answering: JoinSet<()>,
    /// `None` without a login.
    borrower: Option<Borrower>,
    /// Requests that could not be decoded.
    bad: u32,
}

/// Why no further request is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The server stops.
    Stopped,
    /// The session is over.
    Over,
    /// The client does not speak the protocol.
    TooManyBad,
}

impl From<Closed> for End {
    fn from(_: Closed) -> Self {
        Self::Stopped
    }
}

/// What a request is answered with outside the sequencer.
struct Asker {
    shared: Arc<Shared>,
    session: Arc<Session>,
    actor: Actor,
}

impl Requests {
    #[must_use]
    pub(crate) fn new(shared: Arc<Shared>, session: Arc<Session>) -> Self {
        let borrower = session
            .actor()
            .map(|actor| shared.budget.borrower(actor.user.into()));
        Self {
            shared,
            session,
            borrower,
            bad: 0,
            tickets: Vec::new(),
            answering: JoinSet::new(),
        }
    }

    /// Handles a request that came in this many bytes. Its reply goes to the session's outbox.
    /// Waits while too much is in flight or unread.
    pub(crate) async fn take(
        &mut self,
        id: RequestId,
        mut request: Request,
        frame_bytes: usize,
    ) -> Result<(), End> {
        let Some(actor) = self.session.actor() else {
            return Ok(());
        };
        let now = Instant::now();
        if request.traits().is_activity {
            self.shared.hub.record_activity(&self.session, now);
        }
        admission::admit(&mut request);
        let bytes = admission::bytes_of(&request, frame_bytes);
        let reply_to = self.start(id, bytes, now).await?;
        let limiter = &self.shared.request_rate_limiter;
        if limiter.allows(actor.user.into(), &request, now) {
            self.dispatch(actor, reply_to, request).await?;
        } else {
            reply_to.refuse(ErrorCode::RateLimited);
        }
        Ok(())
    }

    /// Refuses a request that could not be decoded.
    pub(crate) async fn refuse(
        &mut self,
        id: RequestId,
        code: ErrorCode,
        frame_bytes: usize,
    ) -> Result<(), End> {
        // A kind that this server does not know is no offence: the client may be newer.
        if code == ErrorCode::BadRequest {
            self.bad += 1;
        }
        let reply_to = self.start(id, frame_bytes, Instant::now()).await?;
        reply_to.refuse(code);
        if self.bad >= limits::BAD_REQUESTS_MAX {
            return Err(End::TooManyBad);
        }
        Ok(())
    }

    /// Reserves what a request needs. Not reading on meanwhile is what slows the client down, by
    /// its stream window.
    async fn start(&mut self, id: RequestId, bytes: usize, now: Instant) -> Result<ReplyTo, End> {
        loop {
            let started = self.session.outbox.start_request(bytes, now);
            match started {
                Started::Yes => {
                    return Ok(ReplyTo {
                        session: self.session.clone(),
                        id,
                        reserved: bytes,
                    });
                }
                Started::Over => return Err(End::Over),
                Started::Full | Started::Wants(_) => {}
            }
            // Submit before waiting: capacity only returns with the replies to what is still
            // collected here.
            self.submit().await?;
            match (started, &self.borrower) {
                (Started::Wants(missing), Some(borrower)) => tokio::select! {
                    loan = borrower.borrow(missing) => {
                        loan.into_iter().for_each(|loan| self.session.outbox.lend(loan));
                    }
                    () = self.session.outbox.closed() => {}
                },
                _ => self.session.outbox.capacity().await,
            }
        }
    }

    async fn dispatch(
        &mut self,
        actor: Actor,
        reply_to: ReplyTo,
        request: Request,
    ) -> Result<(), Closed> {
        let cost = admission::cost_of(&request);
        let request = match Asked::try_from(request) {
            Ok(asked) => {
                self.tickets.push(Ticket::Request {
                    reply_to,
                    actor: self.session.author_of(&asked, actor),
                    asked,
                    cost,
                });
                return Ok(());
            }
            Err(request) => request,
        };
        let to = reply_to;
        match request {
            SessionRequest::Pull(call) => self.answer(actor, to, call, pull).await,
            SessionRequest::ListConversations(call) => {
                self.answer(actor, to, call, list_conversations).await
            }
            SessionRequest::Watch(call) => self.answer(actor, to, call, watch).await,
            SessionRequest::Focus(call) => self.answer(actor, to, call, focus).await,
            SessionRequest::ListDevices(call) => self.answer(actor, to, call, list_devices).await,
            SessionRequest::CreateInvite(call) => self.answer(actor, to, call, create_invite).await,
            SessionRequest::GetMetrics(call) => self.answer(actor, to, call, get_metrics).await,
            SessionRequest::SetPresence(SetPresence { present }) => {
                self.shared.hub.set_present(&self.session, present);
                to.answer::<SetPresence>(&Ok(()));
                Ok(())
            }
        }
    }

    /// Submits the collected requests to the sequencer.
    pub(crate) async fn submit(&mut self) -> Result<(), Closed> {
        let Some(actor) = self.session.actor() else {
            return Ok(());
        };
        let intake = &self.shared.intake;
        intake.put(actor.user.into(), &mut self.tickets).await
    }

    /// Waits for the next task that has answered its request, and frees it.
    pub(crate) async fn reap(&mut self) {
        if self.answering.join_next().await.is_none() {
            std::future::pending().await
        }
    }

    /// Answers a request in a separate task. Requests before it are submitted first.
    async fn answer<C, F>(
        &mut self,
        actor: Actor,
        reply_to: ReplyTo,
        call: C,
        answer: impl FnOnce(Asker, C) -> F,
    ) -> Result<(), Closed>
    where
        C: Call,
        C::Answer: Send,
        F: Future<Output = Result<C::Answer, ErrorCode>> + Send + 'static,
    {
        self.submit().await?;
        while self.answering.len() >= limits::READS_PER_SESSION_MAX {
            self.answering.join_next().await;
        }
        let asker = Asker {
            shared: self.shared.clone(),
            session: self.session.clone(),
            actor,
        };
        let answer = answer(asker, call);
        self.answering
            .spawn(async move { reply_to.answer::<C>(&answer.await) });
        Ok(())
    }
}

async fn pull(asker: Asker, call: Pull) -> Result<Pulled, ErrorCode> {
    let Asker {
        shared,
        session,
        actor,
    } = asker;
    let Pull {
        conversation,
        range,
        limit,
    } = call;
    if limit == 0 {
        return Err(ErrorCode::BadRequest);
    }
    // Asks the sequencer once.
    if session.readable(conversation).is_none() {
        let (ticket, answer) = registration::read(session.clone(), actor, conversation);
        shared.submit(actor.user.into(), ticket, answer).await?;
    }
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
            return Ok(Pulled {
                run,
                head,
                floor: floor.max(timeline.floor()),
            });
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

async fn watch(asker: Asker, call: Watch) -> Result<List<UserPresence>, ErrorCode> {
    let cost = admission::cost_of(&call.clone().into());
    let (ticket, answer) = registration::watch(asker.session, asker.actor, call.users);
    let ticket = ticket.costing(cost);
    let presences = asker
        .shared
        .submit(asker.actor.user.into(), ticket, answer)
        .await?;
    match presences.await {
        Ok(presences) => Ok(List(presences)),
        // The server stops.
        Err(_) => std::future::pending().await,
    }
}

async fn focus(asker: Asker, call: Focus) -> Result<(), ErrorCode> {
    let (ticket, answer) = registration::focus(asker.session, asker.actor, call.conversation);
    asker
        .shared
        .submit(asker.actor.user.into(), ticket, answer)
        .await
}

async fn create_invite(asker: Asker, call: CreateInvite) -> Result<NewInvite, ErrorCode> {
    let Asker { shared, actor, .. } = asker;
    let CreateInvite { uses, life_seconds } = call;
    let mut token = [0; 16];
    getrandom::fill(&mut token).map_err(|_| ErrorCode::LimitReached)?;
    shared
        .ask(
            actor.user.into(),
            Invite {
                actor,
                token: secret_hash(&token),
                uses,
                life_seconds,
            },
        )
        .await?;
    Ok(NewInvite {
        addr: shared.advertised.clone(),
        token: InviteToken::new(token),
        id: secret_hash(&token).link_id(),
    })
}

async fn list_conversations(
    asker: Asker,
    call: ListConversations,
) -> Result<ConversationPage, ErrorCode> {
    let Asker { shared, actor, .. } = asker;
    let (ticket, answer) = job(move |decider| decider.execute(By(actor, call)));
    let ticket = ticket.costing(limits::PAGE_COST);
    let mut page = shared.submit(actor.user.into(), ticket, answer).await?;
    fill_last(&shared, &mut page).await?;
    Ok(page)
}

async fn list_devices(asker: Asker, call: ListDevices) -> Result<List<DeviceInfo>, ErrorCode> {
    let Asker { shared, actor, .. } = asker;
    let mut devices = shared.ask(actor.user.into(), By(actor, call)).await?;
    for device in &mut devices.0 {
        device.online = shared.hub.is_online(actor.user, device.id);
    }
    Ok(devices)
}

async fn get_metrics(asker: Asker, GetMetrics: GetMetrics) -> Result<Metrics, ErrorCode> {
    let Asker { shared, actor, .. } = asker;
    let (ticket, answer) = job(move |decider| {
        decider.execute(GrantMetrics(actor))?;
        Ok(decider.metrics())
    });
    let mut metrics = shared.submit(actor.user.into(), ticket, answer).await?;
    metrics.sessions = shared.hub.session_count();
    metrics.waits = shared.intake.waits();
    Ok(metrics)
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
