//! The hub: all sessions, and which of them must learn of what. The sequencer publishes each batch
//! here once.
pub(crate) mod presence;
pub(crate) mod receipts;
pub(crate) mod registry;
pub(crate) mod tasks;
pub(crate) mod typing;

use std::sync::Arc;
use std::time::{Duration, Instant};

use cairn_proto::ids::{ConversationId, DeviceId, MsgId, UserId};
use cairn_proto::model::conversation::Conversation;
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

#[derive(Debug)]
pub(crate) struct Hub {
    timelines: Arc<Timelines>,
    registry: Mutex<Registry>,
    /// Conversations whose retention policy changed.
    pub(crate) due: Due,
    /// Idle time after which a session counts as away; `None` for never.
    pub(super) away_after: watch::Sender<Option<Duration>>,
}

impl Hub {
    #[must_use]
    pub(crate) fn new(timelines: Arc<Timelines>, away_after: Option<Duration>) -> Self {
        Self {
            timelines,
            registry: Mutex::default(),
            due: Due::default(),
            away_after: watch::Sender::new(away_after),
        }
    }

    /// Publishes one batch to the sessions.
    pub(crate) fn publish(&self, publication: Publication) {
        let Publication {
            touched,
            notices,
            answers,
        } = publication;
        let mut registry = self.registry.lock();
        // Logins first: a notice decided after a login in this batch, a kick for one, must find the
        // session registered. Registered later, the session would miss it and keep what was
        // revoked.
        for (reply_to, answer) in &answers {
            if let (ReplyTo::Login(session, _), Ok(Reply::LoggedIn(logged_in))) = (reply_to, answer)
            {
                self.register(&mut registry, session, logged_in);
            }
        }
        // Memberships before news: a session must not be pushed an entry it lost access to in this
        // batch.
        let revoked_in_batch = RevokedInBatch::by(&notices);
        for notice in notices {
            self.notify(&mut registry, notice);
        }
        // `show` before `mark`: a session that wakes before it may see the entries would find
        // nothing and sleep again.
        for (conversation, head) in touched {
            if let Some(timeline) = self.timelines.get(conversation) {
                timeline.show(head);
            }
            mark(&registry, conversation);
        }
        // Replies last: a client that reads its reply may rely on every session having been
        // notified.
        let mut answered: Option<Arc<Session>> = None;
        for (reply_to, answer) in answers {
            let answer = answer.and_then(|reply| revoked_in_batch.revalidate(reply, &reply_to));
            self.reply(&mut registry, reply_to, answer, &mut answered);
        }
        if let Some(session) = answered {
            session.outbox.wake();
        }
    }

    /// Delivers a reply. Consecutive replies to one session wake it once.
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
                // The client may be gone already.
                if waiter.send(answer).is_err() {
                    registry.leave(&session);
                }
            }
            ReplyTo::Grant(session, waiter) => {
                let answer = answer.and_then(|reply| match reply {
                    Reply::Grant(grant) => self.grant(&session, grant),
                    _ => Err(ErrorCode::Unsupported),
                });
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
                    && registry.contains(&session)
                {
                    *session.sees_reads.lock() = *reads;
                    registry.viewers.replace(&session, conversation);
                }
                drop(waiter.send(answer.map(|_| Response::Done)));
            }
            ReplyTo::Once(waiter) => drop(waiter.send(answer)),
        }
    }

    /// Registers a session. Notices decided before its login in the same batch reach it again,
    /// which changes nothing.
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

    #[expect(clippy::too_many_lines, reason = "one arm for each notice")]
    fn notify(&self, registry: &mut Registry, notice: Notice) {
        match notice {
            Notice::Joined {
                user,
                position,
                summary,
            } => self.joined(registry, user, position, &summary),
            Notice::Left {
                user,
                conversation,
                last,
            } => left(registry, user, conversation, last),
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
            Notice::AccountUpdate { user, part, update } => {
                for push in pushes(registry, user, |_| true) {
                    push.enqueue(
                        UpdateKey::AccountUpdate(part),
                        TimelineFrame::AccountUpdate((*update).clone()),
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

    /// Lets the session read a conversation, and returns what it may read.
    fn grant(&self, session: &Session, grant: Grant) -> Result<Readable, ErrorCode> {
        let timeline = self
            .timelines
            .get(grant.conversation)
            .ok_or(ErrorCode::NotFound)?;
        let floor = grant.floor;
        let readable = Readable { timeline, floor };
        // Granted here and not by the waiter: otherwise a membership that ends later could be
        // revoked before it is granted.
        session.grant(readable.clone());
        Ok(readable)
    }

    /// Removes a session.
    pub(crate) fn leave(&self, session: &Arc<Session>) {
        self.registry.lock().leave(session);
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
