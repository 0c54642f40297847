//! What a run found: one JSON object for programs, a sheet of figures, tables and plots for people.
//!
//! * `sheet`, `settings`, `numbers`: what people see, however it is laid out
//! * `text`: a sheet in a terminal
//! * `page`, `plot`, `ticks`, `escape`: a sheet in a browser

mod escape;
mod numbers;
mod page;
mod plot;
mod settings;
mod sheet;
mod text;
mod ticks;

use std::fmt;
use std::path::Path;

use clap::Args;
use jiff::{Timestamp, Unit};
use serde::{Serialize, Serializer};

pub use numbers::{counted, grouped, sized};
pub use page::Page;
pub use sheet::{Axis, Figure, Plot, Scale, Series, Sheet, Table};

use self::sheet::Condition;

use super::system::{self, Machine};

/// What a run found. What it did not measure is `null`.
#[derive(Debug, Serialize)]
pub struct Report<S, F> {
    pub benchmark: &'static str,
    version: &'static str,
    /// When it ended, to the second.
    #[serde(serialize_with = "as_text")]
    measured_at: Timestamp,
    machine: Machine,
    #[serde(flatten)]
    subject: Subject,
    settings: S,
    /// Somebody ended the run early: the numbers are of what was measured until then.
    pub interrupted: bool,
    #[serde(flatten)]
    pub found: F,
}

fn as_text<S: Serializer>(value: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Subject {
    /// Which server, where there was one: its address, or one of the run's own.
    pub server: Option<String>,
    pub durability: Durability,
    /// Repeats the choices of the run.
    pub seed: u64,
}

/// What a message that counts has survived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// It is on the disk.
    Fdatasync,
    /// The data lies in memory, whatever was asked of it.
    None,
}

impl Durability {
    /// What messages survive that are stored in a folder, with fdatasync behind each commit.
    pub fn in_folder(folder: &Path) -> Self {
        if system::is_in_memory(folder) {
            Self::None
        } else {
            Self::Fdatasync
        }
    }
}

/// The numbers of one kind of run.
pub trait Found: Serialize {
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
    pub fn new(
        benchmark: &'static str,
        subject: Subject,
        settings: S,
        interrupted: bool,
        found: F,
    ) -> Self {
        let now = Timestamp::now();
        Self {
            benchmark,
            version: env!("CARGO_PKG_VERSION"),
            measured_at: now.round(Unit::Second).unwrap_or(now),
            machine: Machine::this(),
            subject,
            settings,
            interrupted,
            found,
        }
    }
}

impl<S: fmt::Display + Args + Serialize, F: Found> Report<S, F> {
    /// The same for people.
    pub fn sheet(&self) -> Sheet {
        Sheet {
            title: format!("cairn bench {}", self.benchmark),
            summary: self.settings.to_string(),
            settings: settings::of(&self.settings),
            cautions: self.cautions(),
            figures: self.found.figures(),
            tables: self.found.tables(),
            plots: self.found.plots(),
            conditions: self.conditions(),
        }
    }

    /// What speaks against the numbers.
    fn cautions(&self) -> Vec<&'static str> {
        let cautions = [
            (
                !self.found.is_sound(),
                "A check failed: not everything is as it must be. The figures below say what.",
            ),
            (
                self.interrupted,
                "The run was ended early. The numbers are of what was measured until then.",
            ),
            (
                self.subject.durability == Durability::None,
                "Nothing here is durable: the data lies in memory, and no disk was waited for.",
            ),
            (
                cfg!(debug_assertions),
                "This is a debug build of cairn, many times slower than a release.",
            ),
        ];
        cautions
            .into_iter()
            .filter(|&(applies, _)| applies)
            .map(|(_, caution)| caution)
            .collect()
    }

    /// What one must know to believe the numbers: how durable they are, and what they were measured on.
    fn conditions(&self) -> Vec<Condition> {
        let durability = match self.subject.durability {
            Durability::Fdatasync => "every accept is on disk (fdatasync)",
            Durability::None => "NOT durable: the data directory lies in memory",
        };
        let seconds = self
            .found
            .seconds()
            .map(|seconds| format!("for {seconds:.1} s"));
        let ended = self.interrupted.then(|| "ended early".to_owned());
        let counted = seconds
            .into_iter()
            .chain(ended)
            .collect::<Vec<_>>()
            .join(", ");
        let build = if cfg!(debug_assertions) {
            " (debug build)"
        } else {
            ""
        };
        let Machine { cores, cpu, kernel } = &self.machine;
        let (cpu, kernel) = (
            cpu.as_deref().unwrap_or("unknown"),
            kernel.as_deref().unwrap_or("unknown"),
        );
        let conditions = [
            ("counted", counted),
            ("durability", durability.to_owned()),
            (
                "server",
                self.subject
                    .server
                    .as_deref()
                    .unwrap_or("none: in one process")
                    .to_owned(),
            ),
            ("version", format!("cairn {}{build}", self.version)),
            (
                "machine",
                format!("{cores} cores, CPU {cpu}, kernel {kernel}"),
            ),
            ("seed", self.subject.seed.to_string()),
            (
                "measured at",
                self.measured_at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
            ),
        ];
        let condition = |(name, value): (&'static str, String)| {
            (!value.is_empty()).then_some(Condition { name, value })
        };
        conditions.into_iter().filter_map(condition).collect()
    }
}

impl<S: fmt::Display + Args + Serialize, F: Found> fmt::Display for Report<S, F> {
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
            let rate = self.accepted_per_s.map(|rate| {
                Figure::new(
                    "accepted",
                    format!("{} /s", grouped(rate)),
                    "messages that are stored",
                )
            });
            rate.into_iter().collect()
        }

        fn seconds(&self) -> Option<f64> {
            Some(2.0)
        }
    }

    #[derive(Args, Serialize)]
    struct Few {
        /// Clients that send
        #[arg(long)]
        clients: u16,
    }

    impl fmt::Display for Few {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{} clients", self.clients)
        }
    }

    fn report(durability: Durability) -> Report<Few, One> {
        let machine = Machine {
            cores: 2,
            cpu: Some("Abacus".to_owned()),
            kernel: None,
        };
        let subject = Subject {
            server: Some("a server of its own".to_owned()),
            durability,
            seed: 7,
        };
        let found = One {
            accepted_per_s: Some(2.5),
            missing: None,
        };
        let (measured_at, settings) = (Timestamp::UNIX_EPOCH, Few { clients: 3 });
        Report {
            benchmark: "send",
            version: "1",
            measured_at,
            machine,
            subject,
            settings,
            interrupted: true,
            found,
        }
    }

    #[test]
    fn programs_get_one_flat_object_and_null_for_what_was_not_measured() {
        let json = serde_json::to_value(report(Durability::Fdatasync)).unwrap();
        assert_eq!(json["accepted_per_s"], 2.5);
        assert_eq!(json["durability"], "fdatasync");
        assert_eq!(json["machine"]["cores"], 2);
        assert_eq!(json["seed"], 7);
        assert_eq!(json["measured_at"], "1970-01-01T00:00:00Z");
        let fields = [
            "benchmark",
            "version",
            "server",
            "settings",
            "interrupted",
            "missing",
        ];
        assert!(
            fields
                .iter()
                .all(|field| json.as_object().unwrap().contains_key(*field)),
            "{json}"
        );
        assert!(json["missing"].is_null());
    }

    #[test]
    fn people_get_the_conditions_with_the_numbers() {
        let text = report(Durability::Fdatasync).to_string();
        assert!(text.starts_with("cairn bench send: 3 clients\n"), "{text}");
        assert!(
            text.contains("\n  counted        for 2.0 s, ended early\n  durability     every accept is on disk (fdatasync)\n"),
            "{text}"
        );
        assert!(
            text.contains("2 cores, CPU Abacus, kernel unknown\n  seed           7\n"),
            "{text}"
        );
        assert!(report(Durability::None).to_string().contains("NOT durable"));
    }
}
