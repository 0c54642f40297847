//! What a log has done.

use cairn_proto::wire::metrics::Histogram;

/// Counted since the log was opened.
#[derive(Debug, Default)]
pub(crate) struct LogCounters {
    pub(crate) written_bytes: u64,
    /// Zeros written in advance.
    pub(crate) prepared_bytes: u64,
    /// How long each batch took to become durable.
    pub(crate) syncs: Histogram,
}
