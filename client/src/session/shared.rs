//! What the handles of a client and its driver share: everything under one short lock, and the ways
//! to wake each other.

use std::collections::HashMap;
use std::mem;
use std::task::Waker;

use cairn_proto::ids::{ClientSeq, ConversationId, MsgId, RequestId};
use cairn_proto::limits::SENDS_IN_FLIGHT_MAX;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::TimelineFrame;
use cairn_proto::wire::hello::Welcome;
use cairn_proto::wire::overview::Moment;
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, oneshot, watch};
use tokio::time::Instant;

use crate::api::client::WhoAmI;
use crate::api::overview::{AtLogin, complete_as_of};
use crate::api::people::People;
use crate::api::typing::Typing;
use crate::error::Error;
use crate::limits;
use crate::session::acks::Acks;
use crate::session::content::Content;
use crate::session::slots::{Slots, Waiter};
use crate::session::subscriptions::Subscriptions;
use crate::stream::events::{Event, Subscriber};
use crate::stream::follow::Followers;
use crate::transfer::TransferSlots;

/// An answer as it came from the wire.
pub(crate) type Answer = (RequestId, Result<Response, ErrorCode>);

/// What the handles of a client and its driver share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) state: Mutex<State>,
    /// There is something to write.
    pub(crate) wake: Notify,
    pub(crate) typing: Typing,
    /// The client is to close.
    pub(crate) stop: Notify,
    /// How many want nothing to be read that is pushed.
    pub(crate) holds: watch::Sender<usize>,
    pub(crate) transfer_slots: TransferSlots,
    pub(crate) send_permits: Semaphore,
    pub(crate) request_permit: Semaphore,
}

#[derive(Debug)]
enum Phase {
    Online,
    Offline,
    Over(Error),
}

/// Everything under the lock.
#[derive(Debug)]
pub(crate) struct State {
    phase: Phase,
    /// Frames for the connection, in order. Empty while there is none: the slots pause_push what
    /// has to go out then.
    out: Vec<u8>,
    pub(crate) slots: Slots,
    next_seq: HashMap<ConversationId, ClientSeq>,
    next_key: u64,
    pub(crate) acks: Acks,
    pub(crate) followers: Followers,
    pub(crate) subscribers: HashMap<u64, Subscriber>,
    pub(crate) whoami: WhoAmI,
    pub(crate) people: People,
    pub(crate) subscriptions: Subscriptions,
    /// When every timeline was last told how far its log goes.
    pub(crate) moment: Option<Moment>,
    pub(crate) at_login: AtLogin,
}

impl State {
    /// Whether the client has ended, and will never have a connection again.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over(_))
    }

    /// Why the client ended, once it has.
    pub(crate) fn ended(&self) -> Option<Error> {
        match &self.phase {
            Phase::Over(error) => Some(error.clone()),
            Phase::Online | Phase::Offline => None,
        }
    }

    pub(crate) const fn is_online(&self) -> bool {
        matches!(self.phase, Phase::Online)
    }

    /// A number for a timeline or a reader of events.
    pub(crate) const fn new_key(&mut self) -> u64 {
        self.next_key += 1;
        self.next_key
    }

    /// Takes a request in. True when the writer has to be woken.
    fn submit(&mut self, request: Request, waiter: Waiter) -> Result<bool, Error> {
        if let Phase::Over(error) = &self.phase {
            return Err(error.clone());
        }
        let start = self.out.len();
        self.slots.submit(request, waiter, &mut self.out)?;
        if !self.is_online() {
            self.out.truncate(start);
            return Ok(false);
        }
        Ok(start == 0)
    }

    /// Gives a send its number and takes it in.
    fn submit_send(
        &mut self,
        conversation: ConversationId,
        seq: Option<ClientSeq>,
        content: Content,
        waiter: Waiter,
    ) -> Result<(ClientSeq, bool), Error> {
        let next = self
            .next_seq
            .get(&conversation)
            .copied()
            .unwrap_or(ClientSeq::new(1));
        let seq = seq.unwrap_or(next);
        if seq < next {
            return Err(Error::SeqUsed { seq, next });
        }
        let wake = self.submit(content.numbered(conversation, seq), waiter)?;
        self.next_seq.insert(conversation, seq.next());
        Ok((seq, wake))
    }

    fn apply(&mut self, frame: TimelineFrame, wakers: &mut Vec<Waker>) {
        match &frame {
            TimelineFrame::Run(run) => {
                self.each_follower(run.conversation, wakers, |follower| follower.pushed(run))
            }
            &TimelineFrame::Behind { conversation, head } => {
                self.each_follower(conversation, wakers, |follower| follower.grown(head))
            }
            TimelineFrame::Conversation(found) => {
                self.each_follower(found.id, wakers, |follower| follower.is_member(found.head))
            }
            &TimelineFrame::Removed { conversation, last } => {
                self.each_follower(conversation, wakers, |follower| follower.removed(last))
            }
            &TimelineFrame::Floor {
                conversation,
                floor,
            } => self.each_follower(conversation, wakers, |follower| follower.expired(floor)),
            TimelineFrame::Read { .. }
            | TimelineFrame::Contact(_)
            | TimelineFrame::Presence(_)
            | TimelineFrame::Receipts { .. }
            | TimelineFrame::AccountUpdate(_) => {}
        }
        if let Some(event) = Event::of(frame) {
            if self
                .subscribers
                .values()
                .all(|subscriber| subscriber.is_own)
            {
                self.at_login.evict();
            }
            self.tell(&event, wakers);
        }
    }

    pub(crate) fn each_follower(
        &mut self,
        conversation: ConversationId,
        wakers: &mut Vec<Waker>,
        mut change: impl FnMut(&mut crate::stream::follow::Follower),
    ) {
        for follower in self.followers.of(conversation) {
            change(follower);
            wakers.extend(follower.waker.take());
        }
    }

    pub(crate) fn tell(&mut self, event: &Event, wakers: &mut Vec<Waker>) {
        for subscriber in self.subscribers.values_mut() {
            subscriber.push(event);
            wakers.extend(subscriber.waker.take());
        }
    }

    fn wake_everybody(&mut self, wakers: &mut Vec<Waker>) {
        wakers.extend(
            self.followers
                .all()
                .filter_map(|(_, follower)| follower.waker.take()),
        );
        wakers.extend(
            self.subscribers
                .values_mut()
                .filter_map(|subscriber| subscriber.waker.take()),
        );
    }
}

impl Shared {
    pub(crate) fn new(welcome: &Welcome, since: Option<Moment>) -> Self {
        let state = State {
            phase: Phase::Online,
            out: Vec::new(),
            slots: Slots::default(),
            next_seq: HashMap::new(),
            next_key: 0,
            acks: Acks::default(),
            followers: Followers::default(),
            subscribers: HashMap::new(),
            whoami: WhoAmI::from(welcome),
            people: People::default(),
            subscriptions: Subscriptions::default(),
            moment: complete_as_of(&welcome.overview).or(since),
            at_login: AtLogin::new(welcome.overview.clone(), since),
        };
        Self {
            state: Mutex::new(state),
            wake: Notify::new(),
            stop: Notify::new(),
            typing: Typing::default(),
            holds: watch::Sender::new(0),
            transfer_slots: TransferSlots::default(),
            send_permits: Semaphore::new(SENDS_IN_FLIGHT_MAX),
            request_permit: Semaphore::new(limits::REQUESTS_IN_FLIGHT_MAX),
        }
    }

    /// Takes a send in. The caller holds a permit of `send_permits` and forgets it when this
    /// succeeds.
    pub(crate) fn send(
        &self,
        conversation: ConversationId,
        seq: Option<ClientSeq>,
        content: Content,
    ) -> Result<(ClientSeq, oneshot::Receiver<Result<MsgId, Error>>), Error> {
        let (sender, receiver) = oneshot::channel();
        let (seq, wake) =
            self.state
                .lock()
                .submit_send(conversation, seq, content, Waiter::Send(sender))?;
        if wake {
            self.wake.notify_one();
        }
        Ok((seq, receiver))
    }

    /// Takes a request in whose answer `waiter` awaits.
    pub(crate) fn submit(&self, request: Request, waiter: Waiter) -> Result<(), Error> {
        if self.state.lock().submit(request, waiter)? {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Notes a delivered cursor.
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

    /// Swaps everything that waits to be written into `batch`, which is empty. Without anything,
    /// tells when acks become due.
    pub(crate) fn take_batch(&self, batch: &mut Vec<u8>) -> Option<Instant> {
        let mut state = self.state.lock();
        if state.acks.due().is_some() {
            let riding = !state.out.is_empty();
            for (conversation, msgid) in state.acks.take_due(Instant::now(), riding) {
                // An ack is small and the client is not over, so it is always taken in.
                let _ = state.submit(
                    Request::Ack {
                        conversation,
                        msgid,
                    },
                    Waiter::Ack(conversation),
                );
            }
        }
        state.slots.all_written();
        mem::swap(&mut state.out, batch);
        state.acks.due()
    }

    /// Applies what the server pushed.
    pub(crate) fn pushed(&self, frames: &mut Vec<TimelineFrame>, wakers: &mut Vec<Waker>) {
        let mut state = self.state.lock();
        for frame in frames.drain(..) {
            state.apply(frame, wakers);
        }
        drop(state);
        wakers.drain(..).for_each(Waker::wake);
    }

    /// The connection broke. What cannot be repeated ends here; everything else waits for the next
    /// connection.
    pub(crate) fn offline(&self, reason: String) {
        let mut wakers = Vec::new();
        let mut state = self.state.lock();
        state.phase = Phase::Offline;
        state.out.clear();
        state.acks.disconnected(Instant::now());
        let given_up = state.slots.take_unrepeatable();
        state.tell(&Event::Disconnected { reason }, &mut wakers);
        drop(state);
        self.tell(
            given_up
                .into_iter()
                .map(|waiter| (waiter, Err(Error::Disconnected))),
        );
        wakers.into_iter().for_each(Waker::wake);
    }

    /// There is a connection again: everything unresolved goes out in the original order, under the
    /// same numbers.
    pub(crate) fn online(&self, welcome: &Welcome) {
        let mut wakers = Vec::new();
        let mut state = self.state.lock();
        let State {
            slots,
            out,
            subscriptions,
            ..
        } = &mut *state;
        for request in subscriptions.requests() {
            // One that waits is the newer wish. Each of these went through before, so none is too
            // large.
            if !slots.has_kind_of(&request) {
                let _ = slots.submit(request, Waiter::Subscriptions, &mut Vec::new());
            }
        }
        slots.write_all(out);
        state.phase = Phase::Online;
        state.whoami = WhoAmI::from(welcome);
        state.logged_in(&welcome.overview, &mut wakers);
        state.tell(&Event::Reconnected, &mut wakers);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// The client is over: everything that waits is told so.
    pub(crate) fn finish(&self, error: &Error) {
        let mut wakers = Vec::new();
        let mut state = self.state.lock();
        state.phase = Phase::Over(error.clone());
        state.out = Vec::new();
        let given_up = state.slots.take_all();
        state.wake_everybody(&mut wakers);
        drop(state);
        self.transfer_slots.close();
        self.send_permits.close();
        self.request_permit.close();
        self.tell(
            given_up
                .into_iter()
                .map(|waiter| (waiter, Err(error.clone()))),
        );
        wakers.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_proto::content::body::Body;
    use cairn_proto::content::extras::Extras;
    use cairn_proto::ids::{DeviceId, EpochId, Revision, Timestamp, UserId};
    use cairn_proto::model::user::ServerRole;
    use cairn_proto::text::{Text, UserName};
    use cairn_proto::wire::overview::{ConversationPage, OverviewExtent};

    const NEVER: Moment = Moment {
        epoch: EpochId::new(0),
        revision: Revision::new(0),
    };

    fn welcome() -> Welcome {
        Welcome {
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
        }
    }

    fn batch(shared: &Shared) -> Vec<u8> {
        let mut batch = Vec::new();
        shared.take_batch(&mut batch);
        batch
    }

    #[test]
    fn a_send_is_in_the_next_batch_once_whenever_the_connection_breaks() {
        let send = |shared: &Shared| {
            let content = Content::Said(Body::Text(Text::new("a").unwrap()), Extras::NONE);
            shared.send(ConversationId::new(1), None, content).unwrap()
        };
        let once = Shared::new(&welcome(), None);
        let _promise = send(&once);
        let expected = batch(&once);
        assert!(!expected.is_empty() && batch(&once).is_empty());

        // Said before it broke and not yet written, and said while there was none.
        for is_late in [false, true] {
            let shared = Shared::new(&welcome(), None);
            let _early = (!is_late).then(|| send(&shared));
            shared.offline(String::new());
            let _late = is_late.then(|| send(&shared));
            assert!(batch(&shared).is_empty(), "there is nowhere to write to");
            shared.online(&welcome());
            assert_eq!(batch(&shared), expected);
        }
    }
}
