//! A reader of a client's events.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::session::handle::Handle;
use crate::stream::event::Event;

/// The events of a client since the call of [`crate::Client::events`].
///
/// At most [`crate::limits::EVENTS_BUFFERED_MAX`] are queued; [`Event::Lagged`] reports the number
/// of those dropped beyond that. Implements [`Stream`].
#[derive(Debug)]
pub struct Events {
    pub(crate) handle: Arc<Handle>,
    pub(crate) key: u64,
}

impl Events {
    /// Waits for the next event. Returns `None` once the client has ended. Cancel-safe.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|context| self.poll_event(context)).await
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<Event>> {
        let mut state = self.handle.shared.state.lock();
        let is_over = state.is_over();
        let Some(subscriber) = state.subscribers.get_mut(&self.key) else {
            return Poll::Ready(None);
        };
        match subscriber.take() {
            Some(event) => Poll::Ready(Some(event)),
            None if is_over => Poll::Ready(None),
            None => {
                subscriber.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Returns all queued events.
    pub(crate) fn arrived(&mut self) -> Vec<Event> {
        let mut state = self.handle.shared.state.lock();
        let subscriber = state.subscribers.get_mut(&self.key);
        subscriber
            .into_iter()
            .flat_map(|subscriber| std::iter::from_fn(|| subscriber.take()))
            .collect()
    }
}

/// The same events as [`Events::next`].
impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.poll_event(context)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.handle
            .shared
            .state
            .lock()
            .subscribers
            .remove(&self.key);
    }
}
