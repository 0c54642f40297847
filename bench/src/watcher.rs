//! Whoever watches a run: is told how far it is, and may end it.

use std::fmt;

use tokio::sync::watch;

use super::error::BenchError;

/// Shows a text when it is time to; the text is only made then.
type Show = Box<dyn FnMut(&dyn Fn() -> String)>;

/// Whoever watches a run.
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
        Self {
            stop: Stop(stop),
            show: Box::new(show),
        }
    }

    /// Tells how far the run is.
    pub fn tell(&mut self, text: &dyn Fn() -> String) {
        (self.show)(text);
    }

    /// Hears when the run is to end.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher")
            .field("stop", &self.stop)
            .finish_non_exhaustive()
    }
}

/// Hears when a run is to end.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Resolves when the run is to end, at any number of calls.
    pub async fn asked(&mut self) {
        if self.0.wait_for(|&is_asked| is_asked).await.is_err() {
            // Nobody is left who could ask for it.
            std::future::pending().await
        }
    }

    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Does what a run needs before it can measure anything.
    pub async fn unless_asked<T>(
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
