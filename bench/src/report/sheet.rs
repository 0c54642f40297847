//! What people see of a run, before it is laid out as text or as a page.

use crate::latency::Percentiles;

/// What people see of a run.
#[derive(Clone, Debug)]
pub struct Sheet {
    pub title: String,
    /// What was asked of the run, in a sentence.
    pub summary: String,
    /// The same, option by option. Only a page shows them.
    pub settings: Vec<Setting>,
    /// What speaks against the numbers, each in a sentence.
    pub cautions: Vec<&'static str>,
    pub figures: Vec<Figure>,
    pub tables: Vec<Table>,
    /// Only a page shows them.
    pub plots: Vec<Plot>,
    /// What one must know to believe the numbers.
    pub conditions: Vec<Condition>,
}

/// One option of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// As it is typed: `--clients`.
    pub option: String,
    /// `None` where nothing was chosen.
    pub value: Option<String>,
    pub meaning: String,
}

/// One circumstance of the run.
#[derive(Clone, Debug)]
pub struct Condition {
    pub name: &'static str,
    pub value: String,
}

/// One number with what it means.
#[derive(Clone, Debug)]
pub struct Figure {
    pub name: &'static str,
    /// With its unit.
    pub value: String,
    pub meaning: &'static str,
    /// What the value is made of, where it is several numbers.
    pub percentiles: Option<Percentiles>,
}

impl Figure {
    pub fn new(name: &'static str, value: String, meaning: &'static str) -> Self {
        Self {
            name,
            value,
            meaning,
            percentiles: None,
        }
    }

    /// How long something took.
    pub fn of_latency(name: &'static str, latency: Percentiles, meaning: &'static str) -> Self {
        Self {
            name,
            value: latency.to_string(),
            meaning,
            percentiles: Some(latency),
        }
    }
}

/// Numbers side by side. The first column names the row.
#[derive(Clone, Debug)]
pub struct Table {
    pub title: String,
    /// What the numbers mean, in a sentence or a few.
    pub meaning: String,
    /// Names with units.
    pub columns: Vec<String>,
    /// Each with as many cells as there are columns.
    pub rows: Vec<Vec<String>>,
}

/// Lines over two axes.
#[derive(Clone, Debug)]
pub struct Plot {
    pub title: String,
    /// What can be read from it, in a sentence.
    pub meaning: String,
    pub x: Axis,
    pub y: Axis,
    pub series: Vec<Series>,
}

/// One axis of a plot.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What is told along it, with its unit.
    pub label: &'static str,
    pub scale: Scale,
}

/// How an axis is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// From 0, evenly.
    Linear,
    /// Each step ten times the last. Only for values above 0.
    Log,
    /// For shares of all, from 0 up to below 1: as much room from 0 to 90 % as from there to 99 %, to 99.9 % and so on.
    Quantile,
}

/// One line of a plot.
#[derive(Clone, Debug)]
pub struct Series {
    pub name: String,
    /// From left to right.
    pub points: Vec<(f64, f64)>,
}
