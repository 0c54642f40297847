//! Matches responses to the requests that wait for them.

use std::task::Waker;

use cairn_proto::content::message::Draft;
use cairn_proto::ids::UserId;
use cairn_proto::model::presence::UserPresence;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::Update;
use cairn_proto::wire::request::session::Watch;
use cairn_proto::wire::request::{Answer, Request, SessionRequest};
use tokio::time::Instant;

use crate::error::Error;
use crate::session::shared::{Response, Shared};
use crate::session::state::in_flight::{MALFORMED, Pending, Waiter, WaitsFor};
use crate::stream::event::Event;
use crate::transport::Lost;

impl Shared {
    /// Delivers responses to their waiters. Takes the lock once for a whole batch, and wakes tasks
    /// only after releasing it.
    pub(crate) fn answered(
        &self,
        answers: &mut Vec<Response>,
        resolved: &mut Vec<(Waiter, Result<Answer, Error>)>,
    ) -> Result<(), Lost> {
        let mut result = Ok(());
        let mut wake = false;
        let mut state = self.state.lock();
        let mut wakers = Vec::new();
        for (id, answer) in answers.drain(..) {
            let answered = state.slots.answered(id);
            let answered = match (answered, &answer) {
                (Some(pending), Err(ErrorCode::RetryTooOld)) if pending.is_send() => {
                    if state.stream.forgotten() && pending.is_first_try() {
                        state.slots.hold(id, pending, WaitsFor::Stream);
                        continue;
                    }
                    Some(pending)
                }
                (Some(pending), Err(ErrorCode::TooFast)) if pending.waits_for_pause() => {
                    state.refused_for_now(id, pending);
                    continue;
                }
                // The server ends, and what it refuses so may be durable nevertheless. The next
                // one knows: there, a repetition is accepted exactly once.
                (Some(pending), Err(ErrorCode::StorageFailed))
                    if state.reconnects && pending.is_numbered() =>
                {
                    state.slots.put_back(id, pending);
                    continue;
                }
                (answered, _) => answered,
            };
            wake |= state.not_refused_for_now(id);
            let answer = match &answered {
                Some(pending) => pending.settle(state.whoami.user, answer),
                None => answer.map_err(Error::Refused),
            };
            if let Some(request) = answered
                .as_ref()
                .and_then(Pending::request)
                .filter(|_| answer.is_ok())
            {
                state.subscriptions.note(request);
            }
            let watched = match answered.as_ref().and_then(Pending::request) {
                Some(Request::Session(SessionRequest::Watch(Watch { users }))) => users.clone(),
                _ => Vec::new(),
            };
            match answered.map(|pending| pending.waiter) {
                Some(Waiter::Subscriptions) => {
                    // Pushes report the presence of everyone who may be watched, in order. Users
                    // whom the server left out of its response get no push, so report them as
                    // offline here.
                    if let Ok(Ok(presences)) = answer.map(|answer| answer.of::<Watch>()) {
                        let is_included = |user: &UserId| {
                            presences.0.iter().any(|presence| presence.user == *user)
                        };
                        for user in watched.into_iter().filter(|user| !is_included(user)) {
                            state.emit(
                                &Event::Update(Update::Presence(UserPresence {
                                    user,
                                    devices: Vec::new(),
                                })),
                                &mut wakers,
                            );
                        }
                    }
                }
                Some(Waiter::Ack(conversation)) => {
                    if let Err(error) = answer {
                        tracing::debug!(%conversation, %error, "ack refused");
                    }
                    wake |= state.acks.answered(conversation, Instant::now());
                }
                Some(waiter) => resolved.push((waiter, answer)),
                None => result = Err(Lost::Protocol("a response without a request")),
            }
        }
        wake |= !state.pauses.are_over();
        let can_replace_stream = state.can_replace_stream();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        if wake {
            self.wake.notify_one();
        }
        if can_replace_stream {
            self.stream_forgotten.notify_one();
        }
        self.resolve(resolved.drain(..));
        result
    }

    pub(crate) fn resolve(&self, resolved: impl Iterator<Item = (Waiter, Result<Answer, Error>)>) {
        let (mut sends, mut requests) = (0, 0);
        for (waiter, answer) in resolved {
            match waiter {
                Waiter::Send(sender) => {
                    sends += 1;
                    // Forwards are answered like drafts.
                    let _ = sender.send(
                        answer.and_then(|answer| answer.of::<Draft>().map_err(|_| MALFORMED)),
                    );
                }
                Waiter::Request(sender) => {
                    requests += 1;
                    let _ = sender.send(answer);
                }
                Waiter::Internal(sender) => {
                    let _ = sender.send(answer);
                }
                Waiter::Subscriptions | Waiter::Ack(_) => {}
            }
        }
        // Return the permits only with the results: they bound what is unresolved, which must not
        // exceed the window in which the server recognizes retries.
        self.send_permits.add_permits(sends);
        self.request_permits.add_permits(requests);
    }
}
