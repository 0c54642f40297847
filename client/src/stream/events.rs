//! The reader of a client's events.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use crate::session::handle::Handle;
use crate::stream::event::Event;

/// The events of a client from the moment of [`crate::Client::events`] on.
///
/// At most [`crate::limits::EVENTS_BUFFERED_MAX`] wait for the reader; of those beyond it
/// [`Event::Lagged`] tells the number.
#[derive(Debug)]
pub struct Events {
    pub(crate) handle: Arc<Handle>,
    pub(crate) key: u64,
}

impl Events {
    /// The next event; `None` once the client is closed or ended. Nothing is lost when the future
    /// is dropped.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|context| {
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
        })
        .await
    }
}

impl Events {
    /// Everything that came by now.
    pub(crate) fn arrived(&mut self) -> Vec<Event> {
        let mut state = self.handle.shared.state.lock();
        let subscriber = state.subscribers.get_mut(&self.key);
        subscriber
            .into_iter()
            .flat_map(|subscriber| std::iter::from_fn(|| subscriber.take()))
            .collect()
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
