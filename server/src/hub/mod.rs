//! The hub: all sessions, and which of them must learn of what. The sequencer publishes each batch
//! here once.
mod apply;
pub(crate) mod desk;
pub(crate) mod presence;
pub(crate) mod receipts;
pub(crate) mod registry;
pub(crate) mod tasks;
pub(crate) mod typing;

use std::sync::Arc;
use std::time::Duration;

use cairn_proto::ids::{ConversationId, DeviceId, UserId};
use cairn_proto::model::presence::PresentDevice;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::fairness::allowance::{Allowances, Rules};
use crate::fairness::openings::{OpeningRules, Openings};
use crate::fairness::visitors::{VisitorRules, Visitors};
use crate::hub::desk::DeskNews;
use crate::hub::receipts::FocusedConversations;
use crate::hub::registry::Registry;
use crate::limits;
use crate::sequencer::publication::Publication;
use crate::session::Session;
use cairn_core::state::settings::Settings;
use cairn_store::timeline::Timelines;

#[derive(Debug)]
pub(crate) struct Hub {
    timelines: Arc<Timelines>,
    registry: Mutex<Registry>,
    /// Idle time after which a session counts as away; `None` for never.
    pub(super) away_after: watch::Sender<Option<Duration>>,
    pub(crate) allowances: Allowances,
    pub(crate) desk: DeskNews,
    pub(crate) openings: Openings,
    pub(crate) visitors: Arc<Visitors>,
}

impl Hub {
    #[must_use]
    pub(crate) fn new(timelines: Arc<Timelines>, settings: &Settings) -> Self {
        Self {
            timelines,
            registry: Mutex::default(),
            away_after: watch::Sender::new(settings.away_after.get()),
            allowances: Allowances::new(Rules::of(settings)),
            desk: DeskNews::default(),
            openings: Openings::new(OpeningRules::of(settings)),
            visitors: Arc::new(Visitors::new(VisitorRules::of(settings))),
        }
    }

    /// Publishes one batch to the sessions.
    pub(crate) fn publish(&self, publication: Publication) {
        let Publication {
            steps,
            grown,
            responses,
            answers,
        } = publication;
        let mut registry = self.registry.lock();
        // Memberships before entries: a session must not be pushed an entry of this batch that it
        // lost access to.
        for step in steps {
            self.apply(&mut registry, step);
        }
        // `show` before `mark`: a session that wakes before it may see the entries would find
        // nothing and sleep again.
        for (timeline, head) in grown {
            timeline.show(head);
            mark(&registry, timeline.conversation());
        }
        // Replies last: a client that reads its reply may rely on every session having been
        // notified.
        drop(registry);
        responses.deliver();
        answers.into_iter().for_each(|answer| answer.send());
    }

    /// Removes a session.
    pub(crate) fn leave(&self, session: &Arc<Session>) {
        let mut registry = self.registry.lock();
        registry.leave(session);
        self.note_agent(&mut registry, session);
    }

    /// Sets the presence that a client reports, and marks its user for the watchers.
    pub(crate) fn set_present(&self, session: &Session, said: PresentDevice) {
        let mut registry = self.registry.lock();
        let before = std::mem::replace(&mut *session.present.lock(), said);
        if let Some(actor) = session
            .actor()
            .filter(|_| before != said && session.push.is_some())
        {
            registry.watchers.note(actor.user);
        }
    }

    /// Records activity on a session, and marks its user for the watchers if the session was idle.
    pub(crate) fn record_activity(&self, session: &Session, now: Instant) {
        let is_back = session.activity.record(now);
        if let Some(actor) = session
            .actor()
            .filter(|_| is_back && session.push.is_some())
        {
            self.registry.lock().watchers.note(actor.user);
        }
    }

    /// Updates which sessions are idle, and marks their users for the watchers.
    pub(crate) fn mark_idle_sessions(&self, away_after: Option<Duration>) {
        self.registry
            .lock()
            .mark_idle_sessions(Instant::now(), away_after);
    }

    /// Notified when a watched user's presence changed; call [`Hub::notify_presences`] then.
    #[must_use]
    pub(crate) fn presence_news(&self) -> Arc<Notify> {
        self.registry.lock().watchers.news.clone()
    }

    /// Sends changed presences to their watchers.
    pub(crate) fn notify_presences(&self) {
        self.registry.lock().notify_presences();
    }

    /// Sends a typing indicator to the other viewers of a conversation.
    pub(crate) fn typing(&self, session: &Session, conversation: ConversationId) {
        if let Some(actor) = session.actor() {
            self.registry
                .lock()
                .viewers
                .notify(conversation, session, actor.user);
        }
    }

    #[must_use]
    pub(crate) fn focused(&self) -> FocusedConversations {
        self.registry.lock().viewers.focused.clone()
    }

    /// Queues changed receipts for the viewers of each conversation.
    pub(crate) fn enqueue_receipts(&self) {
        self.registry.lock().enqueue_receipts();
    }

    #[must_use]
    pub(crate) fn is_online(&self, user: UserId, device: DeviceId) -> bool {
        let registry = self.registry.lock();
        registry
            .sessions_of(user)
            .iter()
            .any(|session| session.actor().is_some_and(|actor| actor.device == device))
    }

    #[must_use]
    pub(crate) fn session_count(&self) -> u64 {
        self.registry
            .lock()
            .sessions
            .values()
            .map(|sessions| sessions.len() as u64)
            .sum()
    }

    /// Returns all sessions, in the order in which they began.
    #[must_use]
    pub(crate) fn sessions(&self) -> Vec<Arc<Session>> {
        let registry = self.registry.lock();
        let users = registry.sessions.values();
        let visitors = registry.desk.visitors.values();
        let mut sessions: Vec<_> = users.chain(visitors).flatten().cloned().collect();
        sessions.sort_unstable_by_key(|session| session.number);
        sessions
    }
}

/// Marks a conversation dirty for its followers.
fn mark(registry: &Registry, conversation: ConversationId) {
    let followers = registry
        .followers
        .get(&conversation)
        .map_or(&[][..], Vec::as_slice);
    let push_delay = coalescing_delay(followers.len());
    for push in followers.iter().filter_map(|session| session.push.as_ref()) {
        if push.mark(conversation, push_delay) {
            push.wake();
        }
    }
}

/// Returns the coalescing delay of a conversation with this many followers.
fn coalescing_delay(followers: usize) -> Duration {
    if followers < limits::COALESCING_FOLLOWERS_MIN {
        return Duration::ZERO;
    }
    let followers = u32::try_from(followers).unwrap_or(u32::MAX);
    limits::COALESCING_DELAY_PER_FOLLOWER
        .saturating_mul(followers)
        .min(limits::COALESCING_DELAY_MAX)
}

#[cfg(test)]
mod tests;
