//! What one session is to be pushed: a position in each conversation and the set of those with
//! news. There is no queue of messages, so a session that reads slowly costs distance and no
//! memory.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::model::conversation::Conversation;
use cairn_proto::model::receipts::Reads;
use cairn_proto::wire::event::TimelineFrame;
use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::limits;
use cairn_core::people::account_update::AccountPart;
use cairn_store::timeline::Timeline;

/// The feeds of one session.
#[derive(Debug, Default)]
pub struct Push {
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    feeds: HashMap<ConversationId, Feed>,
    last_generation: u64,
    dirty: VecDeque<ConversationId>,
    /// What else is to be pending, the latest of each thing.
    pending: BTreeMap<UpdateKey, TimelineFrame>,
    /// There is news that must not wait for the end of a push_delay.
    is_urgent: bool,
    is_coalescing: bool,
}

/// What a session is pending of beside conversations. Each thing has one place, so that a session
/// that reads slowly is pending how it stands and not how it came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UpdateKey {
    /// Something of the user's own.
    AccountUpdate(AccountPart),
    /// The relation to a user.
    Contact(UserId),
    /// Where a user is.
    Presence(UserId),
    /// Who has got and read what in a conversation.
    Receipts(ConversationId),
}

/// Where a session is in one conversation.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The conversation's log.
    pub timeline: Arc<Timeline>,
    /// The last entry that was pushed, or that the device had before.
    pub position: MsgId,
    /// The entry that ended the membership.
    pub end: Option<MsgId>,
    /// What the session is pending of the conversation first: it is new to the user, or something
    /// about it is.
    pub announce: Option<Box<Conversation>>,
    /// How far the user has read, by the head that the log had then, when the session has not been
    /// pending.
    pub read: Option<(MsgId, MsgId)>,
    /// The last entry of which the session knows that it is gone on purpose.
    pub floor: MsgId,
    /// How long the session rests once this was pushed.
    pub push_delay: Duration,
    /// Which of the feeds it is that the conversation has had, one after the other.
    pub generation: Generation,
    dirty: bool,
}

/// Tells the feeds of a session apart. A membership that ends and begins anew has another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Generation(u64);

/// How far what a feed pushes goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedBound {
    /// As far as sessions are shown the log.
    Head,
    /// Up to the entry that ended the membership.
    Until(MsgId),
    /// The feed is no more, or another is in its place.
    Stale,
}

impl Feed {
    /// A feed of a conversation that the client learned of at login, with its floor.
    #[must_use]
    pub fn resumed(timeline: Arc<Timeline>, position: MsgId, floor: MsgId) -> Self {
        let (push_delay, generation) = (Duration::ZERO, Generation::default());
        Self {
            timeline,
            position,
            end: None,
            announce: None,
            read: None,
            floor,
            push_delay,
            generation,
            dirty: false,
        }
    }

    /// A feed of a conversation that is new to the user.
    #[must_use]
    pub fn joined(timeline: Arc<Timeline>, position: MsgId, announce: Box<Conversation>) -> Self {
        let floor = announce.floor;
        Self {
            announce: Some(announce),
            ..Self::resumed(timeline, position, floor)
        }
    }
}

impl State {
    fn has_news(&self) -> bool {
        !self.dirty.is_empty() || !self.pending.is_empty()
    }
}

impl Push {
    /// Adds a feed, or puts a new one in its place, with news to look for.
    pub fn put(&self, conversation: ConversationId, feed: Feed) {
        let mut state = self.state.lock();
        state.is_urgent = true;
        state.last_generation += 1;
        let generation = Generation(state.last_generation);
        let is_listed = state
            .feeds
            .insert(
                conversation,
                Feed {
                    dirty: true,
                    generation,
                    ..feed
                },
            )
            .is_some_and(|old| old.dirty);
        if !is_listed {
            state.dirty.push_back(conversation);
        }
    }

    /// Nothing above `last` is pushed any more.
    pub fn end(&self, conversation: ConversationId, last: MsgId) {
        if let Some(feed) = self.state.lock().feeds.get_mut(&conversation) {
            feed.end = Some(last);
        }
        self.mark(conversation, Duration::ZERO);
    }

    /// The session is pending how its user stands in a conversation, and with it how far he has
    /// read.
    pub fn announce(&self, summary: &Conversation) {
        self.note(summary.id, |feed| {
            (feed.announce, feed.read) = (Some(Box::new(summary.clone())), None)
        });
    }

    /// The session is pending how far its user has read, by the head that the log had then.
    pub fn read(&self, conversation: ConversationId, read: MsgId, head: MsgId) {
        self.note(conversation, |feed| feed.read = Some((read, head)));
    }

    fn note(&self, conversation: ConversationId, note: impl FnOnce(&mut Feed)) {
        if let Some(feed) = self.state.lock().feeds.get_mut(&conversation) {
            note(feed);
        }
        if self.mark(conversation, Duration::ZERO) {
            self.wake();
        }
    }

    /// There is news in a conversation, whose sessions push_delay for so long once they were pushed
    /// some. Says whether the session should be woken for it.
    pub fn mark(&self, conversation: ConversationId, push_delay: Duration) -> bool {
        let State {
            feeds,
            dirty,
            is_urgent: was_urgent,
            is_coalescing,
            ..
        } = &mut *self.state.lock();
        let Some(feed) = feeds.get_mut(&conversation) else {
            return false;
        };
        feed.push_delay = push_delay;
        let is_listed = std::mem::replace(&mut feed.dirty, true);
        if !is_listed {
            dirty.push_back(conversation);
        }
        let cannot_wait = push_delay.is_zero()
            || feed.timeline.head().above(feed.position) >= limits::COALESCED_MESSAGES_MAX;
        let is_urgent = cannot_wait && !std::mem::replace(was_urgent, true);
        if *is_coalescing {
            is_urgent
        } else {
            !is_listed
        }
    }

    /// There is something to enqueue beside news of conversations. What was to be pending of the
    /// same item before is not pending any more.
    pub fn enqueue(&self, item: UpdateKey, frame: TimelineFrame) {
        let mut state = self.state.lock();
        state.is_urgent = true;
        state.pending.insert(item, frame);
    }

    /// Members of a conversation are further than they were. A session that has not been pending of
    /// others yet is pending that there are more.
    pub fn enqueue_receipts(
        &self,
        conversation: ConversationId,
        frame: TimelineFrame,
        reads: Reads,
    ) {
        let TimelineFrame::Receipts {
            conversation: id,
            mut cursors,
            more,
        } = frame
        else {
            return;
        };
        if reads == Reads::Hidden {
            cursors
                .iter_mut()
                .for_each(|cursors| cursors.read = MsgId::ZERO);
        }
        let mut state = self.state.lock();
        let more = more
            || state
                .pending
                .contains_key(&UpdateKey::Receipts(conversation));
        state.is_urgent = true;
        state.pending.insert(
            UpdateKey::Receipts(conversation),
            TimelineFrame::Receipts {
                conversation: id,
                cursors,
                more,
            },
        );
    }

    /// Takes everything that is to be pending beside news of conversations.
    pub fn drain_pending(&self) -> BTreeMap<UpdateKey, TimelineFrame> {
        std::mem::take(&mut self.state.lock().pending)
    }

    /// Wakes whoever waits in [`Push::next`].
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits until there is news, after a push_delay that only urgent news cuts short.
    pub async fn news(&self, push_delay: Duration) {
        if !push_delay.is_zero() {
            self.state.lock().is_coalescing = true;
            // Whichever ends it, what is new by then is pushed.
            let _ = timeout(push_delay, self.urgent_news()).await;
            self.state.lock().is_coalescing = false;
        }
        loop {
            let wake = self.wake.notified();
            if self.state.lock().has_news() {
                return;
            }
            wake.await;
        }
    }

    async fn urgent_news(&self) {
        loop {
            let wake = self.wake.notified();
            if self.state.lock().is_urgent {
                return;
            }
            wake.await;
        }
    }

    /// The next conversation with news; it counts as clean from now on.
    pub fn next(&self) -> Option<(ConversationId, Feed)> {
        let mut state = self.state.lock();
        while let Some(conversation) = state.dirty.pop_front() {
            if let Some(feed) = state.feeds.get_mut(&conversation) {
                feed.dirty = false;
                let (announce, read) = (feed.announce.take(), feed.read.take());
                return Some((
                    conversation,
                    Feed {
                        announce,
                        read,
                        ..feed.clone()
                    },
                ));
            }
        }
        state.is_urgent = false;
        None
    }

    /// How far a feed that [`Push::next`] gave goes by now.
    #[must_use]
    pub fn bound(&self, conversation: ConversationId, generation: Generation) -> FeedBound {
        let state = self.state.lock();
        match state
            .feeds
            .get(&conversation)
            .filter(|feed| feed.generation == generation)
        {
            Some(feed) => feed.end.map_or(FeedBound::Head, FeedBound::Until),
            None => FeedBound::Stale,
        }
    }

    /// Notes that everything up to `position` was pushed.
    pub fn advance(&self, conversation: ConversationId, generation: Generation, position: MsgId) {
        self.change(conversation, generation, |feed| {
            feed.position = feed.position.max(position)
        });
    }

    /// The session was pending that everything up to `floor` is gone on purpose.
    pub fn told_floor(&self, conversation: ConversationId, generation: Generation, floor: MsgId) {
        self.change(conversation, generation, |feed| {
            feed.floor = feed.floor.max(floor)
        });
    }

    fn change(
        &self,
        conversation: ConversationId,
        generation: Generation,
        change: impl FnOnce(&mut Feed),
    ) {
        if let Some(feed) = self
            .state
            .lock()
            .feeds
            .get_mut(&conversation)
            .filter(|feed| feed.generation == generation)
        {
            change(feed);
        }
    }

    /// Takes a feed away whose end was pending.
    pub fn remove(&self, conversation: ConversationId, generation: Generation) {
        let mut state = self.state.lock();
        if state
            .feeds
            .get(&conversation)
            .is_some_and(|feed| feed.generation == generation)
        {
            state.feeds.remove(&conversation);
        }
    }

    /// The conversations that have a feed.
    #[must_use]
    pub fn conversations(&self) -> Vec<ConversationId> {
        self.state.lock().feeds.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use cairn_proto::model::receipts::MemberCursors;
    use tokio::time::Instant;

    const CROWD: ConversationId = ConversationId::new(1);
    const FRIENDS: ConversationId = ConversationId::new(2);
    const PUSH_DELAY: Duration = limits::COALESCING_DELAY_MAX;

    /// A session that follows both and was pushed all there is, and the log of the crowd.
    fn push() -> (Push, Arc<Timeline>) {
        let push = Push::default();
        let [crowd, friends] =
            [CROWD, FRIENDS].map(|id| Arc::new(Timeline::new(id, MsgId::ZERO, MsgId::ZERO)));
        push.put(
            CROWD,
            Feed::resumed(crowd.clone(), MsgId::ZERO, MsgId::ZERO),
        );
        push.put(FRIENDS, Feed::resumed(friends, MsgId::ZERO, MsgId::ZERO));
        assert_eq!(taken(&push), [CROWD, FRIENDS]);
        (push, crowd)
    }

    fn taken(push: &Push) -> Vec<ConversationId> {
        std::iter::from_fn(|| push.next())
            .map(|(conversation, _)| conversation)
            .collect()
    }

    /// How long a session that rests waits for news, of which `enqueue` tells.
    async fn waited(push: &Push, enqueue: impl FnOnce()) -> Duration {
        let began = Instant::now();
        tokio::join!(push.news(PUSH_DELAY), async { enqueue() });
        began.elapsed()
    }

    #[test]
    fn what_was_begun_for_a_membership_that_ended_does_not_touch_the_next_one() {
        let (push, crowd) = push();
        push.end(CROWD, MsgId::new(3));
        let (_, old) = push.next().unwrap();
        assert_eq!(
            push.bound(CROWD, old.generation),
            FeedBound::Until(MsgId::new(3))
        );
        push.put(CROWD, Feed::resumed(crowd, MsgId::new(7), MsgId::ZERO));
        assert_eq!(push.bound(CROWD, old.generation), FeedBound::Stale);
        push.advance(CROWD, old.generation, MsgId::new(9));
        push.told_floor(CROWD, old.generation, MsgId::new(9));
        push.remove(CROWD, old.generation);
        let (_, new) = push.next().unwrap();
        assert_eq!((new.position, new.floor), (MsgId::new(7), MsgId::ZERO));
        assert_eq!(push.bound(CROWD, new.generation), FeedBound::Head);
        push.remove(CROWD, new.generation);
        assert_eq!(push.bound(CROWD, new.generation), FeedBound::Stale);
    }

    #[tokio::test(start_paused = true)]
    async fn news_of_a_crowd_waits_for_the_end_of_a_rest_and_no_longer() {
        let (push, _) = push();
        let pending = || assert!(!push.mark(CROWD, PUSH_DELAY), "nobody needs to be woken");
        assert!((PUSH_DELAY..2 * PUSH_DELAY).contains(&waited(&push, pending).await));
        assert_eq!(taken(&push), [CROWD]);
        assert!(
            push.mark(CROWD, PUSH_DELAY),
            "what ends a silence is pushed at once"
        );
        push.wake();
        push.news(Duration::ZERO).await;
        assert_eq!(push.next().unwrap().1.push_delay, PUSH_DELAY);
    }

    #[tokio::test(start_paused = true)]
    async fn other_news_cuts_a_rest_short_and_takes_the_crowds_with_it() {
        let (push, _) = push();
        let pending = || {
            assert!(!push.mark(CROWD, PUSH_DELAY));
            assert!(push.mark(FRIENDS, Duration::ZERO));
            push.wake();
        };
        assert_eq!(waited(&push, pending).await, Duration::ZERO);
        assert_eq!(taken(&push), [CROWD, FRIENDS]);
        let pending = || assert!(!push.mark(CROWD, PUSH_DELAY));
        assert!(
            waited(&push, pending).await >= PUSH_DELAY,
            "the next push_delay is whole again"
        );
    }

    #[test]
    fn receipts_that_were_not_told_yet_become_one_hint_that_there_are_more() {
        let (push, _) = push();
        let of = |user: u32| MemberCursors {
            user: UserId::new(user),
            delivered: MsgId::new(7),
            read: MsgId::new(5),
        };
        let frame = |user, more| TimelineFrame::Receipts {
            conversation: CROWD,
            cursors: vec![of(user)],
            more,
        };
        let pending = |push: &Push| push.drain_pending().into_values().collect::<Vec<_>>();
        push.enqueue_receipts(CROWD, frame(1, false), Reads::Shown);
        assert_eq!(pending(&push), [frame(1, false)]);
        push.enqueue_receipts(CROWD, frame(1, false), Reads::Shown);
        push.enqueue_receipts(CROWD, frame(2, false), Reads::Shown);
        assert_eq!(
            pending(&push),
            [frame(2, true)],
            "of the first it is only known that there was one"
        );
        push.enqueue_receipts(CROWD, frame(3, true), Reads::Shown);
        assert_eq!(pending(&push), [frame(3, true)]);
        push.enqueue_receipts(CROWD, frame(4, false), Reads::Hidden);
        let hidden = MemberCursors {
            read: MsgId::ZERO,
            ..of(4)
        };
        assert_eq!(
            pending(&push),
            [TimelineFrame::Receipts {
                conversation: CROWD,
                cursors: vec![hidden],
                more: false
            }]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn so_much_news_that_it_fills_packets_cuts_a_rest_short() {
        let (push, crowd) = push();
        let pending = || {
            for msgid in 1..=limits::COALESCED_MESSAGES_MAX {
                crowd
                    .publish(MsgId::new(msgid), [Bytes::from_static(b"entry")])
                    .unwrap();
                assert_eq!(
                    push.mark(CROWD, PUSH_DELAY),
                    msgid == limits::COALESCED_MESSAGES_MAX
                );
            }
            push.wake();
        };
        assert_eq!(waited(&push, pending).await, Duration::ZERO);
    }
}
