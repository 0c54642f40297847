//! Applying the steps of a publication, in the order of the sequencer's decisions.

use std::sync::Arc;

use cairn_core::Actor;
use cairn_core::api::command::{self, Grant};
use cairn_core::api::update::{SeenBy, Update};
use cairn_proto::ids::{ConversationId, DeviceId, MsgId, UserId};
use cairn_proto::model::conversation::Conversation;
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::event;

use super::{Hub, mark};
use crate::delivery::feed::Feed;
use crate::delivery::push::{Push, UpdateKey};
use crate::fairness::allowance::Rules;
use crate::fairness::openings::OpeningRules;
use crate::fairness::visitors::VisitorRules;
use crate::hub::registry::Registry;
use crate::principal::visitor_of;
use crate::sequencer::publication::{Registration, Step};
use crate::session::{Readable, Session};

impl Hub {
    pub(super) fn apply(&self, registry: &mut Registry, step: Step) {
        match step {
            Step::Update(update) => self.update(registry, update),
            Step::Moved {
                conversation,
                cursors,
            } => registry.moved.note(conversation, cursors),
            Step::Settings(settings) => {
                let away_after = settings.away_after.get();
                self.away_after
                    .send_if_modified(|known| std::mem::replace(known, away_after) != away_after);
                self.allowances.set_rules(Rules::of(&settings));
                self.openings.set_rules(OpeningRules::of(&settings));
                self.visitors.set_rules(VisitorRules::of(&settings));
            }
            Step::Agent { user, is_agent } => self.set_agent(registry, user, is_agent),
            Step::DeskDue(due) => drop(self.desk.due.send_replace(due)),
            Step::Register(registration) => self.register(registry, registration),
        }
    }

    fn register(&self, registry: &mut Registry, registration: Registration) {
        match registration {
            Registration::Login {
                session,
                actor,
                feeds,
            } => self.log_in(registry, &session, actor, &feeds),
            Registration::Visit {
                session,
                actor,
                inquiry,
                feeds,
            } => {
                let visitor = visitor_of(actor).filter(|_| !session.is_over());
                if let Some(visitor) = visitor {
                    session.authenticate(actor);
                    self.log_in_visitor(registry, &session, visitor, inquiry.as_deref(), &feeds);
                }
            }
            Registration::Inquiry { visitor, inquiry } => {
                self.note_inquiry(registry, visitor, &inquiry);
            }
            Registration::Read { session, grant } => self.grant(&session, grant),
            Registration::Watch {
                session,
                users,
                presences,
            } => {
                // The task may be gone.
                drop(presences.send(registry.watch(&session, users)));
            }
            Registration::Focus {
                session,
                conversation,
                reads,
            } => {
                if registry.contains(&session) {
                    *session.sees_reads.lock() = reads;
                    registry.viewers.replace(&session, conversation);
                }
            }
        }
    }

    fn log_in(
        &self,
        registry: &mut Registry,
        session: &Arc<Session>,
        actor: Actor,
        feeds: &[command::Feed],
    ) {
        if session.is_over() {
            return;
        }
        session.authenticate(actor);
        registry
            .sessions
            .entry(actor.user)
            .or_default()
            .push(session.clone());
        let Some(push) = &session.push else { return };
        for feed in feeds {
            let Some(timeline) = self.timelines.get(feed.conversation) else {
                continue;
            };
            push.put(
                feed.conversation,
                Feed::resumed(timeline, feed.position, feed.floor),
            );
            registry
                .followers
                .entry(feed.conversation)
                .or_default()
                .push(session.clone());
        }
        push.wake();
        registry.watchers.note(actor.user);
        self.note_agent(registry, session);
    }

    /// Lets the session read a conversation.
    fn grant(&self, session: &Session, grant: Grant) {
        let Grant {
            conversation,
            floor,
            ..
        } = grant;
        if let Some(timeline) = self.timelines.get(conversation) {
            session.grant(Readable { timeline, floor });
        }
    }

    fn update(&self, registry: &mut Registry, update: Update) {
        let Some(update) = self.update_desk(registry, update) else {
            return;
        };
        match update {
            Update::Joined {
                user,
                position,
                summary,
            } => self.joined(registry, user, position, &summary),
            Update::Left {
                user,
                conversation,
                last,
            } => left(registry, user, conversation, last),
            Update::Changed {
                user,
                device,
                summary,
            } => {
                for push in pushes(registry, user, |of| of == device) {
                    push.announce(&summary);
                }
            }
            Update::Read {
                user,
                conversation,
                read,
                head,
            } => {
                for push in pushes(registry, user, |_| true) {
                    push.read(conversation, read, head);
                }
            }
            Update::FloorRaised { conversation, .. } => mark(registry, conversation),
            Update::Revoked { user, device } => {
                for session in registry.sessions_of(user) {
                    if session.actor().is_some_and(|actor| actor.device == device) {
                        session.connection.close(CloseCode::Revoked);
                    }
                }
            }
            Update::Account { user, update } => {
                for push in pushes(registry, user, |_| true) {
                    push.enqueue(
                        UpdateKey::of_account(&update),
                        event::Update::Account((*update).clone()),
                    );
                    push.wake();
                }
            }
            Update::User { info, seen_by } => {
                let users = match seen_by {
                    SeenBy::Everyone => registry.sessions.keys().copied().collect(),
                    SeenBy::Users(users) => users,
                };
                for push in users
                    .iter()
                    .flat_map(|&user| pushes(registry, user, |_| true))
                {
                    push.enqueue(
                        UpdateKey::User(info.id),
                        event::Update::User((*info).clone()),
                    );
                    push.wake();
                }
            }
            Update::Related { user, contact } => {
                if contact.relation.blocks {
                    registry.sever(user, contact.user.id);
                }
                for push in pushes(registry, user, |_| true) {
                    push.enqueue(
                        UpdateKey::Contact(contact.user.id),
                        event::Update::Contact((*contact).clone()),
                    );
                    push.wake();
                }
            }
            // The sequencer logs them, or replaces them by steps with what the hub needs of the
            // state.
            Update::Moved { .. }
            | Update::SettingSet
            | Update::Ahead { .. }
            | Update::AgentChanged { .. } => {}
            // Applied already.
            Update::Desk { .. }
            | Update::Visitor { .. }
            | Update::VisitorFollows { .. }
            | Update::VisitorErased { .. }
            | Update::DeskChanged { .. }
            | Update::QueueChanged { .. } => {}
        }
    }

    fn joined(
        &self,
        registry: &mut Registry,
        user: UserId,
        position: MsgId,
        summary: &Conversation,
    ) {
        let Some(timeline) = self.timelines.get(summary.id) else {
            return;
        };
        for session in registry.sessions.get(&user).into_iter().flatten() {
            let Some(push) = &session.push else { continue };
            let followers = registry.followers.entry(summary.id).or_default();
            if !followers.iter().any(|known| Arc::ptr_eq(known, session)) {
                followers.push(session.clone());
            }
            let summary = Box::new(summary.clone());
            push.put(
                summary.id,
                Feed::joined(timeline.clone(), position, summary),
            );
            push.wake();
        }
    }
}

fn left(registry: &mut Registry, user: UserId, conversation: ConversationId, last: MsgId) {
    let Registry {
        sessions, viewers, ..
    } = registry;
    viewers.unfocus(conversation, sessions.get(&user).map_or(&[], Vec::as_slice));
    for session in registry.sessions_of(user) {
        session.revoke(conversation);
        if let Some(push) = &session.push {
            push.end(conversation, last);
            push.wake();
        }
    }
    if let Some(followers) = registry.followers.get_mut(&conversation) {
        followers.retain(|session| session.actor().is_none_or(|actor| actor.user != user));
    }
}

/// The delivery states of a user's sessions on matching devices.
fn pushes(
    registry: &Registry,
    user: UserId,
    matches: impl Fn(DeviceId) -> bool,
) -> impl Iterator<Item = &Push> {
    let of_devices = registry
        .sessions_of(user)
        .iter()
        .filter(move |session| session.actor().is_some_and(|actor| matches(actor.device)));
    of_devices.filter_map(|session| session.push.as_ref())
}
