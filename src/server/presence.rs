//! Who is there, and who is told of it: an index from users to the sessions that watch them, so that whoever comes or goes costs as much as
//! there are sessions that look at him.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_proto::event::TimelineFrame;
use cairn_proto::ids::{DeviceId, UserId};
use cairn_proto::presence::{PresentDevice, UserPresence};
use hashbrown::HashMap;

use super::hub::Session;
use super::push::Item;

/// Which sessions watch whom.
#[derive(Debug, Default)]
pub(super) struct Watchers {
    of: HashMap<UserId, Vec<Arc<Session>>>,
}

impl Watchers {
    /// The session watches these users from now on, and no others.
    pub(super) fn replace(&mut self, session: &Arc<Session>, users: Vec<UserId>) {
        self.remove(session);
        for &user in &users {
            self.of.entry(user).or_default().push(session.clone());
        }
        *session.watched.lock() = users;
    }

    /// The session watches nobody any more.
    pub(super) fn remove(&mut self, session: &Arc<Session>) {
        for user in std::mem::take(&mut *session.watched.lock()) {
            let Some(watchers) = self.of.get_mut(&user) else { continue };
            watchers.retain(|other| !Arc::ptr_eq(other, session));
            if watchers.is_empty() {
                self.of.remove(&user);
            }
        }
    }

    /// The sessions of `watcher` watch `user` no more. What they are told at last is that he went.
    pub(super) fn part(&mut self, user: UserId, watcher: UserId) {
        let Some(watchers) = self.of.get_mut(&user) else { return };
        watchers.retain(|session| {
            let goes = session.actor().is_some_and(|actor| actor.user == watcher);
            if goes {
                session.watched.lock().retain(|&watched| watched != user);
                tell(session, UserPresence { user, devices: Vec::new() });
            }
            !goes
        });
    }

    /// Tells those who watch him where a user is.
    pub(super) fn tell(&self, presence: &UserPresence) {
        for session in self.of.get(&presence.user).into_iter().flatten() {
            tell(session, presence.clone());
        }
    }

    /// Whether anybody watches him.
    pub(super) fn has(&self, user: UserId) -> bool {
        self.of.contains_key(&user)
    }
}

fn tell(session: &Session, presence: UserPresence) {
    if let Some(push) = &session.push {
        push.tell(Item::Presence(presence.user), TimelineFrame::Presence(presence));
        push.wake();
    }
}

/// Where a user is, by his sessions. Those that do not listen do not count: a command that asks and goes is nobody who is there.
pub(super) fn presence_of(user: UserId, sessions: &[Arc<Session>]) -> UserPresence {
    let mut devices: BTreeMap<DeviceId, PresentDevice> = BTreeMap::new();
    for session in sessions.iter().filter(|session| session.push.is_some()) {
        let Some(actor) = session.actor() else { continue };
        let shown = session.shown();
        let device = devices.entry(actor.device).or_insert(shown);
        device.kind = device.kind.max(shown.kind);
        device.is_away &= shown.is_away;
    }
    let mut devices: Vec<PresentDevice> = devices.into_values().collect();
    devices.sort_unstable();
    UserPresence { user, devices }
}
