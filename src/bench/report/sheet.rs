//! What people see of a run, before it is laid out as text or as a page.

/// What people see of a run.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    pub(crate) title: String,
    /// What was asked of the run.
    pub(crate) settings: String,
    pub(crate) figures: Vec<Figure>,
    pub(crate) tables: Vec<Table>,
    /// Only a page shows them.
    #[expect(dead_code, reason = "no page draws it yet")]
    pub(crate) plots: Vec<Plot>,
    /// How durable the numbers are; what they were measured on.
    pub(crate) conditions: [String; 2],
}

/// One number with what it means.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    /// With its unit.
    pub(crate) value: String,
    pub(crate) meaning: &'static str,
}

impl Figure {
    pub(crate) fn new(name: &'static str, value: String, meaning: &'static str) -> Self {
        Self { name, value, meaning }
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
#[expect(dead_code, reason = "no page draws it yet")]
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
#[expect(dead_code, reason = "no page draws it yet")]
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
}

/// One line of a plot.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) name: String,
    /// From left to right.
    pub(crate) points: Vec<(f64, f64)>,
}
