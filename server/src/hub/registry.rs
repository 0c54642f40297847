//! Which sessions there are, and what each of them follows, watches and looks at.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::presence::UserPresence;
use hashbrown::HashMap;

use crate::delivery::push::Push;
use crate::hub::presence::{self, Watchers, presence_of};
use crate::hub::receipts::Waiting;
use crate::hub::typing::Viewers;
use crate::session::Session;

/// The sessions, each in every list that it belongs in.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    pub(crate) sessions: HashMap<UserId, Vec<Arc<Session>>>,
    pub(crate) followers: HashMap<ConversationId, Vec<Arc<Session>>>,
    pub(crate) watchers: Watchers,
    pub(crate) viewers: Viewers,
    /// Receipts that those who look are to be told of.
    pub(crate) moved: Waiting,
}

impl Registry {
    pub(crate) fn sessions_of(&self, user: UserId) -> &[Arc<Session>] {
        self.sessions.get(&user).map_or(&[], Vec::as_slice)
    }

    /// The session watches those users from now on whom it was found to be allowed to watch. One
    /// that is over, or is not pushed anything, is told where they are and watches nobody.
    pub(crate) fn watch(
        &mut self,
        session: &Arc<Session>,
        allowed: &[UserPresence],
    ) -> Vec<UserPresence> {
        let is_told = self.is_here(session) && session.push.is_some();
        if is_told {
            self.watchers.replace(
                session,
                allowed.iter().map(|allowed| allowed.user).collect(),
            );
        }
        let presences: Vec<_> = allowed
            .iter()
            .map(|allowed| presence_of(allowed.user, self.sessions_of(allowed.user)))
            .collect();
        // The answer goes by another stream than what is told from now on, and may come behind it.
        // So the order of the frames decides.
        if is_told {
            presences
                .iter()
                .for_each(|presence| presence::tell(session, presence.clone()));
        }
        presences
    }

    pub(crate) fn is_here(&self, session: &Arc<Session>) -> bool {
        session.actor().is_some_and(|actor| {
            self.sessions_of(actor.user)
                .iter()
                .any(|known| Arc::ptr_eq(known, session))
        })
    }

    /// Neither of the two sees any more where the other is, or that he types in their chat.
    pub(crate) fn sever(&mut self, one: UserId, another: UserId) {
        let Self {
            watchers, sessions, ..
        } = self;
        for (user, watcher) in [(one, another), (another, one)] {
            watchers.part(user, sessions.get(&watcher).map_or(&[], Vec::as_slice));
        }
        let Some(chat) = ConversationId::direct(one, another) else {
            return;
        };
        for user in [one, another] {
            self.viewers
                .part(chat, self.sessions.get(&user).map_or(&[], Vec::as_slice));
        }
    }

    /// Tells those who watch where those are who moved since the last time.
    pub(crate) fn notify_presences(&mut self) {
        for user in self.watchers.take_moved() {
            self.watchers
                .tell(&presence_of(user, self.sessions_of(user)));
        }
    }

    /// Looks which sessions are without activity, and notes those that were not, or are not any
    /// more.
    pub(crate) fn mark_idle_sessions(&mut self, now: Instant, away_after: Option<Duration>) {
        let Self {
            sessions, watchers, ..
        } = self;
        for (&user, sessions) in sessions {
            let mut is_another = false;
            for session in sessions.iter().filter(|session| session.push.is_some()) {
                let before = session.shown();
                session.activity.check(now, away_after);
                is_another |= session.shown() != before;
            }
            if is_another {
                watchers.note(user);
            }
        }
    }

    /// Tells those who look at a conversation how far its members are.
    pub(crate) fn enqueue_receipts(&mut self) {
        for (conversation, frame) in self.moved.take() {
            for session in self.viewers.at(conversation) {
                if let Some(push) = &session.push {
                    push.enqueue_receipts(conversation, frame.clone(), *session.sees_reads.lock());
                    push.wake();
                }
            }
        }
    }

    /// Takes a session out.
    pub(crate) fn leave(&mut self, session: &Arc<Session>) {
        let Some(actor) = session.actor() else { return };
        let remove = |list: &mut Vec<Arc<Session>>| {
            if let Some(at) = list.iter().position(|other| Arc::ptr_eq(other, session)) {
                list.swap_remove(at);
            }
            list.is_empty()
        };
        if self.sessions.get_mut(&actor.user).is_some_and(remove) {
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
