//! The registry: all sessions, and what each of them follows, watches and focuses.

use std::sync::Arc;
use std::time::Duration;

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::presence::UserPresence;
use hashbrown::HashMap;
use tokio::time::Instant;

use crate::delivery::push::Push;
use crate::hub::desk::DeskSessions;
use crate::hub::presence::{self, Watchers, presence_of};
use crate::hub::receipts::Waiting;
use crate::hub::typing::Viewers;
use crate::session::Session;

/// A session is in every index that it belongs to.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    pub(crate) sessions: HashMap<UserId, Vec<Arc<Session>>>,
    pub(crate) followers: HashMap<ConversationId, Vec<Arc<Session>>>,
    pub(crate) watchers: Watchers,
    pub(crate) viewers: Viewers,
    /// Receipts to send to viewers.
    pub(crate) moved: Waiting,
    pub(crate) desk: DeskSessions,
}

impl Registry {
    pub(crate) fn sessions_of(&self, user: UserId) -> &[Arc<Session>] {
        self.sessions.get(&user).map_or(&[], Vec::as_slice)
    }

    /// Watches users and returns their presences. A session that is over, or has no push, gets the
    /// presences but watches no one.
    pub(crate) fn watch(
        &mut self,
        session: &Arc<Session>,
        users: Vec<UserId>,
    ) -> Vec<UserPresence> {
        let presences: Vec<_> = users
            .iter()
            .map(|&user| presence_of(user, self.sessions_of(user)))
            .collect();
        if self.contains(session) && session.push.is_some() {
            self.watchers.replace(session, users);
            // Also pushed: the reply travels on another stream and may arrive after later updates,
            // so the order of pushed frames must decide.
            presences
                .iter()
                .for_each(|presence| presence::send(session, presence.clone()));
        }
        presences
    }

    pub(crate) fn contains(&self, session: &Arc<Session>) -> bool {
        session.actor().is_some_and(|actor| {
            self.sessions_at(actor.into())
                .iter()
                .any(|known| Arc::ptr_eq(known, session))
        })
    }

    /// Ends watching and typing between two users.
    pub(crate) fn sever(&mut self, one: UserId, another: UserId) {
        let Self {
            watchers, sessions, ..
        } = self;
        for (user, watcher) in [(one, another), (another, one)] {
            watchers.unwatch(user, sessions.get(&watcher).map_or(&[], Vec::as_slice));
        }
        let Some(chat) = ConversationId::direct(one, another) else {
            return;
        };
        for user in [one, another] {
            self.viewers
                .unfocus(chat, self.sessions.get(&user).map_or(&[], Vec::as_slice));
        }
    }

    /// Sends changed presences to their watchers.
    pub(crate) fn notify_presences(&mut self) {
        for user in self.watchers.take_moved() {
            self.watchers
                .send(&presence_of(user, self.sessions_of(user)));
        }
    }

    /// Updates which sessions are idle, and marks users whose presence changed.
    pub(crate) fn mark_idle_sessions(&mut self, now: Instant, away_after: Option<Duration>) {
        let Self {
            sessions, watchers, ..
        } = self;
        for (&user, sessions) in sessions {
            let mut has_changed = false;
            for session in sessions.iter().filter(|session| session.push.is_some()) {
                let before = session.shown();
                session.activity.check(now, away_after);
                has_changed |= session.shown() != before;
            }
            if has_changed {
                watchers.note(user);
            }
        }
    }

    /// Queues changed receipts for the viewers of each conversation.
    pub(crate) fn enqueue_receipts(&mut self) {
        for (conversation, receipts) in self.moved.take() {
            // Visitors see nothing of other readers, who may be agents that watch.
            let viewers = self.viewers.at(conversation).iter();
            for session in viewers.filter(|session| session.visitor().is_none()) {
                if let Some(push) = &session.push {
                    let reads = *session.sees_reads.lock();
                    push.enqueue_receipts(conversation, receipts.clone(), reads);
                    push.wake();
                }
            }
        }
    }

    /// Removes a session from every index. A login that is decided later does not register it
    /// again.
    pub(crate) fn leave(&mut self, session: &Arc<Session>) {
        session.end();
        let Some(actor) = session.actor() else { return };
        let remove = |list: &mut Vec<Arc<Session>>| {
            if let Some(at) = list.iter().position(|other| Arc::ptr_eq(other, session)) {
                list.swap_remove(at);
            }
            list.is_empty()
        };
        if let Some(visitor) = session.visitor() {
            self.desk.leave(visitor, session);
        } else if self.sessions.get_mut(&actor.user).is_some_and(remove) {
            self.sessions.remove(&actor.user);
        }
        self.watchers.remove(session);
        self.viewers.replace(session, None);
        if session.push.is_some() {
            self.watchers.note(actor.user);
        }
        for conversation in session.push.iter().flat_map(Push::conversations) {
            if self.followers.get_mut(&conversation).is_some_and(remove) {
                self.followers.remove(&conversation);
            }
        }
    }
}
