//! Presentation: tables, progress, sizes and times for terminals, plots for pages.
//!
//! The modules turn plain values into text; any command can use them, with or without the
//! feature `bench`.

#[allow(
    dead_code,
    reason = "drawn by the report of a benchmark alone, which is a feature"
)]
pub(crate) mod page;
#[allow(
    dead_code,
    reason = "drawn by the report of a benchmark alone, which is a feature"
)]
pub(crate) mod plot;
pub(crate) mod progress;
pub(crate) mod sanitize;
pub(crate) mod table;
pub(crate) mod time;
