//! Tables whose cells are more than a number of the JSON.

use crate::results::{Table, Unit};

/// A header, and what is shown of each row.
pub(super) type Cells<'a, R> = (&'a str, &'a dyn Fn(&R) -> String);

pub(super) fn table<R>(
    title: impl Into<String>,
    meaning: impl Into<String>,
    columns: &[Cells<'_, R>],
    rows: &[R],
) -> Table {
    let cells = |row| columns.iter().map(|(_, cell)| cell(row)).collect();
    Table {
        title: title.into(),
        meaning: meaning.into(),
        columns: columns.iter().map(|(name, _)| (*name).to_owned()).collect(),
        rows: rows.iter().map(cells).collect(),
    }
}

/// Shown for what was not measured.
pub(super) fn not_measured() -> String {
    "–".to_owned()
}

pub(super) fn shown(number: Option<f64>, unit: Unit) -> String {
    number.map_or_else(not_measured, |number| unit.show(number))
}

/// The middle one; of an even number the upper.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
