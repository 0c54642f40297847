//! The result of a run: what was asked for, what was found, and on what machine. How it is shown is
//! up to the binary.
//!
//! A run lists each number once, with its JSON field, name, unit and meaning ([`Results`]); the
//! JSON object, the text and the page all come from that list.

use std::fmt;
use std::path::Path;

use clap::{Arg, Args, Command};
use jiff::{Timestamp, Unit as TimeUnit};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::latency::Percentiles;
use crate::system::{self, Machine};

/// Serializes as one flat JSON object, with `null` for what was not measured.
#[derive(Debug, Serialize)]
pub struct Report {
    pub benchmark: &'static str,
    version: &'static str,
    #[serde(serialize_with = "as_text")]
    measured_at: Timestamp,
    machine: Machine,
    #[serde(flatten)]
    subject: Subject,
    settings: Value,
    /// The run was ended early: the numbers are of what was measured until then.
    pub interrupted: bool,
    #[serde(flatten)]
    pub results: Results,
    /// What was asked for, in a sentence.
    #[serde(skip)]
    pub summary: String,
    #[serde(skip)]
    pub options: Vec<Setting>,
}

fn as_text<S: Serializer>(value: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Subject {
    /// `None` where no server took part.
    pub(crate) server: Option<String>,
    pub(crate) durability: Durability,
    pub(crate) seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Durability {
    Fdatasync,
    /// The data lies in memory, so that a sync has no effect.
    None,
}

impl Durability {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        if system::is_in_memory(folder) {
            Self::None
        } else {
            Self::Fdatasync
        }
    }
}

/// One option of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// As typed: `--clients`.
    pub option: String,
    pub value: Option<String>,
    pub meaning: String,
}

impl Report {
    pub(crate) fn new<S: fmt::Display + Args + Serialize>(
        benchmark: &'static str,
        subject: Subject,
        settings: &S,
        interrupted: bool,
        results: Results,
    ) -> Self {
        let now = Timestamp::now();
        Self {
            benchmark,
            version: env!("CARGO_PKG_VERSION"),
            measured_at: now.round(TimeUnit::Second).unwrap_or(now),
            machine: Machine::this(),
            subject,
            settings: to_value(settings),
            interrupted,
            results,
            summary: settings.to_string(),
            options: options(settings),
        }
    }

    /// What speaks against the numbers, each in a sentence.
    #[must_use]
    pub fn cautions(&self) -> Vec<&'static str> {
        let cautions = [
            (
                !self.results.is_sound,
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
        let applies = cautions.into_iter().filter(|&(applies, _)| applies);
        applies.map(|(_, caution)| caution).collect()
    }

    /// How durable the numbers are, and what they were measured on: names and values.
    #[must_use]
    pub fn conditions(&self) -> Vec<(&'static str, String)> {
        let durability = match self.subject.durability {
            Durability::Fdatasync => "every accept is on disk (fdatasync)",
            Durability::None => "NOT durable: the data directory lies in memory",
        };
        let time = self.results.counted_s.map(|s| format!("for {s:.1} s"));
        let ended = self.interrupted.then(|| "ended early".to_owned());
        let counted = [time, ended].into_iter().flatten().collect::<Vec<_>>();
        let server = self.subject.server.as_deref();
        let build = if cfg!(debug_assertions) {
            " (debug build)"
        } else {
            ""
        };
        let Machine { cores, cpu, kernel } = &self.machine;
        let unknown = |name: &Option<String>| name.clone().unwrap_or_else(|| "unknown".to_owned());
        let (cpu, kernel) = (unknown(cpu), unknown(kernel));
        let conditions = [
            ("counted", counted.join(", ")),
            ("durability", durability.to_owned()),
            (
                "server",
                server.unwrap_or("none: in one process").to_owned(),
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
        conditions
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }
}

/// The numbers of one run, in the order in which people read them.
#[derive(Clone, Debug)]
pub struct Results {
    fields: Vec<(&'static str, Value)>,
    pub figures: Vec<Figure>,
    pub tables: Vec<Table>,
    pub plots: Vec<Plot>,
    /// Whether every check of the run passed.
    pub is_sound: bool,
    /// For how long was counted, where a run counts for a time.
    pub(crate) counted_s: Option<f64>,
}

impl Default for Results {
    fn default() -> Self {
        Self {
            fields: Vec::new(),
            figures: Vec::new(),
            tables: Vec::new(),
            plots: Vec::new(),
            is_sound: true,
            counted_s: None,
        }
    }
}

/// The JSON fields alone.
impl Serialize for Results {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.fields.iter().map(|(name, value)| (name, value)))
    }
}

impl Results {
    /// Lists a number. One that was not measured is `null` in JSON and not shown to people.
    pub(crate) fn figure<T: Serialize>(
        &mut self,
        field: &'static str,
        value: T,
        unit: Unit,
        name: &'static str,
        meaning: &'static str,
    ) {
        let value = to_value(value);
        if let Some(number) = value.as_f64() {
            self.row(name, unit.show(number), meaning);
        }
        self.fields.push((field, value));
    }

    /// Lists how long something took.
    pub(crate) fn latency(
        &mut self,
        field: &'static str,
        taken: Option<Percentiles>,
        name: &'static str,
        meaning: &'static str,
    ) {
        if let Some(taken) = taken {
            self.row(name, taken.to_string(), meaning);
        }
        self.json(field, taken);
    }

    /// Adds a field that only programs see.
    pub(crate) fn json<T: Serialize>(&mut self, field: &'static str, value: T) {
        self.fields.push((field, to_value(value)));
    }

    /// Adds what only people see.
    pub(crate) fn row(&mut self, name: &'static str, value: String, meaning: &'static str) {
        self.figures.push(Figure {
            name,
            value,
            meaning,
        });
    }

    /// Lists an array of objects, which people see as a table of some of their numbers.
    pub(crate) fn table<R: Serialize>(
        &mut self,
        field: &'static str,
        (title, meaning): (&str, &str),
        columns: &[Column],
        rows: &[R],
    ) {
        let rows = rows.iter().map(to_value).collect::<Vec<_>>();
        let cells = |row: &Value| columns.iter().map(|column| column.cell(row)).collect();
        self.tables.push(Table {
            title: title.to_owned(),
            meaning: meaning.to_owned(),
            columns: columns
                .iter()
                .map(|column| column.header.to_owned())
                .collect(),
            rows: rows.iter().map(cells).collect(),
        });
        self.json(field, rows);
    }

    /// Marks the run as failed unless `passed`.
    pub(crate) fn check(&mut self, passed: bool) {
        self.is_sound &= passed;
    }
}

pub(crate) fn to_value(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// A number with its unit, as people read it.
#[derive(Clone, Debug)]
pub struct Figure {
    pub name: &'static str,
    pub value: String,
    pub meaning: &'static str,
}

/// Numbers side by side. The first column names the row.
#[derive(Clone, Debug)]
pub struct Table {
    pub title: String,
    pub meaning: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// A column of a table that is made from JSON objects.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    header: &'static str,
    /// A JSON pointer: `/latency_ms/p50`.
    pointer: &'static str,
    unit: Unit,
}

impl Column {
    pub(crate) const fn new(header: &'static str, pointer: &'static str, unit: Unit) -> Self {
        Self {
            header,
            pointer,
            unit,
        }
    }

    fn cell(&self, row: &Value) -> String {
        let value = row.pointer(self.pointer).unwrap_or(&Value::Null);
        match (value.as_f64(), value.as_str()) {
            (Some(number), _) => self.unit.show(number),
            (None, Some(text)) => text.to_owned(),
            (None, None) => "–".to_owned(),
        }
    }
}

/// Lines over two axes.
#[derive(Clone, Debug)]
pub struct Plot {
    pub title: String,
    pub meaning: String,
    pub x: Axis,
    pub y: Axis,
    pub series: Vec<Series>,
}

#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// With its unit.
    pub label: &'static str,
    pub scale: Scale,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// From 0.
    Linear,
    /// Only for values above 0.
    Log,
    /// For shares from 0 to below 1: 0 to 90 % is as long as 90 to 99 %, and so on.
    Nines,
}

impl Scale {
    pub(crate) const fn axis(self, label: &'static str) -> Axis {
        Axis { label, scale: self }
    }
}

#[derive(Clone, Debug)]
pub struct Series {
    pub name: String,
    /// From left to right.
    pub points: Vec<(f64, f64)>,
}

/// How a number is shown: its digits after the point, and what follows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    digits: Digits,
    suffix: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Digits {
    Fixed(usize),
    /// About three digits in all.
    Three,
    /// Of bytes, in the unit that keeps the number short.
    Size,
}

impl Unit {
    pub(crate) const COUNT: Self = Self::new(0, "");
    pub(crate) const PER_S: Self = Self::new(0, " /s");
    pub(crate) const MIB: Self = Self::new(0, " MiB");
    pub(crate) const SECONDS: Self = Self::new(2, " s");
    pub(crate) const TIMES: Self = Self::new(2, " times");
    pub(crate) const SIZE: Self = Self {
        digits: Digits::Size,
        suffix: "",
    };

    pub(crate) const fn new(digits: usize, suffix: &'static str) -> Self {
        Self {
            digits: Digits::Fixed(digits),
            suffix,
        }
    }

    pub(crate) const fn short(suffix: &'static str) -> Self {
        Self {
            digits: Digits::Three,
            suffix,
        }
    }

    pub(crate) fn show(self, number: f64) -> String {
        let digits = match (self.digits, number) {
            (Digits::Size, _) => return sized(number as u64),
            (Digits::Fixed(digits), _) => digits,
            (Digits::Three, ..10.0) => 2,
            (Digits::Three, ..100.0) => 1,
            (Digits::Three, _) => 0,
        };
        let text = format!("{number:.digits$}");
        let (whole, part) = text.split_at(text.find('.').unwrap_or(text.len()));
        let mut grouped = String::new();
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        format!("{grouped}{part}{}", self.suffix)
    }
}

/// A whole number with a comma before every three digits.
pub(crate) fn grouped(number: f64) -> String {
    Unit::COUNT.show(number)
}

/// `1 client`, `1,000 clients`.
pub(crate) fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(count as f64))
}

/// `512 KiB`, `10.4 GiB`.
pub(crate) fn sized(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let (mut number, mut unit) = (bytes as f64 / 1_024.0, 0);
    while number >= 1_024.0 && unit + 1 < UNITS.len() {
        number /= 1_024.0;
        unit += 1;
    }
    let digits = usize::from(number < 100.0);
    format!("{number:.digits$} {}", UNITS[unit])
}

/// The options of a run in the words of its `--help`, without those that its JSON leaves out.
fn options<S: Args + Serialize>(settings: &S) -> Vec<Setting> {
    let values = to_value(settings);
    let setting = |argument: &Arg| {
        let value = values.get(argument.get_id().as_str())?;
        let long = argument.get_long().unwrap_or(argument.get_id().as_str());
        Some(Setting {
            option: format!("--{long}"),
            value: as_typed(value),
            meaning: argument
                .get_help()
                .map(ToString::to_string)
                .unwrap_or_default(),
        })
    };
    let run = S::augment_args(Command::new("run"));
    run.get_arguments().filter_map(setting).collect()
}

fn as_typed(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(values) => Some(
            values
                .iter()
                .filter_map(as_typed)
                .collect::<Vec<_>>()
                .join(","),
        ),
        _ => Some(value.to_string().trim_end_matches(".0").to_owned()),
    }
}

#[cfg(test)]
mod tests;
