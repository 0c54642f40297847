//! How a device comes back.

use cairn_client::{Account, Backoff, Client, Endpoint, Error, Options};
use tokio::time::sleep;

/// Connects as a device that was here before, with push. Tries for as long as trying again may help, with growing pauses; `failed` is
/// told of each attempt that was not answered in time.
pub(super) async fn come_back(
    account: &Account,
    endpoint: Option<&Endpoint>,
    mut failed: impl FnMut(),
) -> Result<Client, Error> {
    let mut attempt = 0;
    loop {
        let options = Options {
            endpoint: endpoint.cloned(),
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
