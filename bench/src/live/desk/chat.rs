//! Ordinary messages beside the desk, compared with messages beside threads that burn as much
//! processor time as the desk does.

use std::sync::Arc;
use std::time::Duration;

use cairn_client::{Client, ConversationId};
use futures_util::future::try_join;
use serde::Serialize;
use tokio::time::sleep;

use super::visitors::Visitors;
use crate::error::Result;
use crate::latency::Latencies;
use crate::live::beside::{Control, Sent, send};
use crate::live::target::Target;

/// The time of one turn.
const TURN: Duration = Duration::from_secs(2);

/// The time in which the processor time of the desk alone is measured.
const MEASURE: Duration = Duration::from_secs(4);

#[derive(Clone, Debug, Serialize)]
pub(super) struct Round {
    /// Messages accepted per second.
    desk_per_s: f64,
    control_per_s: f64,
    desk_ms: Latencies,
    control_ms: Latencies,
}

impl Round {
    /// How many times faster sends are beside the control.
    pub(super) fn ratio(&self) -> f64 {
        self.control_per_s / self.desk_per_s
    }
}

/// The load of the desk, and who sends beside it.
pub(super) struct Chat<'a> {
    pub(super) visitors: &'a Arc<Visitors>,
    pub(super) per_minute: u32,
    pub(super) talker: Client,
    pub(super) to: ConversationId,
}

impl Chat<'_> {
    async fn load(&self, time: Duration, seed: u64, target: &Target) -> Result<()> {
        let coming = self
            .visitors
            .come(self.per_minute, time, seed, &target.watcher);
        coming.await
    }

    /// Returns how many cores the desk keeps busy, at both ends, beyond its idle connections.
    /// `None` where the processor time of the server is unknown.
    pub(super) async fn cores(&self, target: &Target) -> Result<Option<f64>> {
        let before = target.cpu();
        sleep(MEASURE).await;
        let between = target.cpu();
        self.load(MEASURE, 0, target).await?;
        let (idle, busy) = (between.since(before), target.cpu().since(between));
        let sum = |cpu: crate::live::target::Cpu| Some(cpu.server? + cpu.clients?);
        let more = sum(busy).zip(sum(idle)).map(|(busy, idle)| busy - idle);
        Ok(more.map(|seconds| seconds.max(0.0) / MEASURE.as_secs_f64()))
    }

    /// Sends beside visitors, and beside a control that keeps as many cores busy.
    pub(super) async fn round(&self, cores: f64, seed: u64, target: &Target) -> Result<Round> {
        let [mut desk, mut control] = <[Sent; 2]>::default();
        let sending = send(&self.talker, self.to, TURN, &mut desk);
        try_join(self.load(TURN, seed, target), sending).await?;
        let burning = Control::of_cores(cores);
        send(&self.talker, self.to, TURN, &mut control).await?;
        drop(burning);
        Ok(Round {
            desk_per_s: desk.per_s(),
            control_per_s: control.per_s(),
            desk_ms: desk.latencies,
            control_ms: control.latencies,
        })
    }
}
