//! What agents and visitors of the support desk must learn.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cairn_core::api::command::Feed;
use cairn_core::api::update::Update;
use cairn_proto::ids::{ConversationId, Timestamp, UserId, VisitorId};
use cairn_proto::model::desk::{DeskUpdate, QueueCounts, VisitorInquiry, VisitorState};
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::event;
use tokio::sync::{Notify, watch};

use super::Hub;
use crate::delivery::feed;
use crate::delivery::push::{DeskKey, Push, UpdateKey};
use crate::desk::counts::Counted;
use crate::hub::registry::Registry;
use crate::principal::Principal;
use crate::session::Session;

/// What the tasks of the desk wait for.
#[derive(Debug)]
pub(crate) struct DeskNews {
    /// The first deadline.
    pub(crate) due: watch::Sender<Option<Timestamp>>,
    /// Sessions of agents began or ended.
    pub(crate) agent_news: Arc<Notify>,
    /// Queues were created or changed.
    pub(crate) queue_news: Arc<Notify>,
    /// Counts or places changed.
    pub(crate) count_news: Arc<Notify>,
}

/// The sessions of the desk. Those of agents are among the sessions of users. Ordered, as what is
/// counted and reported follows the order.
#[derive(Debug, Default)]
pub(crate) struct DeskSessions {
    pub(crate) visitors: BTreeMap<VisitorId, Vec<Arc<Session>>>,
    agents: BTreeSet<UserId>,
    /// Agents whose sessions changed since the last report.
    moved: BTreeSet<UserId>,
    /// Connected visitors who wait, and the places that they know.
    places: BTreeMap<VisitorId, Option<Place>>,
    /// The counts that agents know.
    counts: BTreeMap<UserId, Vec<QueueCounts>>,
}

/// A place in line, and about how many seconds that takes.
type Place = (u32, Option<u32>);

impl Default for DeskNews {
    fn default() -> Self {
        Self {
            due: watch::Sender::new(None),
            agent_news: Arc::default(),
            queue_news: Arc::default(),
            count_news: Arc::default(),
        }
    }
}

impl DeskSessions {
    pub(crate) fn of_visitor(&self, visitor: VisitorId) -> &[Arc<Session>] {
        self.visitors.get(&visitor).map_or(&[], Vec::as_slice)
    }

    /// Removes a session of a visitor.
    pub(crate) fn leave(&mut self, visitor: VisitorId, session: &Arc<Session>) {
        let Some(sessions) = self.visitors.get_mut(&visitor) else {
            return;
        };
        sessions.retain(|other| !Arc::ptr_eq(other, session));
        if sessions.is_empty() {
            self.visitors.remove(&visitor);
            self.places.remove(&visitor);
        }
    }

    /// Records where a visitor's inquiry stands.
    fn note(&mut self, visitor: VisitorId, inquiry: Option<&VisitorInquiry>) {
        for session in self.of_visitor(visitor) {
            session.visit().inspect(|visit| visit.note(inquiry));
        }
        match inquiry.map(|inquiry| &inquiry.state) {
            Some(&VisitorState::Waiting {
                place,
                about_seconds,
            }) if self.visitors.contains_key(&visitor) => {
                let known = (place > 0).then_some((place, about_seconds));
                self.places.insert(visitor, known);
            }
            _ => drop(self.places.remove(&visitor)),
        }
    }
}

impl Hub {
    /// Starts with the agents of the stored state.
    pub(crate) fn know_agents(&self, agents: impl IntoIterator<Item = UserId>) {
        self.registry.lock().desk.agents.extend(agents);
    }

    #[must_use]
    pub(crate) fn is_agent(&self, user: UserId) -> bool {
        self.registry.lock().desk.agents.contains(&user)
    }

    /// Notes that a session of a user began or ended, if it counts for presence.
    pub(super) fn note_agent(&self, registry: &mut Registry, session: &Session) {
        let Some(actor) = session.actor().filter(|_| session.push.is_some()) else {
            return;
        };
        let desk = &mut registry.desk;
        if desk.agents.contains(&actor.user) {
            desk.moved.insert(actor.user);
            // A new device knows none of them.
            desk.counts.remove(&actor.user);
            self.desk.agent_news.notify_one();
            self.desk.count_news.notify_one();
        }
    }

    /// Records whether a user is an agent.
    pub(super) fn set_agent(&self, registry: &mut Registry, user: UserId, is_agent: bool) {
        let desk = &mut registry.desk;
        match is_agent {
            true => drop(desk.agents.insert(user)),
            false => drop(desk.agents.remove(&user)),
        }
        desk.counts.remove(&user);
        desk.moved.insert(user);
        self.desk.agent_news.notify_one();
        self.desk.count_news.notify_one();
    }

    /// Registers a session of a visitor.
    pub(super) fn log_in_visitor(
        &self,
        registry: &mut Registry,
        session: &Arc<Session>,
        visitor: VisitorId,
        inquiry: Option<&VisitorInquiry>,
        feeds: &[Feed],
    ) {
        let sessions = registry.desk.visitors.entry(visitor).or_default();
        sessions.push(session.clone());
        registry.desk.note(visitor, inquiry);
        for &feed in feeds {
            self.follow_as_visitor(registry, session, feed);
        }
        self.desk.count_news.notify_one();
    }

    /// Records where a visitor's inquiry stands after what they said. For an inquiry that was open
    /// before, no update does: the answer has it.
    pub(super) fn note_inquiry(
        &self,
        registry: &mut Registry,
        visitor: VisitorId,
        inquiry: &VisitorInquiry,
    ) {
        registry.desk.note(visitor, Some(inquiry));
        self.desk.count_news.notify_one();
    }

    fn follow_as_visitor(&self, registry: &mut Registry, session: &Arc<Session>, feed: Feed) {
        let timeline = self.timelines.get(feed.conversation);
        let (Some(push), Some(timeline)) = (&session.push, timeline) else {
            return;
        };
        let followers = registry.followers.entry(feed.conversation).or_default();
        if followers.iter().any(|known| Arc::ptr_eq(known, session)) {
            return;
        }
        followers.push(session.clone());
        let resumed = feed::Feed::resumed(timeline, feed.position, feed.floor);
        push.put(feed.conversation, resumed);
        push.wake();
    }

    /// Applies an update of the desk. Returns any other one.
    pub(super) fn update_desk(&self, registry: &mut Registry, update: Update) -> Option<Update> {
        match update {
            Update::Desk { user, update } => {
                let key = UpdateKey::Desk(DeskKey::of(&update));
                for push in pushes_of(registry.sessions_of(user)) {
                    push.enqueue(key, event::Update::Desk((*update).clone()));
                    push.wake();
                }
            }
            Update::Visitor { visitor, inquiry } => {
                registry.desk.note(visitor, Some(&inquiry));
                for push in pushes_of(registry.desk.of_visitor(visitor)) {
                    // One that is pending is of an earlier state.
                    push.cancel(UpdateKey::Waiting);
                    push.enqueue(
                        UpdateKey::Inquiry,
                        event::Update::Inquiry((*inquiry).clone()),
                    );
                    push.wake();
                }
            }
            Update::VisitorFollows { visitor, feed } => {
                for session in registry.desk.of_visitor(visitor).to_vec() {
                    self.follow_as_visitor(registry, &session, feed);
                }
            }
            Update::VisitorErased { visitor } => {
                for session in registry.desk.of_visitor(visitor) {
                    session.connection.close(CloseCode::Revoked);
                }
            }
            Update::DeskChanged { .. } => self.desk.count_news.notify_one(),
            Update::QueueChanged { .. } => {
                self.desk.queue_news.notify_one();
                self.desk.count_news.notify_one();
            }
            other => return Some(other),
        }
        None
    }

    /// Takes the agents whose sessions changed.
    #[must_use]
    pub(crate) fn take_moved_agents(&self) -> Vec<UserId> {
        let mut registry = self.registry.lock();
        std::mem::take(&mut registry.desk.moved)
            .into_iter()
            .collect()
    }

    /// Returns the agents to whom counts can be pushed.
    #[must_use]
    pub(crate) fn connected_agents(&self) -> Vec<UserId> {
        let registry = self.registry.lock();
        let is_connected =
            |user: &&UserId| pushes_of(registry.sessions_of(**user)).next().is_some();
        let agents = registry.desk.agents.iter().filter(is_connected);
        agents.copied().collect()
    }

    /// Returns the connected visitors who wait.
    #[must_use]
    pub(crate) fn waiting_visitors(&self) -> Vec<VisitorId> {
        self.registry.lock().desk.places.keys().copied().collect()
    }

    /// Sends counts and places to those for whom they changed.
    pub(crate) fn send_counts(&self, counted: Counted) {
        let Counted { counted, queues_of } = counted;
        let mut registry = self.registry.lock();
        for (agent, queues) in queues_of {
            registry.send_counts(agent, counts_of(&queues, &counted.queues));
        }
        for place in counted.places {
            let known = (place.place, place.about_seconds);
            registry.send_place(place.visitor, known);
        }
    }

    #[must_use]
    pub(crate) fn visitor_count(&self) -> u64 {
        let registry = self.registry.lock();
        let sessions = registry.desk.visitors.values();
        sessions.map(|sessions| sessions.len() as u64).sum()
    }
}

impl Registry {
    fn send_counts(&mut self, agent: UserId, counts: Vec<QueueCounts>) {
        if !self.desk.agents.contains(&agent) || self.desk.counts.get(&agent) == Some(&counts) {
            return;
        }
        for push in pushes_of(self.sessions_of(agent)) {
            let update = DeskUpdate::Counts(counts.clone());
            let key = UpdateKey::Desk(DeskKey::Counts);
            push.enqueue(key, event::Update::Desk(update));
            push.wake();
        }
        self.desk.counts.insert(agent, counts);
    }

    fn send_place(&mut self, visitor: VisitorId, place: Place) {
        // The visitor may have got an agent meanwhile.
        let Some(known) = self.desk.places.get_mut(&visitor) else {
            return;
        };
        if known.replace(place) == Some(place) {
            return;
        }
        let (place, about_seconds) = place;
        for push in pushes_of(self.desk.of_visitor(visitor)) {
            let update = event::Update::Waiting {
                place,
                about_seconds,
            };
            push.enqueue(UpdateKey::Waiting, update);
            push.wake();
        }
    }

    /// Returns the sessions of a user or visitor.
    pub(crate) fn sessions_at(&self, principal: Principal) -> &[Arc<Session>] {
        match principal {
            Principal::User(user) => self.sessions_of(user),
            Principal::Inquiry(visitor) => self.desk.of_visitor(visitor),
            Principal::Server | Principal::Address(_) => &[],
        }
    }
}

fn counts_of(queues: &[ConversationId], counts: &[QueueCounts]) -> Vec<QueueCounts> {
    let is_theirs = |counts: &&QueueCounts| queues.contains(&counts.queue);
    counts.iter().filter(is_theirs).copied().collect()
}

fn pushes_of(sessions: &[Arc<Session>]) -> impl Iterator<Item = &Push> {
    sessions.iter().filter_map(|session| session.push.as_ref())
}
