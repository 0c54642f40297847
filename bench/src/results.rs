//! The report of a run: settings, results and machine. The binary formats it.
//!
//! A run lists each number once, with its JSON field, unit, name and meaning ([`Results`]); the
//! JSON object, the text and the HTML page are generated from that list.

use std::collections::BTreeMap;
use std::path::Path;

use bytesize::ByteSize;
use jiff::{Timestamp, Unit as TimeUnit};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::system::{self, Machine};

/// Serializes as one flat JSON object, with `null` for what was not measured.
#[derive(Debug, Serialize)]
pub struct Report {
    pub benchmark: &'static str,
    pub version: &'static str,
    pub measured_at: String,
    pub machine: Machine,
    #[serde(flatten)]
    pub subject: Subject,
    pub settings: Value,
    /// Set when the run was ended early; the results are those until then.
    pub interrupted: bool,
    #[serde(flatten)]
    pub results: Results,
}

#[derive(Clone, Debug, Serialize)]
pub struct Subject {
    /// `None` for runs without a server.
    pub server: Option<String>,
    /// What the run set on its own server.
    pub server_settings: BTreeMap<&'static str, &'static str>,
    pub durability: Durability,
    pub seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    Fdatasync,
    /// The folder is in memory, where a sync has no effect.
    None,
}

impl Durability {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        match system::is_in_memory(folder) {
            true => Self::None,
            false => Self::Fdatasync,
        }
    }
}

impl Subject {
    pub(crate) fn report(
        self,
        benchmark: &'static str,
        settings: &impl Serialize,
        interrupted: bool,
        results: Results,
    ) -> Report {
        let now = Timestamp::now();
        Report {
            benchmark,
            version: env!("CARGO_PKG_VERSION"),
            measured_at: now.round(TimeUnit::Second).unwrap_or(now).to_string(),
            machine: Machine::this(),
            subject: self,
            settings: to_value(settings),
            interrupted,
            results,
        }
    }
}

/// The numbers of a run, in the order of the text output.
#[derive(Clone, Debug, Default)]
pub struct Results {
    fields: Vec<(&'static str, Value)>,
    pub figures: Vec<Figure>,
    pub tables: Vec<Table>,
    pub plots: Vec<Plot>,
    /// Whether a check of the run failed.
    pub has_failed: bool,
    /// The duration of the count, in runs that count for a time.
    pub counted_s: Option<f64>,
}

impl Serialize for Results {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.fields.iter().map(|(name, value)| (name, value)))
    }
}

/// Adds numbers to [`Results`], each with its JSON field, value, unit, name and meaning.
macro_rules! list {
    ($results:expr; $($field:literal: $value:expr, $unit:expr, $name:expr => $meaning:expr;)*) => {
        $($results.figure($field, $value, $unit, $name, $meaning);)*
    };
}
pub(crate) use list;

impl Results {
    /// Adds a number, or an object of numbers such as percentiles. What was not measured is `null`
    /// in JSON, and not in the text.
    pub(crate) fn figure<T: Serialize>(
        &mut self,
        field: &'static str,
        value: T,
        unit: Unit,
        name: impl Into<String>,
        meaning: &'static str,
    ) {
        self.show(name, &value, unit, meaning);
        self.json(field, value);
    }

    pub(crate) fn json<T: Serialize>(&mut self, field: &'static str, value: T) {
        self.fields.push((field, to_value(value)));
    }

    /// Adds a number to the text only, because the JSON has it elsewhere.
    pub(crate) fn show<T: Serialize>(
        &mut self,
        name: impl Into<String>,
        value: T,
        unit: Unit,
        meaning: &'static str,
    ) {
        if let Some(value) = unit.show_value(&to_value(value)) {
            self.figures.push(Figure {
                name: name.into(),
                value,
                meaning,
            });
        }
    }

    /// Adds an array of objects. The text has a table of some of their fields.
    pub(crate) fn table<R: Serialize>(
        &mut self,
        field: &'static str,
        title: (&str, &str),
        columns: &[Column],
        rows: &[R],
    ) {
        self.rows(title, columns, rows);
        self.json(field, rows);
    }

    pub(crate) fn rows<R: Serialize>(
        &mut self,
        (title, meaning): (&str, &str),
        columns: &[Column],
        rows: &[R],
    ) {
        let cells = |row| columns.iter().map(|column| column.cell(&row)).collect();
        self.tables.push(Table {
            title: title.to_owned(),
            meaning: meaning.to_owned(),
            columns: columns.iter().map(|column| column.0.to_owned()).collect(),
            rows: rows.iter().map(to_value).map(cells).collect(),
        });
    }

    pub(crate) fn plot(
        &mut self,
        (title, meaning): (&str, &str),
        x: Axis,
        y: Axis,
        series: Vec<Series>,
    ) {
        self.plots.push(Plot {
            title: title.to_owned(),
            meaning: meaning.to_owned(),
            x,
            y,
            series,
        });
    }

    pub(crate) fn check(&mut self, passed: bool) {
        self.has_failed |= !passed;
    }
}

pub(crate) fn to_value(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// A number with its unit, for the text output.
#[derive(Clone, Debug)]
pub struct Figure {
    pub name: String,
    pub value: String,
    pub meaning: &'static str,
}

/// A table of the text output. The first column names the row.
#[derive(Clone, Debug)]
pub struct Table {
    pub title: String,
    pub meaning: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// A column of a table that is made from JSON objects: its header, the JSON pointer of its value
/// (`/latency_ms/p50`), and its unit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column(&'static str, &'static str, Unit);

impl Column {
    pub(crate) const fn new(header: &'static str, pointer: &'static str, unit: Unit) -> Self {
        Self(header, pointer, unit)
    }

    fn cell(&self, row: &Value) -> String {
        let value = row.pointer(self.1);
        let shown = value.and_then(|value| self.2.show_value(value));
        shown.unwrap_or_else(|| "–".to_owned())
    }
}

/// A line chart.
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
    /// Includes the unit.
    pub label: &'static str,
    pub scale: Scale,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Starts at 0.
    Linear,
    /// For values above 0.
    Log,
    /// For shares from 0 to below 1: 0 to 90 % takes as much space as 90 to 99 %, and so on.
    Nines,
}

impl Scale {
    pub(crate) const fn axis(self, label: &'static str) -> Axis {
        Axis { label, scale: self }
    }
}

/// By ascending x.
#[derive(Clone, Debug)]
pub struct Series {
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

impl Series {
    pub(crate) fn new(name: &str, points: Vec<(f64, f64)>) -> Self {
        let name = name.to_owned();
        Self { name, points }
    }
}

/// The format of a number: its decimals, and its unit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit(Digits, &'static str);

#[derive(Clone, Copy, Debug)]
enum Digits {
    Fixed(usize),
    /// About three significant digits.
    Three,
    /// Bytes, with the unit that keeps the number short.
    Size,
}

impl Unit {
    pub(crate) const COUNT: Self = Self::new(0, "");
    pub(crate) const TENTHS: Self = Self::new(1, "");
    pub(crate) const PER_S: Self = Self::new(0, " /s");
    pub(crate) const MIB: Self = Self::new(0, " MiB");
    pub(crate) const PERCENT: Self = Self::new(0, " %");
    pub(crate) const SECONDS: Self = Self::new(2, " s");
    pub(crate) const MILLIS: Self = Self::new(2, " ms");
    pub(crate) const TIMES: Self = Self::new(2, " times");
    pub(crate) const SIZE: Self = Self(Digits::Size, "");

    pub(crate) const fn new(digits: usize, suffix: &'static str) -> Self {
        Self(Digits::Fixed(digits), suffix)
    }

    pub(crate) const fn short(suffix: &'static str) -> Self {
        Self(Digits::Three, suffix)
    }

    pub(crate) fn show(self, number: f64) -> String {
        let Self(digits, suffix) = self;
        match digits {
            Digits::Size => ByteSize(number as u64).to_string(),
            Digits::Fixed(digits) => with_commas(number, digits) + suffix,
            Digits::Three if number < 10.0 => with_commas(number, 2) + suffix,
            Digits::Three => with_commas(number, usize::from(number < 100.0)) + suffix,
        }
    }

    /// A text, a number, or an object of numbers with their names.
    fn show_value(self, value: &Value) -> Option<String> {
        let plain = Self(self.0, "");
        let named = |(name, value): (&String, &Value)| {
            let name = if name == "p999" { "p99.9" } else { name };
            Some(format!("{name} {}", plain.show(value.as_f64()?)))
        };
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Bool(is_so) => Some(if *is_so { "yes" } else { "NO" }.to_owned()),
            Value::Object(numbers) => {
                let numbers: Option<Vec<String>> = numbers.iter().map(named).collect();
                Some(numbers?.join("  ") + self.1)
            }
            value => value.as_f64().map(|number| self.show(number)),
        }
    }
}

fn with_commas(number: f64, digits: usize) -> String {
    let text = format!("{number:.digits$}");
    let (whole, part) = text.split_at(text.find('.').unwrap_or(text.len()));
    let groups = whole.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(String::from_utf8_lossy).collect();
    groups.join(",") + part
}

/// A whole number with thousands separators.
pub(crate) fn grouped(number: f64) -> String {
    with_commas(number, 0)
}
