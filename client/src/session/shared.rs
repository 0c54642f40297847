//! State shared by a client's handles and its driver. A single lock protects the data; it is held
//! briefly and never across an await.

use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::task::Waker;
use std::time::Duration;

use cairn_proto::ids::{ClientSeq, ConversationId, MsgId, RequestId};
use cairn_proto::limits::SENDS_IN_FLIGHT_MAX;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::TimelineFrame;
use cairn_proto::wire::hello::Welcome;
use cairn_proto::wire::request::reading::Ack;
use cairn_proto::wire::request::{Answer, Request};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, oneshot, watch};
use tokio::time::Instant;

use crate::account::WhoAmI;
use crate::error::Error;
use crate::limits;
use crate::session::login::Resume;
use crate::session::reconnect::Reconnect;
use crate::session::state::acks::Acks;
use crate::session::state::at_login::AtLogin;
use crate::session::state::in_flight::{Slots, Waiter, WaitsFor};
use crate::session::state::outgoing::Outgoing;
use crate::session::state::pause::Pauses;
use crate::session::state::subscriptions::Subscriptions;
use crate::session::state::users::UserCache;
use crate::session::state::{Phase, State};
use crate::session::typing::Typing;
use crate::stream::event::Event;
use crate::stream::follow::Followers;
use crate::transfer::slots::TransferSlots;
use crate::visit::state::VisitState;

/// A response.
pub(crate) type Response = (RequestId, Result<Answer, ErrorCode>);

/// State shared by a client's handles and its driver.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) state: Mutex<State>,
    /// Wakes the driver's writer.
    pub(crate) wake: Notify,
    pub(crate) typing: Typing,
    /// Stops the driver.
    pub(crate) stop: Notify,
    /// Makes the driver check whether the send stream must be replaced.
    pub(crate) stream_forgotten: Notify,
    /// The number of live [`crate::PausedPush`] guards. Pushes are read while it is 0.
    pub(crate) pauses: watch::Sender<usize>,
    pub(crate) transfer_slots: TransferSlots,
    pub(crate) send_permits: Semaphore,
    pub(crate) request_permits: Semaphore,
    pub(crate) search_permits: Semaphore,
}

impl Shared {
    /// Creates the state of a client without a connection.
    pub(crate) fn new(whoami: WhoAmI, resume: Resume, reconnect: Reconnect) -> Self {
        let Resume { since, stream } = resume;
        let state = State {
            phase: Phase::Offline,
            reconnects: matches!(reconnect, Reconnect::Forever(_)),
            out: Vec::new(),
            slots: Slots::default(),
            pauses: Pauses::default(),
            next_seq: HashMap::new(),
            next_question: ClientSeq::new(1),
            stream,
            session_began: None,
            next_key: 0,
            acks: Acks::default(),
            followers: Followers::default(),
            subscribers: BTreeMap::new(),
            whoami,
            user_cache: UserCache::default(),
            subscriptions: Subscriptions::default(),
            moment: since,
            at_login: AtLogin::new(since),
            is_agent: false,
            visit: None,
        };
        Self {
            state: Mutex::new(state),
            wake: Notify::new(),
            stop: Notify::new(),
            stream_forgotten: Notify::new(),
            typing: Typing::default(),
            pauses: watch::Sender::new(0),
            transfer_slots: TransferSlots::default(),
            send_permits: Semaphore::new(SENDS_IN_FLIGHT_MAX),
            request_permits: Semaphore::new(limits::REQUESTS_IN_FLIGHT_MAX),
            search_permits: Semaphore::new(limits::SEARCHES_IN_FLIGHT_MAX),
        }
    }

    /// Submits a send. The caller holds one of `send_permits` and must forget it on success:
    /// [`Shared::resolve`] returns it when the send is resolved.
    pub(crate) fn send(
        &self,
        conversation: ConversationId,
        seq: Option<ClientSeq>,
        outgoing: Outgoing,
    ) -> Result<(ClientSeq, oneshot::Receiver<Result<MsgId, Error>>), Error> {
        let (sender, receiver) = oneshot::channel();
        let (seq, wake) =
            self.state
                .lock()
                .submit_send(conversation, seq, outgoing, Waiter::Send(sender))?;
        if wake {
            self.wake.notify_one();
        }
        Ok((seq, receiver))
    }

    /// Submits a request whose response goes to `waiter`.
    pub(crate) fn submit(&self, request: impl Into<Request>, waiter: Waiter) -> Result<(), Error> {
        if self.state.lock().submit(request.into(), waiter)? {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Moves a delivered cursor.
    pub(crate) fn ack(&self, conversation: ConversationId, msgid: MsgId) {
        if self
            .state
            .lock()
            .acks
            .note(conversation, msgid, Instant::now())
        {
            self.wake.notify_one();
        }
    }

    /// Swaps all pending frames into `batch`, which must be empty. Returns when acks or refused
    /// requests become due if there are none now.
    pub(crate) fn take_batch(&self, batch: &mut Vec<u8>) -> Option<Instant> {
        let mut state = self.state.lock();
        if state.acks.due().is_some() {
            let piggyback = !state.out.is_empty();
            for (conversation, msgid) in state.acks.take_due(Instant::now(), piggyback) {
                // Cannot fail: an ack fits into a frame, and the driver is still running.
                let ack = Ack {
                    conversation,
                    msgid,
                };
                let _ = state.submit(ack.into(), Waiter::Ack(conversation));
            }
        }
        let refused_due = state.try_again(Instant::now());
        // Marked as written before the write, not after it: a write that fails halfway may have
        // delivered a request, so one that is not idempotent must not be repeated.
        state.slots.all_written();
        mem::swap(&mut state.out, batch);
        state.acks.due().into_iter().chain(refused_due).min()
    }

    /// Applies pushed frames.
    pub(crate) fn pushed(&self, frames: &mut Vec<TimelineFrame>, wakers: &mut Vec<Waker>) {
        let mut state = self.state.lock();
        for frame in frames.drain(..) {
            state.apply(frame, wakers);
        }
        drop(state);
        wakers.drain(..).for_each(Waker::wake);
    }

    /// Reports when the next attempt to connect follows.
    pub(crate) fn waits(&self, time: Duration) {
        let mut wakers = Vec::new();
        let mut state = self.state.lock();
        state.emit_pushed(&mut wakers, || Event::Waiting { time });
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Handles the loss of the connection: requests that are not idempotent fail, all others wait
    /// for the next connection. `number` is a random one, for another send stream.
    pub(crate) fn offline(&self, reason: String, number: u64) {
        let mut wakers = Vec::new();
        let mut state = self.state.lock();
        state.phase = Phase::Offline;
        // Unwritten frames are dropped, not kept: `online` writes every unresolved request again,
        // and a frame left here would go out twice.
        state.out.clear();
        state.acks.disconnected(Instant::now());
        let failed = state.slots.take_non_idempotent();
        state.replace_stream(number);
        state.end_pauses();
        state.emit(&Event::Disconnected { reason }, &mut wakers);
        drop(state);
        self.resolve(
            failed
                .into_iter()
                .map(|waiter| (waiter, Err(Error::Disconnected))),
        );
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Handles a new connection: everything unresolved is written again in its original order and
    /// under its original numbers.
    pub(crate) fn online(&self, welcome: &Welcome, visit: Option<VisitState>) {
        let mut wakers = Vec::new();
        let mut state = self.state.lock();
        let State {
            slots,
            out,
            subscriptions,
            ..
        } = &mut *state;
        for request in subscriptions.requests() {
            // A pending request of the same kind is newer. Submitting cannot fail: each of these
            // has fitted into a frame before.
            if !slots.has_same_kind(&request) {
                let request = Request::Session(request);
                let _ = slots.submit(
                    request,
                    Waiter::Subscriptions,
                    WaitsFor::Nothing,
                    &mut Vec::new(),
                );
            }
        }
        // Under the same lock as the switch to `Online`: a send submitted in between would be
        // written ahead of the older ones that are repeated, and be numbered before them.
        slots.write_all(out);
        state.phase = Phase::Online;
        state.session_began = Some(welcome.overview.as_of);
        if state.slots.has_sends() {
            state.note_sent();
        }
        state.whoami = WhoAmI::from(welcome);
        state.is_agent = welcome.is_agent;
        state.visit = visit;
        state.user_cache.clear();
        state.logged_in(&welcome.overview, &mut wakers);
        state.emit(&Event::Reconnected, &mut wakers);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Ends the client: everything unresolved fails with `error`.
    pub(crate) fn finish(&self, error: &Error) {
        let mut wakers = Vec::new();
        let mut state = self.state.lock();
        state.phase = Phase::Over(error.clone());
        state.out = Vec::new();
        let failed = state.slots.take_all();
        state.wake_all(&mut wakers);
        drop(state);
        self.transfer_slots.close();
        self.send_permits.close();
        self.request_permits.close();
        self.search_permits.close();
        self.resolve(
            failed
                .into_iter()
                .map(|waiter| (waiter, Err(error.clone()))),
        );
        wakers.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::state::send_stream::SendStream;
    use cairn_proto::content::body::Body;
    use cairn_proto::content::extras::Extras;
    use cairn_proto::content::packed::Content;
    use cairn_proto::ids::{DeviceId, EpochId, Revision, Timestamp, UserId};
    use cairn_proto::model::user::ServerRole;
    use cairn_proto::text::{Text, UserName};
    use cairn_proto::wire::hello::Capabilities;
    use cairn_proto::wire::overview::{ConversationPage, Moment, OverviewExtent};

    const NEVER: Moment = Moment {
        epoch: EpochId::new(0),
        revision: Revision::new(0),
    };

    fn welcome() -> Welcome {
        Welcome {
            capabilities: Capabilities::NONE,
            user: UserId::new(7),
            name: UserName::new("ada").unwrap(),
            role: ServerRole::Member,
            device: DeviceId::new(9),
            token: None,
            now: Timestamp::new(0),
            overview: ConversationPage {
                items: Vec::new(),
                gone: Vec::new(),
                extent: OverviewExtent::All,
                as_of: NEVER,
                next_after: None,
            },
            is_agent: false,
        }
    }

    fn online() -> Shared {
        let resume = Resume {
            since: None,
            stream: SendStream::of_random(99),
        };
        let shared = Shared::new(WhoAmI::from(&welcome()), resume, Reconnect::default());
        shared.online(&welcome(), None);
        shared
    }

    fn batch(shared: &Shared) -> Vec<u8> {
        let mut batch = Vec::new();
        shared.take_batch(&mut batch);
        batch
    }

    #[test]
    fn sends_are_written_once_across_reconnects() {
        let send = |shared: &Shared| {
            let content = Content::new(Body::Text(Text::new("a").unwrap()), Extras::NONE);
            let outgoing = Outgoing::New(content);
            shared.send(ConversationId::new(1), None, outgoing).unwrap()
        };
        let once = online();
        let _promise = send(&once);
        let expected = batch(&once);
        assert!(!expected.is_empty() && batch(&once).is_empty());

        // Sent before the connection broke but not yet written, and sent while there was none.
        for is_late in [false, true] {
            let shared = online();
            let _early = (!is_late).then(|| send(&shared));
            shared.offline(String::new(), 100);
            let _late = is_late.then(|| send(&shared));
            assert!(
                batch(&shared).is_empty(),
                "nothing is written while offline"
            );
            shared.online(&welcome(), None);
            assert_eq!(batch(&shared), expected);
        }
    }

    /// Until a question is answered, its conversation is not known, and neither is who wrote first.
    #[test]
    fn question_and_messages_have_numbers_of_their_own() {
        let shared = online();
        let send = |conversation| {
            let content = Content::new(Body::Text(Text::new("a").unwrap()), Extras::NONE);
            let sent = shared.send(conversation, None, Outgoing::New(content));
            sent.unwrap().0
        };
        let ask = || shared.state.lock().number_question();
        let (inquiry, other) = (ConversationId::new(1), ConversationId::new(2));
        let numbers = [
            ask(),
            ask(),
            send(inquiry),
            send(inquiry),
            ask(),
            send(other),
        ];
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6].map(ClientSeq::new));
    }
}
