//! What people see of a run, before it is laid out as text or as a page.

use crate::bench::latency::Percentiles;

/// What people see of a run.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    pub(crate) title: String,
    /// What was asked of the run, in a sentence.
    pub(crate) summary: String,
    /// The same, option by option. Only a page shows them.
    pub(crate) settings: Vec<Setting>,
    /// What speaks against the numbers, each in a sentence.
    pub(crate) cautions: Vec<&'static str>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) tables: Vec<Table>,
    /// Only a page shows them.
    pub(crate) plots: Vec<Plot>,
    /// What one must know to believe the numbers.
    pub(crate) conditions: Vec<Condition>,
}

/// One option of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// As it is typed: `--clients`.
    pub(crate) option: String,
    /// `None` where nothing was chosen.
    pub(crate) value: Option<String>,
    pub(crate) meaning: String,
}

/// One circumstance of the run.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

/// One number with what it means.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    /// With its unit.
    pub(crate) value: String,
    pub(crate) meaning: &'static str,
    /// What the value is made of, where it is several numbers.
    pub(crate) percentiles: Option<Percentiles>,
}

impl Figure {
    pub(crate) fn new(name: &'static str, value: String, meaning: &'static str) -> Self {
        Self {
            name,
            value,
            meaning,
            percentiles: None,
        }
    }

    /// How long something took.
    pub(crate) fn of_latency(
        name: &'static str,
        latency: Percentiles,
        meaning: &'static str,
    ) -> Self {
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
pub(crate) struct Table {
    pub(crate) title: String,
    /// What the numbers mean, in a sentence or a few.
    pub(crate) meaning: String,
    /// Names with units.
    pub(crate) columns: Vec<String>,
    /// Each with as many cells as there are columns.
    pub(crate) rows: Vec<Vec<String>>,
}

/// Lines over two axes.
#[derive(Clone, Debug)]
pub(crate) struct Plot {
    pub(crate) title: String,
    /// What can be read from it, in a sentence.
    pub(crate) meaning: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) series: Vec<Series>,
}

/// One axis of a plot.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// What is told along it, with its unit.
    pub(crate) label: &'static str,
    pub(crate) scale: Scale,
}

/// How an axis is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// From 0, evenly.
    Linear,
    /// Each step ten times the last. Only for values above 0.
    Log,
    /// For shares of all, from 0 up to below 1: as much room from 0 to 90 % as from there to 99 %, to 99.9 % and so on.
    Quantile,
}

/// One line of a plot.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) name: String,
    /// From left to right.
    pub(crate) points: Vec<(f64, f64)>,
}
