//! Dispatch of requests: most go to the sequencer in order of arrival; history is read without it.

mod pull;

use std::sync::Arc;
use std::time::Duration;

use cairn_proto::ids::{ClientSeq, ConversationId, RequestId};
use cairn_proto::limits as wire;
use cairn_proto::model::presence::UserPresence;
use cairn_proto::model::user::DeviceInfo;
use cairn_proto::secret::InviteToken;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::metrics::Metrics;
use cairn_proto::wire::overview::ConversationPage;
use cairn_proto::wire::request::session::{
    CreateInvite, Focus, GetMetrics, ListConversations, ListDevices, NewInvite, PullRange, Search,
    SetPresence, Watch,
};
use cairn_proto::wire::request::{Call, List, MessageRequest, Request, SessionRequest};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::delivery::outbox::Started;
use crate::desk;
use crate::fairness::allowance::{Account, Verdict};
use crate::fairness::budget::Borrower;
use crate::limits;
use crate::search;
use crate::sequencer::intake::Closed;
use crate::sequencer::ticket::{Ticket, job};
use crate::session::Session;
use crate::session::account;
use crate::session::admission;
use crate::session::registration;
use crate::session::reply_to::ReplyTo;
use crate::session::secret_hash::secret_hash;
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
    /// Searches, which must not hold up other requests. Likewise.
    searching: JoinSet<()>,
    /// `None` without a login.
    borrower: Option<Borrower>,
    /// Likewise.
    account: Option<Account>,
    /// The send that was refused because its user is too fast. No other one may overtake it.
    too_fast: Option<(ConversationId, ClientSeq)>,
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
pub(crate) struct Asker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) session: Arc<Session>,
    pub(crate) actor: Actor,
}

impl Requests {
    #[must_use]
    pub(crate) fn new(shared: Arc<Shared>, session: Arc<Session>) -> Self {
        let borrower = session
            .actor()
            .map(|actor| shared.budget.borrower(actor.into()));
        let account = session
            .actor()
            .map(|actor| shared.hub.allowances.of(actor.into(), Instant::now()));
        Self {
            shared,
            session,
            borrower,
            account,
            too_fast: None,
            bad: 0,
            tickets: Vec::new(),
            answering: JoinSet::new(),
            searching: JoinSet::new(),
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
        let checked = desk::requests::check(&request, self.session.visit().is_some());
        admission::admit(&mut request);
        let bytes = match checked {
            Ok(()) => admission::bytes_of(&request, frame_bytes),
            Err(_) => frame_bytes,
        };
        let cost = admission::cost_of(&request, frame_bytes);
        // What is refused anyway adds nothing.
        let is_allowed = match checked {
            Ok(()) => self.wait_for_allowance(&request, frame_bytes, now).await?,
            Err(_) => true,
        };
        let reply_to = self.start(id, bytes, now).await?;
        let limiter = &self.shared.request_rate_limiter;
        if let Err(code) = checked {
            reply_to.refuse(code);
        } else if !is_allowed {
            reply_to.refuse(ErrorCode::TooFast);
        } else if !limiter.allows(actor.into(), &request, now) {
            reply_to.refuse(ErrorCode::RateLimited);
        } else {
            self.dispatch(actor, reply_to, request, cost).await?;
        }
        Ok(())
    }

    /// Waits while the user is too fast. Returns whether the request may be executed.
    async fn wait_for_allowance(
        &mut self,
        request: &Request,
        bytes: usize,
        now: Instant,
    ) -> Result<bool, End> {
        let Some(account) = &self.account else {
            return Ok(true);
        };
        let allowances = &self.shared.hub.allowances;
        let send = place_of_send(request);
        if send.is_some() && self.too_fast.is_some_and(|refused| send != Some(refused)) {
            allowances.note_refused();
            return Ok(false);
        }
        let wait = match allowances.count(account, request, bytes, now) {
            Verdict::Now => Duration::ZERO,
            Verdict::After(wait) => wait,
            Verdict::Refused => {
                self.too_fast = send.or(self.too_fast);
                return Ok(false);
            }
        };
        if send.is_some() {
            self.too_fast = None;
        }
        if wait == Duration::ZERO {
            return Ok(true);
        }
        self.submit().await?;
        tokio::select! {
            biased;
            () = self.session.outbox.closed() => Err(End::Over),
            _ = self.session.connection.closed() => Err(End::Over),
            () = sleep(wait) => Ok(true),
        }
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
                    biased;
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
        cost: u32,
    ) -> Result<(), Closed> {
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
            SessionRequest::Pull(call) => self.answer(actor, to, call, pull::pull).await,
            SessionRequest::ListConversations(call) => {
                self.answer(actor, to, call, list_conversations).await
            }
            SessionRequest::Watch(call) => self.answer(actor, to, call, watch).await,
            SessionRequest::Focus(call) => self.answer(actor, to, call, focus).await,
            SessionRequest::ListDevices(call) => self.answer(actor, to, call, list_devices).await,
            SessionRequest::CreateInvite(call) => self.answer(actor, to, call, create_invite).await,
            SessionRequest::GetMetrics(call) => self.answer(actor, to, call, get_metrics).await,
            SessionRequest::SetPassword(call) => {
                self.answer(actor, to, call, account::set_password).await
            }
            SessionRequest::CreateReset(call) => {
                self.answer(actor, to, call, account::create_reset).await
            }
            SessionRequest::OpenInquiry(call) => {
                self.answer(actor, to, call, desk::visit::open).await
            }
            SessionRequest::NewDeskKey(call) => {
                self.answer(actor, to, call, account::new_desk_key).await
            }
            SessionRequest::Search(call) => self.search(actor, to, call).await,
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
        intake.put(actor.into(), &mut self.tickets).await
    }

    /// Waits for the next task that has answered its request, and frees it.
    pub(crate) async fn reap(&mut self) {
        tokio::select! {
            biased;
            Some(_) = self.answering.join_next() => {}
            Some(_) = self.searching.join_next() => {}
            else => std::future::pending().await,
        }
    }

    /// Answers a search in a separate task, unless too many are running.
    async fn search(&mut self, actor: Actor, to: ReplyTo, call: Search) -> Result<(), Closed> {
        self.submit().await?;
        while self.searching.try_join_next().is_some() {}
        if self.searching.len() >= limits::SEARCHES_PER_SESSION_MAX {
            self.shared.searches.note_refused();
            to.refuse(ErrorCode::RateLimited);
            return Ok(());
        }
        let asker = Asker {
            shared: self.shared.clone(),
            session: self.session.clone(),
            actor,
        };
        let answer = search::search(asker, call);
        self.searching
            .spawn(async move { to.answer::<Search>(&answer.await) });
        Ok(())
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

/// Returns the place of a send among those of its stream, which a retry preserves.
const fn place_of_send(request: &Request) -> Option<(ConversationId, ClientSeq)> {
    match request {
        Request::Message(MessageRequest::Send(call)) => Some((call.conversation, call.seq)),
        Request::Message(MessageRequest::Forward(call)) => Some((call.to, call.seq)),
        _ => None,
    }
}

async fn watch(asker: Asker, call: Watch) -> Result<List<UserPresence>, ErrorCode> {
    let cost = admission::cost_of(&call.clone().into(), 0);
    let (ticket, answer) = registration::watch(asker.session, asker.actor, call.users);
    let ticket = ticket.costing(cost);
    let presences = asker
        .shared
        .submit(asker.actor.into(), ticket, answer)
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
        .submit(asker.actor.into(), ticket, answer)
        .await
}

async fn create_invite(asker: Asker, call: CreateInvite) -> Result<NewInvite, ErrorCode> {
    let Asker { shared, actor, .. } = asker;
    let CreateInvite { uses, life_seconds } = call;
    let mut token = [0; 16];
    let filled = shared.host.random.fill(&mut token);
    filled.map_err(|_| ErrorCode::LimitReached)?;
    shared
        .ask(
            actor.into(),
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
    let mut page = shared.submit(actor.into(), ticket, answer).await?;
    fill_last(&shared, &mut page).await?;
    Ok(page)
}

async fn list_devices(asker: Asker, call: ListDevices) -> Result<List<DeviceInfo>, ErrorCode> {
    let Asker { shared, actor, .. } = asker;
    let mut devices = shared.ask(actor.into(), By(actor, call)).await?;
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
    let mut metrics = shared.submit(actor.into(), ticket, answer).await?;
    metrics.sessions = shared.hub.session_count();
    metrics.waits = shared.intake.waits();
    metrics.delayed = shared.hub.allowances.delayed();
    metrics.too_fast = shared.hub.allowances.refused();
    metrics.searches = shared.searches.metrics();
    let desk = &mut metrics.desk;
    desk.visitors = shared.hub.visitor_count();
    desk.visitors_refused = shared.hub.visitors.refused();
    desk.openings_refused = shared.hub.openings.refused();
    desk.identities_refused = shared.hub.visitors.bad_identities();
    Ok(metrics)
}

/// Adds the last entry to each conversation of a page, since the state machine has no entries.
pub(crate) async fn fill_last(
    shared: &Shared,
    page: &mut ConversationPage,
) -> Result<(), ErrorCode> {
    let mut bytes_left = wire::OVERVIEW_LAST_BYTES_MAX;
    for (no, item) in page.items.iter_mut().enumerate() {
        if no % limits::FILLED_AT_ONCE == limits::FILLED_AT_ONCE - 1 {
            // Nothing here waits, and the other sessions would.
            tokio::task::yield_now().await;
        }
        let Some(timeline) = shared
            .timelines
            .get(item.id)
            .filter(|_| item.head > item.floor)
        else {
            continue;
        };
        let run = shared
            .history
            .read(&timeline, PullRange::From(item.head), 1)
            .await?;
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
