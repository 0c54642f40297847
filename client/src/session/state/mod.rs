//! The part of a client's state that is protected by its lock.

pub(crate) mod acks;
pub(crate) mod at_login;
pub(crate) mod in_flight;
pub(crate) mod outgoing;
pub(crate) mod pause;
pub(crate) mod send_stream;
pub(crate) mod subscriptions;
pub(crate) mod users;

use std::collections::{BTreeMap, HashMap};
use std::task::Waker;

use cairn_proto::ids::{ClientSeq, ConversationId, MsgId};
use cairn_proto::model::conversation::Conversation;
use cairn_proto::model::desk::DeskUpdate;
use cairn_proto::wire::event::{TimelineFrame, Update};
use cairn_proto::wire::overview::{ConversationPage, Moment, OverviewExtent};
use cairn_proto::wire::request::Request;

use crate::account::WhoAmI;
use crate::error::Error;
use crate::session::login::Resume;
use crate::session::state::acks::Acks;
use crate::session::state::at_login::{AtLogin, complete_as_of};
use crate::session::state::in_flight::{Slots, Waiter, WaitsFor};
use crate::session::state::outgoing::Outgoing;
use crate::session::state::pause::Pauses;
use crate::session::state::send_stream::SendStream;
use crate::session::state::subscriptions::Subscriptions;
use crate::session::state::users::UserCache;
use crate::stream::event::{Event, Subscriber};
use crate::stream::follow::{Follower, Followers};
use crate::visit::state::VisitState;

#[derive(Debug)]
pub(crate) enum Phase {
    Online,
    Offline,
    Over(Error),
}

/// The part of a client's state that is protected by its lock.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) phase: Phase,
    /// Whether another connection follows when one is lost.
    pub(crate) reconnects: bool,
    /// Encoded frames to write, in order. Empty while offline: `slots` holds the requests, and
    /// writes them on the next connection.
    pub(crate) out: Vec<u8>,
    pub(crate) slots: Slots,
    pub(crate) pauses: Pauses,
    pub(crate) next_seq: HashMap<ConversationId, ClientSeq>,
    /// The lowest number that no question of a visitor has. Until one is answered, its conversation
    /// is not known.
    pub(crate) next_question: ClientSeq,
    pub(crate) stream: SendStream,
    /// The moment at which the present session began.
    pub(crate) session_began: Option<Moment>,
    pub(crate) next_key: u64,
    pub(crate) acks: Acks,
    pub(crate) followers: Followers,
    pub(crate) subscribers: BTreeMap<u64, Subscriber>,
    pub(crate) whoami: WhoAmI,
    pub(crate) user_cache: UserCache,
    pub(crate) subscriptions: Subscriptions,
    /// The moment as of which every timeline knows its head; the next login requests the changes
    /// since.
    pub(crate) moment: Option<Moment>,
    pub(crate) at_login: AtLogin,
    pub(crate) is_agent: bool,
    /// In the session of a visitor.
    pub(crate) visit: Option<VisitState>,
}

impl State {
    /// Returns whether the client has ended for good.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over(_))
    }

    /// Returns the terminal error, once the client has ended.
    pub(crate) fn ended(&self) -> Option<Error> {
        match &self.phase {
            Phase::Over(error) => Some(error.clone()),
            Phase::Online | Phase::Offline => None,
        }
    }

    pub(crate) const fn is_online(&self) -> bool {
        matches!(self.phase, Phase::Online)
    }

    /// Returns a unique key for a timeline or a reader of events.
    pub(crate) const fn new_key(&mut self) -> u64 {
        self.next_key += 1;
        self.next_key
    }

    /// Submits a request. Returns whether the writer must be woken.
    pub(crate) fn submit(&mut self, request: Request, waiter: Waiter) -> Result<bool, Error> {
        if let Phase::Over(error) = &self.phase {
            return Err(error.clone());
        }
        let start = self.out.len();
        let is_send = matches!(waiter, Waiter::Send(_));
        let waits_for = match is_send {
            true if self.stream.is_forgotten() => WaitsFor::Stream,
            true if self.pauses.of_sends.is_some() => WaitsFor::Pause,
            _ => WaitsFor::Nothing,
        };
        self.slots
            .submit(request, waiter, waits_for, &mut self.out)?;
        if !self.is_online() || waits_for != WaitsFor::Nothing {
            self.out.truncate(start);
            return Ok(false);
        }
        if is_send {
            self.note_sent();
        }
        Ok(start == 0)
    }

    /// Records that sends are written in the present session.
    pub(crate) fn note_sent(&mut self) {
        if let Some(began) = self.session_began {
            self.stream.sent(began);
        }
    }

    /// Returns whether the send stream must be replaced, and nothing is lost by doing so now.
    pub(crate) fn can_replace_stream(&self) -> bool {
        self.stream.is_forgotten() && self.slots.can_replace_stream()
    }

    /// Continues on another send stream, of this random number, if it is time for it.
    pub(crate) fn replace_stream(&mut self, number: u64) {
        if self.can_replace_stream() {
            self.stream = SendStream::of_random(number);
            self.slots.release_held();
        }
    }

    /// Assigns a sequence number to a send and submits it. Returns the number, and whether the
    /// writer must be woken.
    pub(crate) fn submit_send(
        &mut self,
        conversation: ConversationId,
        seq: Option<ClientSeq>,
        outgoing: Outgoing,
        waiter: Waiter,
    ) -> Result<(ClientSeq, bool), Error> {
        let next = self
            .next_seq
            .get(&conversation)
            .copied()
            .map_or(self.next_question, |next| next.max(self.next_question));
        let seq = seq.unwrap_or(next);
        if seq < next {
            return Err(Error::SeqUsed { seq, next });
        }
        // Advance only after `submit` accepted the frame: otherwise a draft that was refused as too
        // large could not be shortened and enqueued again under its number.
        let wake = self.submit(outgoing.into_request(conversation, seq), waiter)?;
        self.next_seq.insert(conversation, seq.next());
        Ok((seq, wake))
    }

    /// Assigns a sequence number to a visitor's question: one above all others.
    pub(crate) fn number_question(&mut self) -> ClientSeq {
        let sent = self.next_seq.values().max().copied();
        let seq = sent.unwrap_or(self.next_question).max(self.next_question);
        self.use_question(seq);
        seq
    }

    /// Records that a question has this number.
    pub(crate) fn use_question(&mut self, seq: ClientSeq) {
        self.next_question = seq.next().max(self.next_question);
    }

    /// Applies a pushed frame.
    pub(crate) fn apply(&mut self, frame: TimelineFrame, wakers: &mut Vec<Waker>) {
        match frame {
            TimelineFrame::Run(run) => {
                self.each_follower(run.conversation, wakers, |follower| follower.pushed(&run));
                self.emit_pushed(wakers, || Event::Entries(run));
            }
            TimelineFrame::Behind { conversation, head } => {
                self.each_follower(conversation, wakers, |follower| follower.grown(head));
                self.emit_pushed(wakers, || Event::Behind { conversation, head });
            }
            TimelineFrame::Update(update) => self.updated(update, wakers),
        }
    }

    fn updated(&mut self, update: Update, wakers: &mut Vec<Waker>) {
        match &update {
            Update::Conversation(found) => {
                self.each_follower(found.id, wakers, |follower| follower.is_member(found.head));
            }
            &Update::Removed { conversation, last } => {
                self.each_follower(conversation, wakers, |follower| follower.removed(last));
            }
            &Update::Floor {
                conversation,
                floor,
            } => self.each_follower(conversation, wakers, |follower| follower.expired(floor)),
            Update::User(user) => {
                if user.id == self.whoami.user {
                    self.whoami.name = user.name.clone();
                }
                self.user_cache.insert(user.clone());
            }
            Update::Desk(DeskUpdate::Agent(agent)) => self.is_agent = agent.is_some(),
            Update::Inquiry(inquiry) => self.inquiry_changed(inquiry),
            &Update::Waiting {
                place,
                about_seconds,
            } => self.waiting_changed((place, about_seconds)),
            Update::Desk(_)
            | Update::Read { .. }
            | Update::Contact(_)
            | Update::Presence(_)
            | Update::Receipts { .. }
            | Update::Account(_) => {}
        }
        if self
            .subscribers
            .values()
            .all(|subscriber| subscriber.is_internal)
        {
            self.at_login.invalidate();
        }
        self.emit(&Event::Update(update), wakers);
    }

    pub(crate) fn each_follower(
        &mut self,
        conversation: ConversationId,
        wakers: &mut Vec<Waker>,
        mut change: impl FnMut(&mut Follower),
    ) {
        for follower in self.followers.of(conversation) {
            change(follower);
            wakers.extend(follower.waker.take());
        }
    }

    pub(crate) fn emit(&mut self, event: &Event, wakers: &mut Vec<Waker>) {
        for subscriber in self.subscribers.values_mut() {
            subscriber.push(event);
            wakers.extend(subscriber.waker.take());
        }
    }

    /// Emits an event to the readers of [`crate::Client::pushes`] alone.
    pub(crate) fn emit_pushed(&mut self, wakers: &mut Vec<Waker>, event: impl FnOnce() -> Event) {
        let subscribers = self.subscribers.values_mut();
        let mut readers = subscribers
            .filter(|subscriber| subscriber.wants_entries)
            .peekable();
        if readers.peek().is_none() {
            return;
        }
        let event = event();
        for subscriber in readers {
            subscriber.push(&event);
            wakers.extend(subscriber.waker.take());
        }
    }

    pub(crate) fn wake_all(&mut self, wakers: &mut Vec<Waker>) {
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

/// How overviews affect timelines and the next login.
impl State {
    /// Handles the overview of a new session: informs every timeline of its head.
    pub(crate) fn logged_in(&mut self, overview: &ConversationPage, wakers: &mut Vec<Waker>) {
        let heads: HashMap<ConversationId, MsgId> = overview
            .items
            .iter()
            .map(|item| (item.id, item.head))
            .collect();
        let is_complete = overview.next_after.is_none();
        let is_known = |id| {
            is_complete
                && overview.extent == OverviewExtent::Changed
                && !overview.gone.contains(&id)
        };
        for (conversation, follower) in self.followers.all() {
            let head = heads.get(&conversation).copied();
            if head.is_some() || !is_known(conversation) {
                follower.logged_in(head);
                wakers.extend(follower.waker.take());
            }
        }
        self.moment = complete_as_of(overview).or(self.moment);
        self.at_login.logged_in(overview);
    }

    /// Handles a complete overview: the next login needs to report only what changes from here on.
    pub(crate) fn overview_read(&mut self, conversations: &[Conversation], as_of: Moment) {
        let mut wakers = Vec::new();
        for item in conversations {
            self.each_follower(item.id, &mut wakers, |follower| follower.grown(item.head));
        }
        wakers.into_iter().for_each(Waker::wake);
        self.moment = Some(as_of);
        self.at_login.invalidate();
    }

    /// Returns what the next login tells.
    pub(crate) const fn resume(&self) -> Resume {
        Resume {
            since: self.moment,
            stream: self.stream,
        }
    }
}
