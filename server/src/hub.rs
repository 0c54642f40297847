//! Who is connected, and who must learn of what. The sequencer publishes each batch here, once;
//! from here it reaches the sessions.
pub(crate) mod presence;
pub(crate) mod receipts;
pub(crate) mod registry;
pub(crate) mod tasks;
pub(crate) mod typing;

use std::sync::Arc;
use std::time::{Duration, Instant};

use cairn_proto::ids::{ConversationId, DeviceId, UserId};
use cairn_proto::model::presence::PresentDevice;
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::TimelineFrame;
use cairn_proto::wire::response::Response;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use crate::delivery::feed::Feed;
use crate::delivery::push::{Push, UpdateKey};
use crate::hub::receipts::FocusedConversations;
use crate::hub::registry::Registry;
use crate::limits;
use crate::retention::due::Due;
use crate::sequencer::publication::{Notice, Publication, ReplyTo};
use crate::sequencer::revoked_in_batch::RevokedInBatch;
use crate::session::{Readable, Session};
use crate::transport::close::close;
use cairn_core::Reply;
use cairn_core::api::command::{Grant, LoggedIn};
use cairn_store::timeline::Timelines;

/// The sessions, and which of them follow which conversation.
#[derive(Debug)]
pub(crate) struct Hub {
    timelines: Arc<Timelines>,
    registry: Mutex<Registry>,
    /// Where retention has something to look at.
    pub(crate) due: Due,
    /// How long a session is without activity before it counts as away; `None` for never.
    pub(super) away_after: watch::Sender<Option<Duration>>,
}

impl Hub {
    /// A hub without sessions.
    #[must_use]
    pub(crate) fn new(timelines: Arc<Timelines>, away_after: Option<Duration>) -> Self {
        Self {
            timelines,
            registry: Mutex::default(),
            due: Due::default(),
            away_after: watch::Sender::new(away_after),
        }
    }

    /// Tells everybody what they must know. Order matters: first whoever begins is there, since
    /// what follows may have been decided after his login. Then memberships, so that nobody is
    /// answered or pushed what he may not see any more, then news, then answers.
    pub(crate) fn publish(&self, publication: Publication) {
        let Publication {
            touched,
            notices,
            answers,
        } = publication;
        let mut registry = self.registry.lock();
        for (reply_to, answer) in &answers {
            if let (ReplyTo::Login(session, _), Ok(Reply::LoggedIn(logged_in))) = (reply_to, answer)
            {
                self.register(&mut registry, session, logged_in);
            }
        }
        let revoked_in_batch = RevokedInBatch::by(&notices);
        for notice in notices {
            self.notify(&mut registry, notice);
        }
        for (conversation, head) in touched {
            if let Some(timeline) = self.timelines.get(conversation) {
                timeline.show(head);
            }
            mark(&registry, conversation);
        }
        let mut answered: Option<Arc<Session>> = None;
        for (reply_to, answer) in answers {
            let answer = answer.and_then(|reply| revoked_in_batch.revalidate(reply, &reply_to));
            self.reply(&mut registry, reply_to, answer, &mut answered);
        }
        if let Some(session) = answered {
            session.outbox.wake();
        }
    }

    /// Gives an answer. Consecutive answers to one session wake it once.
    fn reply(
        &self,
        registry: &mut Registry,
        to: ReplyTo,
        answer: Result<Reply, ErrorCode>,
        answered: &mut Option<Arc<Session>>,
    ) {
        match to {
            ReplyTo::Session(session, id) => {
                let answer = answer.and_then(|reply| match reply {
                    Reply::Response(response) => Ok(response),
                    _ => Err(ErrorCode::Unsupported),
                });
                session.outbox.answer(id, answer);
                if answered
                    .as_ref()
                    .is_none_or(|last| !Arc::ptr_eq(last, &session))
                    && let Some(last) = answered.replace(session)
                {
                    last.outbox.wake();
                }
            }
            ReplyTo::Login(session, waiter) => {
                let answer = match answer {
                    Ok(Reply::LoggedIn(logged_in)) => Ok(logged_in),
                    Ok(_) => Err(ErrorCode::Unsupported),
                    Err(code) => Err(code),
                };
                // The client may be gone already; its session task then takes it out again.
                if waiter.send(answer).is_err() {
                    registry.leave(&session);
                }
            }
            ReplyTo::Grant(session, waiter) => {
                let answer = answer.and_then(|reply| match reply {
                    Reply::Grant(Grant {
                        conversation,
                        floor,
                    }) => match self.timelines.get(conversation) {
                        Some(timeline) => Ok(Readable { timeline, floor }),
                        None => Err(ErrorCode::NotFound),
                    },
                    _ => Err(ErrorCode::Unsupported),
                });
                // Noted here and not by the waiter, so that a membership that ends later cannot be
                // noted before it.
                if let Ok(readable) = &answer {
                    session.grant(readable.clone());
                }
                drop(waiter.send(answer));
            }
            ReplyTo::Watch(session, waiter) => {
                let answer = answer.and_then(|reply| match reply {
                    Reply::Response(Response::Watching(allowed)) => {
                        Ok(Response::Watching(registry.watch(&session, &allowed)))
                    }
                    _ => Err(ErrorCode::Unsupported),
                });
                drop(waiter.send(answer));
            }
            ReplyTo::Focus(session, conversation, waiter) => {
                if let Ok(Reply::Response(Response::OwnReads(reads))) = &answer
                    && registry.is_here(&session)
                {
                    *session.sees_reads.lock() = *reads;
                    registry.viewers.replace(&session, conversation);
                }
                drop(waiter.send(answer.map(|_| Response::Done)));
            }
            ReplyTo::Once(waiter) => drop(waiter.send(answer)),
        }
    }

    /// The session begins. What is told of the same batch that was decided before its login, it
    /// begins with already: to be told so once more changes nothing.
    fn register(&self, registry: &mut Registry, session: &Arc<Session>, logged_in: &LoggedIn) {
        session.authenticate(logged_in.actor);
        registry
            .sessions
            .entry(logged_in.actor.user)
            .or_default()
            .push(session.clone());
        let Some(push) = &session.push else { return };
        for feed in &logged_in.feeds {
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
        registry.watchers.note(logged_in.actor.user);
    }

    fn notify(&self, registry: &mut Registry, notice: Notice) {
        match notice {
            Notice::Joined {
                user,
                position,
                summary,
            } => {
                let Some(timeline) = self.timelines.get(summary.id) else {
                    return;
                };
                for session in registry.sessions.get(&user).into_iter().flatten() {
                    let Some(push) = &session.push else { continue };
                    let followers = registry.followers.entry(summary.id).or_default();
                    if !followers.iter().any(|known| Arc::ptr_eq(known, session)) {
                        followers.push(session.clone());
                    }
                    push.put(
                        summary.id,
                        Feed::joined(timeline.clone(), position, summary.clone()),
                    );
                    push.wake();
                }
            }
            Notice::Left {
                user,
                conversation,
                last,
            } => {
                let Registry {
                    sessions, viewers, ..
                } = registry;
                viewers.part(conversation, sessions.get(&user).map_or(&[], Vec::as_slice));
                for session in registry.sessions_of(user) {
                    session.revoke(conversation);
                    if let Some(push) = &session.push {
                        push.end(conversation, last);
                        push.wake();
                    }
                }
                if let Some(followers) = registry.followers.get_mut(&conversation) {
                    followers
                        .retain(|session| session.actor().is_none_or(|actor| actor.user != user));
                }
            }
            Notice::Changed {
                user,
                device,
                summary,
            } => {
                for push in pushes(registry, user, |of| of == device) {
                    push.announce(&summary);
                }
            }
            Notice::Read {
                user,
                conversation,
                read,
                head,
            } => {
                for push in pushes(registry, user, |_| true) {
                    push.read(conversation, read, head);
                }
            }
            Notice::Moved {
                conversation,
                cursors,
            } => registry.moved.note(conversation, cursors),
            Notice::SettingSet { away_after } => {
                self.away_after
                    .send_if_modified(|known| std::mem::replace(known, away_after) != away_after);
            }
            Notice::RetentionSet { conversation } => self.due.add(conversation),
            Notice::FloorRaised { conversation } => mark(registry, conversation),
            Notice::Revoked { user, device } => {
                for session in registry.sessions_of(user) {
                    if session.actor().is_some_and(|actor| actor.device == device) {
                        close(&session.connection, CloseCode::Revoked);
                    }
                }
            }
            Notice::AccountUpdate { user, part, own } => {
                for push in pushes(registry, user, |_| true) {
                    push.enqueue(
                        UpdateKey::AccountUpdate(part),
                        TimelineFrame::AccountUpdate((*own).clone()),
                    );
                    push.wake();
                }
            }
            Notice::Related { user, contact } => {
                if contact.relation.blocks {
                    registry.sever(user, contact.user.id);
                }
                for push in pushes(registry, user, |_| true) {
                    push.enqueue(
                        UpdateKey::Contact(contact.user.id),
                        TimelineFrame::Contact((*contact).clone()),
                    );
                    push.wake();
                }
            }
        }
    }

    /// Takes a session out.
    pub(crate) fn leave(&self, session: &Arc<Session>) {
        self.registry.lock().leave(session);
    }

    /// Notes what others are told of a session. Those who watch its user are told in a moment.
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

    /// There is activity on a session. Those who watch its user are told if that is news.
    pub(crate) fn record_activity(&self, session: &Session, now: Instant) {
        let is_back = session.activity.note(now);
        if let Some(actor) = session
            .actor()
            .filter(|_| is_back && session.push.is_some())
        {
            self.registry.lock().watchers.note(actor.user);
        }
    }

    /// Looks who is without activity, or is not any more. Those who watch are told in a moment.
    pub(crate) fn mark_idle_sessions(&self, away_after: Option<Duration>) {
        self.registry
            .lock()
            .mark_idle_sessions(Instant::now(), away_after);
    }

    /// Is notified when somebody who is watched came, went or is somewhere else:
    /// [`Hub::notify_presences`] tells of him.
    #[must_use]
    pub(crate) fn presence_news(&self) -> Arc<Notify> {
        self.registry.lock().watchers.news.clone()
    }

    /// Tells those who watch where those are who moved since the last time.
    pub(crate) fn notify_presences(&self) {
        self.registry.lock().notify_presences();
    }

    /// Tells those who look at a conversation that somebody types there.
    pub(crate) fn typing(&self, session: &Session, conversation: ConversationId) {
        if let Some(actor) = session.actor() {
            self.registry
                .lock()
                .viewers
                .notify(conversation, session, actor.user);
        }
    }

    /// The conversations that somebody looks at.
    #[must_use]
    pub(crate) fn focused(&self) -> FocusedConversations {
        self.registry.lock().viewers.focused.clone()
    }

    /// Tells those who look at conversations who has got and read what since the last time.
    pub(crate) fn enqueue_receipts(&self) {
        self.registry.lock().enqueue_receipts();
    }

    /// Whether a device has a session.
    #[must_use]
    pub(crate) fn is_online(&self, user: UserId, device: DeviceId) -> bool {
        let registry = self.registry.lock();
        registry
            .sessions_of(user)
            .iter()
            .any(|session| session.actor().is_some_and(|actor| actor.device == device))
    }

    /// How many sessions there are.
    #[must_use]
    pub(crate) fn session_count(&self) -> u64 {
        self.registry
            .lock()
            .sessions
            .values()
            .map(|sessions| sessions.len() as u64)
            .sum()
    }

    /// Every session.
    #[must_use]
    pub(crate) fn sessions(&self) -> Vec<Arc<Session>> {
        self.registry
            .lock()
            .sessions
            .values()
            .flatten()
            .cloned()
            .collect()
    }
}

/// Where those sessions of a user are pushed to whose devices are `wanted`.
fn pushes(
    registry: &Registry,
    user: UserId,
    wanted: impl Fn(DeviceId) -> bool,
) -> impl Iterator<Item = &Push> {
    let of_devices = registry
        .sessions_of(user)
        .iter()
        .filter(move |session| session.actor().is_some_and(|actor| wanted(actor.device)));
    of_devices.filter_map(|session| session.push.as_ref())
}

/// There is news in a conversation: whoever follows it is to look.
fn mark(registry: &Registry, conversation: ConversationId) {
    let followers = registry
        .followers
        .get(&conversation)
        .map_or(&[][..], Vec::as_slice);
    let push_delay = rest_of(followers.len());
    for push in followers.iter().filter_map(|session| session.push.as_ref()) {
        if push.mark(conversation, push_delay) {
            push.wake();
        }
    }
}

/// How long a session rests after a push of a conversation that so many follow.
fn rest_of(followers: usize) -> Duration {
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
