//! Tasks that run until the server stops, and are missed when they end before.

use hashbrown::HashMap;
use tokio::task::{Id, JoinError, JoinSet};

use crate::supervision::Ended;

#[derive(Debug, Default)]
pub(crate) struct Background {
    tasks: JoinSet<()>,
    parts: HashMap<Id, &'static str>,
}

impl Background {
    pub(crate) fn spawn(
        &mut self,
        part: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let handle = self.tasks.spawn(task);
        self.parts.insert(handle.id(), part);
    }

    /// Waits for the first task that ends.
    pub(crate) async fn ended(&mut self) -> Ended {
        let (id, panic) = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => (id, None),
            Some(Err(error)) => (error.id(), Some(error)),
            None => return std::future::pending().await,
        };
        let part = self.parts.get(&id).copied().unwrap_or("background");
        match panic.map(JoinError::try_into_panic) {
            Some(Ok(payload)) => Ended::panicked(part, &*payload),
            Some(Err(_)) | None => Ended::returned(part),
        }
    }

    /// Ends all tasks.
    pub(crate) fn abort(&mut self) {
        self.tasks.abort_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn task_that_ends_is_named() {
        let mut tasks = Background::default();
        tasks.spawn("waiting", std::future::pending());
        tasks.spawn("haste", async {});
        let ended = tasks.ended().await;
        assert_eq!(
            ended.to_string(),
            "the haste of the server ended: it returned"
        );
    }

    #[tokio::test]
    async fn task_that_panics_is_named_with_its_message() {
        let mut tasks = Background::default();
        tasks.spawn("waiting", std::future::pending());
        tasks.spawn("luck", async { panic!("number {}", 13) });
        let ended = tasks.ended().await;
        let expected = "the luck of the server ended: it panicked: number 13";
        assert_eq!(ended.to_string(), expected);
    }
}
