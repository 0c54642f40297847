//! How a number of connections rises, and how a device connects again.

use std::time::Duration;

use cairn_client::{Account, Backoff, Client, Endpoint, Error, Options};
use serde::Serialize;
use tokio::time::sleep;

use crate::limits;

/// Steps of a rise to a known number: seconds, and how many there were.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Ramp {
    steps: Vec<(f64, usize)>,
    #[serde(skip)]
    goal: usize,
}

impl Ramp {
    pub(crate) fn to(goal: usize) -> Self {
        let steps = vec![(0.0, 0)];
        Self { steps, goal }
    }

    /// Notes that there are `count`, one more than before. Of many, only some are kept.
    pub(crate) fn reached(&mut self, count: usize, after: Duration) {
        let every = self.goal.div_ceil(limits::MOMENTS_MAX - 1).max(1);
        if count.is_multiple_of(every) || count == self.goal {
            self.steps.push((after.as_millis() as f64 / 1_000.0, count));
        }
    }

    pub(crate) fn points(&self) -> Vec<(f64, f64)> {
        self.steps
            .iter()
            .map(|&(s, count)| (s, count as f64))
            .collect()
    }
}

/// Connects a device that was here before, with push. Tries again for as long as that may help,
/// with growing pauses, and calls `failed` each time.
pub(crate) async fn reconnect(
    account: &Account,
    endpoint: Option<&Endpoint>,
    mut failed: impl FnMut(),
) -> Result<Client, Error> {
    let mut attempt = 0;
    loop {
        let endpoint = endpoint.cloned();
        let options = Options {
            endpoint,
            ..Options::default()
        };
        match Client::connect(account, options).await {
            Err(Error::NoAnswer { .. } | Error::LoginUnanswered { .. } | Error::Broken { .. }) => {
                failed();
                sleep(Backoff::default().delay(attempt, rand::random())).await;
                attempt = attempt.saturating_add(1);
            }
            result => return result,
        }
    }
}
