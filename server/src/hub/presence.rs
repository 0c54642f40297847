//! Who is there, and who is told of it: an index from users to the sessions that watch them, so
//! that whoever comes or goes costs as much as there are sessions that look at him.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_proto::ids::{DeviceId, UserId};
use cairn_proto::model::presence::{PresentDevice, UserPresence};
use cairn_proto::wire::event::TimelineFrame;
use hashbrown::{HashMap, HashSet};
use tokio::sync::Notify;

use crate::delivery::push::UpdateKey;
use crate::session::Session;

/// Which sessions watch whom.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    of: HashMap<UserId, HashMap<Key, Arc<Session>>>,
    /// Who is watched and has come, gone or is somewhere else since the last time.
    moved: HashSet<UserId>,
    /// There are such users.
    pub(crate) news: Arc<Notify>,
}

/// Tells sessions apart: where each lies.
type Key = usize;

fn key(session: &Arc<Session>) -> Key {
    Arc::as_ptr(session).addr()
}

impl Watchers {
    /// The session watches these users from now on, and no others.
    pub(crate) fn replace(&mut self, session: &Arc<Session>, users: Vec<UserId>) {
        self.remove(session);
        for &user in &users {
            self.of
                .entry(user)
                .or_default()
                .insert(key(session), session.clone());
        }
        *session.watched.lock() = users;
    }

    /// The session watches nobody any more.
    pub(crate) fn remove(&mut self, session: &Arc<Session>) {
        for user in std::mem::take(&mut *session.watched.lock()) {
            self.take(user, session);
        }
    }

    /// These sessions watch this user no more, if they did. What they are told at last is that he
    /// went.
    pub(crate) fn part(&mut self, user: UserId, sessions: &[Arc<Session>]) {
        for session in sessions.iter().filter(|session| self.take(user, session)) {
            session.watched.lock().retain(|&watched| watched != user);
            tell(
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
        let was_there = watchers.remove(&key(session)).is_some();
        if watchers.is_empty() {
            self.of.remove(&user);
        }
        was_there
    }

    /// A user came, went or is somewhere else. Those who watch him are told in a moment, however
    /// often he moves until then.
    pub(crate) fn note(&mut self, user: UserId) {
        if self.of.contains_key(&user) && self.moved.insert(user) {
            self.news.notify_one();
        }
    }

    /// Takes those who moved.
    pub(crate) fn take_moved(&mut self) -> HashSet<UserId> {
        std::mem::take(&mut self.moved)
    }

    /// Tells those who watch him where a user is.
    pub(crate) fn tell(&self, presence: &UserPresence) {
        for session in self
            .of
            .get(&presence.user)
            .into_iter()
            .flat_map(HashMap::values)
        {
            tell(session, presence.clone());
        }
    }
}

pub(crate) fn tell(session: &Session, presence: UserPresence) {
    if let Some(push) = &session.push {
        push.enqueue(
            UpdateKey::Presence(presence.user),
            TimelineFrame::Presence(presence),
        );
        push.wake();
    }
}

/// Where a user is, by his sessions. Those that do not listen do not count: a command that asks and
/// goes is nobody who is there.
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
