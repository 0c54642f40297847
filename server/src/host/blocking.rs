//! Where work runs that blocks its thread.

use tokio::task::{JoinError, spawn_blocking, yield_now};

/// Where work runs that blocks its thread: on the runtime's pool, or as a part of the calling task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Blocking {
    #[default]
    Pool,
    /// After other tasks had a turn, so that they can overtake it as they do on the pool.
    Inline,
}

impl Blocking {
    /// Runs `work`, which completes even if this future is dropped meanwhile, on the pool.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        match self {
            Self::Pool => spawn_blocking(work).await,
            // Boxed: futures of the pool do not reserve space for it.
            Self::Inline => Ok(Box::pin(async {
                yield_now().await;
                work()
            })
            .await),
        }
    }
}
