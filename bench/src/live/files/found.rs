//! What a run with a file found.

use serde::Serialize;

use crate::latency::Percentiles;
use crate::report::{Figure, Found};

/// What a run found.
#[derive(Debug, Default, Serialize)]
pub struct FilesFound {
    /// From when a message is sent until it is accepted, while nothing else happens.
    pub(super) latency_ms_idle: Option<Percentiles>,
    pub(super) up: Option<Way>,
    pub(super) down: Option<Way>,
}

/// One way of the file.
#[derive(Debug, Serialize)]
pub(super) struct Way {
    pub(super) mib_per_s: f64,
    /// What the server's memory grew by at most.
    pub(super) server_mib_more: Option<f64>,
    /// What the memory of this process grew by at most.
    pub(super) client_mib_more: Option<f64>,
    /// From when a message of somebody else is sent until it is accepted.
    pub(super) latency_ms: Option<Percentiles>,
}

impl Found for FilesFound {
    fn figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        let mut row = |name, value: Option<String>, meaning| {
            figures.extend(value.map(|value| Figure::new(name, value, meaning)))
        };
        let idle_p99 = self.latency_ms_idle.map(|latency| latency.p99);
        row(
            "latency, idle",
            self.latency_ms_idle.map(|latency| latency.to_string()),
            "of a message, sent to accepted, without a file",
        );
        let ways = [
            (
                &self.up,
                [
                    "upload",
                    "latency, up",
                    "p99, up",
                    "server, up",
                    "clients, up",
                ],
            ),
            (
                &self.down,
                [
                    "download",
                    "latency, down",
                    "p99, down",
                    "server, down",
                    "clients, down",
                ],
            ),
        ];
        for (way, [speed, latency, ratio, server, client]) in ways {
            let Some(way) = way else { continue };
            let mib = |mib: f64| format!("{mib:.1} MiB");
            row(
                speed,
                Some(format!("{:.0} MiB/s", way.mib_per_s)),
                "hashing, login and the syncs of the disk included",
            );
            row(
                latency,
                way.latency_ms.map(|latency| latency.to_string()),
                "of a message of somebody else meanwhile",
            );
            let times = way
                .latency_ms
                .zip(idle_p99)
                .map(|(latency, idle)| format!("{:.2} times", latency.p99 / idle));
            row(ratio, times, "what it is without a file");
            row(
                server,
                way.server_mib_more.map(mib),
                "memory more than before, at most",
            );
            row(
                client,
                way.client_mib_more.map(mib),
                "memory more than before, at most, of the whole load generator",
            );
        }
        figures
    }
}
