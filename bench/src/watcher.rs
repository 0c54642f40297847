//! Shows the progress of a run, and may end it.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::sync::watch;

use crate::error::{BenchError, Result};

/// Shows a text, at intervals. The text is only generated when it is shown.
type Show = dyn FnMut(&dyn Fn() -> String);

#[derive(Clone)]
pub struct Watcher {
    stop: watch::Receiver<bool>,
    show: Rc<RefCell<Show>>,
}

impl Watcher {
    /// `stop` becomes true when the run is to end; `show` is called often.
    pub fn new(
        stop: watch::Receiver<bool>,
        show: impl FnMut(&dyn Fn() -> String) + 'static,
    ) -> Self {
        let show = Rc::new(RefCell::new(show));
        Self { stop, show }
    }

    pub(crate) fn tell(&self, text: impl Fn() -> String) {
        (self.show.borrow_mut())(&text);
    }

    /// Runs futures, `at_once` at a time, and shows the number of completed ones: "3 of 5 `what`".
    /// Returns their outputs in order.
    pub(crate) async fn gather<T, F: Future<Output = Result<T>>>(
        &self,
        at_once: usize,
        what: &str,
        work: impl ExactSizeIterator<Item = F>,
    ) -> Result<Vec<T>> {
        let count = work.len();
        let mut outputs = Vec::with_capacity(count);
        let mut running = pin!(stream::iter(work).buffered(at_once));
        while let Some(output) = running.next().await {
            outputs.push(output?);
            let done = outputs.len();
            self.tell(|| format!("{done} of {count} {what}"));
        }
        Ok(outputs)
    }

    /// Resolves when the run is to end. May be called any number of times.
    pub(crate) async fn asked(&self) {
        let mut stop = self.stop.clone();
        if stop.wait_for(|&is_asked| is_asked).await.is_err() {
            // No sender is left, so nothing can end the run.
            std::future::pending().await
        }
    }

    pub(crate) fn is_asked(&self) -> bool {
        *self.stop.borrow()
    }

    /// Runs a preparation of the measurement, which fails when the run is to end.
    pub(crate) async fn unless_asked<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.asked() => Err(BenchError::Interrupted),
            result = work => result,
        }
    }

    /// Runs the steps of a measurement until they are complete or the run is to end.
    pub(crate) async fn until_asked(&self, steps: impl Future<Output = Result<()>>) -> Result<()> {
        match self.unless_asked(steps).await {
            Err(BenchError::Interrupted) => Ok(()),
            result => result,
        }
    }
}
