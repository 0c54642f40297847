//! What watches a run: it is shown how far the run is, and may end it.

use std::fmt;

use tokio::sync::watch;

use crate::error::BenchError;

/// Shows a text when it is time to; the text is only created then.
type Show = Box<dyn FnMut(&dyn Fn() -> String)>;

pub struct Watcher {
    stop: Stop,
    show: Show,
}

impl Watcher {
    /// `stop` becomes true when the run is to end; `show` is called often.
    pub fn new(
        stop: watch::Receiver<bool>,
        show: impl FnMut(&dyn Fn() -> String) + 'static,
    ) -> Self {
        let (stop, show) = (Stop(stop), Box::new(show));
        Self { stop, show }
    }

    /// Shows how far the run is.
    pub(crate) fn tell(&mut self, text: &dyn Fn() -> String) {
        (self.show)(text);
    }

    /// Shows how many of `count` are done.
    pub(crate) fn counter(&mut self, count: usize, what: &str) -> impl FnMut(usize) {
        move |done| self.tell(&|| format!("{done} of {count} {what}"))
    }

    pub(crate) fn stop(&self) -> Stop {
        self.stop.clone()
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").finish_non_exhaustive()
    }
}

/// Whether a run is to end.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Resolves when the run is to end, at any number of calls.
    pub(crate) async fn asked(&mut self) {
        if self.0.wait_for(|&is_asked| is_asked).await.is_err() {
            // Nothing is left that could ask for it.
            std::future::pending().await
        }
    }

    pub(crate) fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Runs what a run needs before it can measure anything.
    pub(crate) async fn unless_asked<T>(
        mut self,
        work: impl Future<Output = Result<T, BenchError>>,
    ) -> Result<T, BenchError> {
        tokio::select! {
            biased;
            () = self.asked() => Err(BenchError::Interrupted),
            result = work => result,
        }
    }
}
