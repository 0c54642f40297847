//! What supervisors look at.

pub(super) mod board;
pub(super) mod explain;
pub(super) mod list;
pub(super) mod report;
mod report_view;
pub(super) mod transcript;
