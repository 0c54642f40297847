//! The numbers of the run, each with what it means.

use serde::Serialize;

use super::arrivals::{Arrivals, LevelTimes};
use crate::live::climb::Climb;
use crate::live::findings::Checked;
use crate::live::venue::Cpu;
use crate::report::{Axis, Figure, Found, Plot, Scale, Series, grouped};

/// The numbers of the run.
#[derive(Clone, Debug, Serialize)]
pub struct CatchupFound {
    /// How long it took until the last device was level, or until the run was ended.
    seconds: f64,
    level_s: Option<LevelTimes>,
    devices_level: u64,
    /// Messages that devices got.
    deliveries: u64,
    deliveries_per_s: f64,
    /// Of those messages, packed as they are stored and sent.
    bytes_per_s: f64,
    failed_logins: u64,
    #[serde(flatten)]
    checked: Checked,
    #[serde(flatten)]
    memory: ServerMemory,
    server_cpu_s_per_million: Option<f64>,
    clients_cpu_s_per_million: Option<f64>,
    /// How many devices were level when.
    level_climb: Climb,
}

/// The memory of the server, in MiB.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct ServerMemory {
    server_mib_before: Option<f64>,
    server_mib_max: Option<f64>,
    server_mib_after: Option<f64>,
}

impl ServerMemory {
    /// When nobody is connected, at most while the devices come, and when all are there, which may be more still.
    pub(super) fn of_kib(before: Option<u64>, most: Option<u64>, after: Option<u64>) -> Self {
        let [server_mib_before, server_mib_max, server_mib_after] =
            [before, most.max(after), after].map(|kib| kib.map(|kib| kib as f64 / 1_024.0));
        Self {
            server_mib_before,
            server_mib_max,
            server_mib_after,
        }
    }
}

impl CatchupFound {
    /// `cpu` is what was used in `seconds`.
    pub(super) fn new(
        seconds: f64,
        cpu: Cpu,
        memory: ServerMemory,
        checked: Checked,
        arrivals: &Arrivals,
    ) -> Self {
        let messages = arrivals.messages();
        let per_million = |used: f64| used / (messages.max(1) as f64 / 1e6);
        Self {
            seconds,
            level_s: arrivals.level_times(),
            devices_level: arrivals.devices_level(),
            deliveries: messages,
            deliveries_per_s: messages as f64 / seconds,
            bytes_per_s: arrivals.bytes() as f64 / seconds,
            failed_logins: arrivals.failed_logins(),
            checked,
            memory,
            server_cpu_s_per_million: cpu.server.map(per_million),
            clients_cpu_s_per_million: cpu.clients.map(per_million),
            level_climb: arrivals.climb(),
        }
    }
}

impl Found for CatchupFound {
    fn figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        let mut row = |name, value: Option<String>, meaning| {
            figures.extend(value.map(|value| Figure::new(name, value, meaning)))
        };
        let level = self.level_s.map(
            |LevelTimes {
                 first,
                 median,
                 last,
             }| format!("first {first:.2}  median {median:.2}  last {last:.2} s"),
        );
        row(
            "level",
            level,
            "from when all set out until a device has everything it missed",
        );
        row(
            "devices level",
            Some(grouped(self.devices_level as f64)),
            "devices that have everything",
        );
        row(
            "deliveries",
            Some(format!("{} /s", grouped(self.deliveries_per_s))),
            "missed messages that devices got",
        );
        row(
            "payload",
            Some(format!("{:.1} MB/s", self.bytes_per_s / 1e6)),
            "the same in bytes, as they are stored and sent",
        );
        row(
            "failed logins",
            Some(grouped(self.failed_logins as f64)),
            "attempts that were not answered in time, and were repeated",
        );
        figures.extend(self.checked.figures());
        let mut row = |name, value: Option<String>, meaning| {
            figures.extend(value.map(|value| Figure::new(name, value, meaning)))
        };
        let ServerMemory {
            server_mib_before,
            server_mib_max,
            server_mib_after,
        } = self.memory;
        let mib = |mib: f64| format!("{mib:.0} MiB");
        row(
            "memory before",
            server_mib_before.map(mib),
            "of the server, when nobody is connected",
        );
        row(
            "memory at most",
            server_mib_max.map(mib),
            "while the devices come back",
        );
        row(
            "memory after",
            server_mib_after.map(mib),
            "when all are level, connected and quiet",
        );
        let cpu = |cpu: f64| format!("{cpu:.2} s");
        row(
            "server CPU",
            self.server_cpu_s_per_million.map(cpu),
            "processor time for a million deliveries, logins included",
        );
        row(
            "clients CPU",
            self.clients_cpu_s_per_million.map(cpu),
            "processor time for a million deliveries, logins included",
        );
        figures
    }

    fn plots(&self) -> Vec<Plot> {
        vec![Plot {
            title: "Devices that are level".to_owned(),
            meaning:
                "A steep line means that all wait alike; a long tail, that a few wait for long."
                    .to_owned(),
            x: Axis {
                label: "seconds since all set out",
                scale: Scale::Linear,
            },
            y: Axis {
                label: "devices that have everything",
                scale: Scale::Linear,
            },
            series: vec![Series {
                name: "devices".to_owned(),
                points: self.level_climb.points(),
            }],
        }]
    }

    fn seconds(&self) -> Option<f64> {
        Some(self.seconds)
    }

    fn is_sound(&self) -> bool {
        self.checked.is_sound()
    }
}
