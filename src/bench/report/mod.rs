//! What a run found: one JSON object for programs, a sheet of figures, tables and plots for people.

mod numbers;
mod sheet;
mod text;

use std::fmt;
use std::path::Path;

use serde::Serialize;

pub(crate) use numbers::{counted, grouped, sized};
pub(crate) use sheet::{Axis, Figure, Plot, Scale, Series, Sheet, Table};

use super::system::{self, Machine};

/// What a run found. What it did not measure is `null`.
#[derive(Debug, Serialize)]
pub(crate) struct Report<S, F> {
    pub(crate) benchmark: &'static str,
    version: &'static str,
    machine: Machine,
    #[serde(flatten)]
    subject: Subject,
    settings: S,
    /// Somebody ended the run early: the numbers are of what was measured until then.
    pub(crate) interrupted: bool,
    #[serde(flatten)]
    pub(crate) found: F,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Subject {
    /// Which server, where there was one: its address, or one of the run's own.
    pub(crate) server: Option<String>,
    pub(crate) durability: Durability,
    /// Repeats the choices of the run.
    pub(crate) seed: u64,
}

/// What a message that counts has survived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Durability {
    /// It is on the disk.
    Fdatasync,
    /// The data lies in memory, whatever was asked of it.
    None,
}

impl Durability {
    /// What messages survive that are stored in a folder, with fdatasync behind each commit.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        if system::is_in_memory(folder) { Self::None } else { Self::Fdatasync }
    }
}

/// The numbers of one kind of run.
pub(crate) trait Found: Serialize {
    /// Single numbers, the most important first.
    fn figures(&self) -> Vec<Figure>;

    /// Numbers that are to be compared with each other.
    fn tables(&self) -> Vec<Table> {
        Vec::new()
    }

    /// What a page shows beside the numbers.
    fn plots(&self) -> Vec<Plot> {
        Vec::new()
    }

    /// How long was counted, in seconds, where the run counts for a time.
    fn seconds(&self) -> Option<f64> {
        None
    }

    /// Whether everything that was checked is as it must be.
    fn is_sound(&self) -> bool {
        true
    }
}

impl<S, F> Report<S, F> {
    pub(crate) fn new(benchmark: &'static str, subject: Subject, settings: S, interrupted: bool, found: F) -> Self {
        Self { benchmark, version: env!("CARGO_PKG_VERSION"), machine: Machine::this(), subject, settings, interrupted, found }
    }
}

impl<S: fmt::Display, F: Found> Report<S, F> {
    /// The same for people.
    pub(crate) fn sheet(&self) -> Sheet {
        Sheet {
            title: format!("cairn bench {}", self.benchmark),
            settings: self.settings.to_string(),
            figures: self.found.figures(),
            tables: self.found.tables(),
            plots: self.found.plots(),
            conditions: self.conditions(),
        }
    }

    /// What one must know to believe the numbers: how durable they are, and what they were measured on.
    fn conditions(&self) -> [String; 2] {
        let durable = match self.subject.durability {
            Durability::Fdatasync => "every accept is on disk (fdatasync)",
            Durability::None => "NOT durable: the data directory lies in memory",
        };
        let seconds = self.found.seconds().map_or(String::new(), |seconds| format!("counted for {seconds:.1} s; "));
        let ended = if self.interrupted { "ended early; " } else { "" };
        let Machine { cores, cpu, kernel } = &self.machine;
        let (cpu, kernel) = (cpu.as_deref().unwrap_or("CPU unknown"), kernel.as_deref().unwrap_or("unknown"));
        let server = self.subject.server.as_deref().unwrap_or("in one process");
        let (version, seed) = (self.version, self.subject.seed);
        [
            format!("{ended}{seconds}{durable}"),
            format!("cairn {version}, {server}; measured from a machine of {cores} cores, {cpu}, kernel {kernel}; seed {seed}"),
        ]
    }
}

impl<S: fmt::Display, F: Found> fmt::Display for Report<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sheet().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct One {
        accepted_per_s: Option<f64>,
        missing: Option<u64>,
    }

    impl Found for One {
        fn figures(&self) -> Vec<Figure> {
            let rate = self.accepted_per_s.map(|rate| Figure::new("accepted", format!("{} /s", grouped(rate)), "messages that are stored"));
            rate.into_iter().collect()
        }

        fn seconds(&self) -> Option<f64> {
            Some(2.0)
        }
    }

    fn report(durability: Durability) -> Report<&'static str, One> {
        let machine = Machine { cores: 2, cpu: Some("Abacus".to_owned()), kernel: None };
        let subject = Subject { server: Some("a server of its own".to_owned()), durability, seed: 7 };
        let found = One { accepted_per_s: Some(2.5), missing: None };
        Report { benchmark: "send", version: "1", machine, subject, settings: "few", interrupted: true, found }
    }

    #[test]
    fn programs_get_one_flat_object_and_null_for_what_was_not_measured() {
        let json = serde_json::to_value(report(Durability::Fdatasync)).unwrap();
        assert_eq!(json["accepted_per_s"], 2.5);
        assert_eq!(json["durability"], "fdatasync");
        assert_eq!(json["machine"]["cores"], 2);
        assert_eq!(json["seed"], 7);
        let fields = ["benchmark", "version", "server", "settings", "interrupted", "missing"];
        assert!(fields.iter().all(|field| json.as_object().unwrap().contains_key(*field)), "{json}");
        assert!(json["missing"].is_null());
    }

    #[test]
    fn people_get_the_conditions_with_the_numbers() {
        let text = report(Durability::Fdatasync).to_string();
        assert!(text.starts_with("cairn bench send: few\n"), "{text}");
        assert!(text.contains("ended early; counted for 2.0 s; every accept is on disk (fdatasync)"), "{text}");
        assert!(text.contains("2 cores, Abacus, kernel unknown; seed 7"), "{text}");
        assert!(report(Durability::None).to_string().contains("NOT durable"));
    }
}
