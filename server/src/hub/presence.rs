//! Presence: an index from users to the sessions that watch them, so that a change costs as much as
//! there are watchers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cairn_proto::ids::{DeviceId, UserId};
use cairn_proto::model::presence::{PresentDevice, UserPresence};
use cairn_proto::wire::event::Update;
use hashbrown::HashMap;
use tokio::sync::Notify;

use crate::delivery::push::UpdateKey;
use crate::session::Session;

#[derive(Debug, Default)]
pub(crate) struct Watchers {
    of: HashMap<UserId, BTreeMap<Key, Arc<Session>>>,
    /// Watched users whose presence changed since the last notification.
    moved: BTreeSet<UserId>,
    pub(crate) news: Arc<Notify>,
}

/// The number of a session.
type Key = u64;

impl Watchers {
    /// Replaces the users that a session watches.
    pub(crate) fn replace(&mut self, session: &Arc<Session>, users: Vec<UserId>) {
        self.remove(session);
        for &user in &users {
            self.of
                .entry(user)
                .or_default()
                .insert(session.number, session.clone());
        }
        *session.watched.lock() = users;
    }

    /// Stops watching on behalf of a session.
    pub(crate) fn remove(&mut self, session: &Arc<Session>) {
        for user in std::mem::take(&mut *session.watched.lock()) {
            self.take(user, session);
        }
    }

    /// Ends these sessions' watch of a user. They last see the user offline.
    pub(crate) fn unwatch(&mut self, user: UserId, sessions: &[Arc<Session>]) {
        for session in sessions.iter().filter(|session| self.take(user, session)) {
            session.watched.lock().retain(|&watched| watched != user);
            send(
                session,
                UserPresence {
                    user,
                    devices: Vec::new(),
                },
            );
        }
    }

    fn take(&mut self, user: UserId, session: &Arc<Session>) -> bool {
        let Some(watchers) = self.of.get_mut(&user) else {
            return false;
        };
        let was_there = watchers.remove(&session.number).is_some();
        if watchers.is_empty() {
            self.of.remove(&user);
        }
        was_there
    }

    /// Marks a user's presence as changed. Watchers are notified once per interval, however often
    /// it changes.
    pub(crate) fn note(&mut self, user: UserId) {
        if self.of.contains_key(&user) && self.moved.insert(user) {
            self.news.notify_one();
        }
    }

    pub(crate) fn take_moved(&mut self) -> BTreeSet<UserId> {
        std::mem::take(&mut self.moved)
    }

    /// Sends a presence to its watchers.
    pub(crate) fn send(&self, presence: &UserPresence) {
        for session in self
            .of
            .get(&presence.user)
            .into_iter()
            .flat_map(BTreeMap::values)
        {
            send(session, presence.clone());
        }
    }
}

pub(crate) fn send(session: &Session, presence: UserPresence) {
    if let Some(push) = &session.push {
        push.enqueue(
            UpdateKey::Presence(presence.user),
            Update::Presence(presence),
        );
        push.wake();
    }
}

/// Returns the presence of a user. Sessions without push do not count: one-off commands do not
/// affect presence.
pub(crate) fn presence_of(user: UserId, sessions: &[Arc<Session>]) -> UserPresence {
    let mut devices: BTreeMap<DeviceId, PresentDevice> = BTreeMap::new();
    for session in sessions.iter().filter(|session| session.push.is_some()) {
        let Some(actor) = session.actor() else {
            continue;
        };
        let shown = session.shown();
        let device = devices.entry(actor.device).or_insert(shown);
        device.kind = device.kind.max(shown.kind);
        device.is_away &= shown.is_away;
    }
    let mut devices: Vec<PresentDevice> = devices.into_values().collect();
    devices.sort_unstable();
    UserPresence { user, devices }
}
