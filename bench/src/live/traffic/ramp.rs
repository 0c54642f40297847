//! How a number of connections rises, and how a device connects again.

use std::time::Duration;

use cairn_client::{Account, Backoff, Client, ClientBuilder, Error};
use tokio::time::sleep;

use crate::limits;

/// Steps of a rise: seconds, and how many there were. `times` are those of each further one, in
/// ascending order. Of many, only some are kept.
pub(crate) fn ramp(times: &[Duration]) -> Vec<(f64, usize)> {
    let every = times.len().div_ceil(limits::MOMENTS_MAX - 1).max(1);
    let is_kept = |&(count, _): &(usize, _)| count % every == 0 || count == times.len();
    let steps = (1..).zip(times).filter(is_kept);
    let steps = steps.map(|(count, after)| (after.as_millis() as f64 / 1_000.0, count));
    [(0.0, 0)].into_iter().chain(steps).collect()
}

pub(crate) fn points(ramp: &[(f64, usize)]) -> Vec<(f64, f64)> {
    ramp.iter().map(|&(s, count)| (s, count as f64)).collect()
}

/// Connects a device that was here before. Tries again for as long as that may help,
/// with growing pauses, and calls `failed` each time.
pub(crate) async fn reconnect(
    account: &Account,
    options: &ClientBuilder,
    mut failed: impl FnMut(),
) -> Result<Client, Error> {
    let mut attempt = 0;
    loop {
        match options.clone().connect(account).await {
            Err(Error::NoAnswer { .. } | Error::LoginUnanswered { .. } | Error::Broken { .. }) => {
                failed();
                sleep(Backoff::default().delay(attempt, rand::random())).await;
                attempt = attempt.saturating_add(1);
            }
            result => return result,
        }
    }
}
