//! Rows as lines of JSON, or as a table for people.

use std::fmt;

use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::ui::table;

/// Prints rows as lines of JSON, or as a table for people.
pub(super) fn print_table<T: Serialize>(
    output: &mut Output,
    header: &[&str],
    rows: &[T],
    cells: impl Fn(&T) -> Vec<String>,
) -> Result<(), Failure> {
    if output.is_json() {
        return rows.iter().try_for_each(|row| output.print(&Json(row)));
    }
    let header: Vec<String> = header.iter().map(|&name| name.to_owned()).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
    output.text(&table::render(&header, &rows))
}

/// A row that is printed as JSON only.
#[derive(Serialize)]
#[serde(transparent)]
struct Json<'a, T>(&'a T);

impl<T> fmt::Display for Json<'_, T> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}
