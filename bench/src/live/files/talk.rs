//! Somebody who talks at a steady pace for as long as something else takes.

use std::time::Duration;

use cairn_client::Client;
use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::ConversationId;
use cairn_client::proto::text::Text;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::error::BenchError;
use crate::latency::Latencies;

/// Sends at this rate until `meanwhile` is done, and gives what that gives. A latency goes from when a message is sent until it is accepted.
pub(super) async fn talk<T>(
    client: &Client,
    group: ConversationId,
    rate: u32,
    meanwhile: JoinHandle<Result<T, BenchError>>,
    mut told: impl FnMut(&Latencies),
) -> Result<(T, Latencies), BenchError> {
    let text = Text::new("x".repeat(200))?;
    let mut turns = interval(Duration::from_secs(1) / rate);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut latencies = Latencies::new();
    while !meanwhile.is_finished() {
        turns.tick().await;
        let sent = Instant::now();
        client.send(group, Body::Text(text.clone())).await?;
        latencies.record(sent.elapsed());
        told(&latencies);
    }
    let done = meanwhile.await.map_err(|_| BenchError::Panicked)??;
    Ok((done, latencies))
}
