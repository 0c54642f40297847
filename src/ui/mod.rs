//! Presentation: tables, progress, sizes and times for terminals, plots for pages.
//!
//! The modules turn plain values into text. Pages and plots are for reports.

pub(crate) mod json;
#[cfg(feature = "bench")]
pub(crate) mod page;
#[cfg(feature = "bench")]
pub(crate) mod plot;
pub(crate) mod progress;
pub(crate) mod sanitize;
pub(crate) mod table;
pub(crate) mod time;
