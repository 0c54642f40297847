//! Sizes that decide how often the log moves on, and what leaves memory.

use crate::limits;

/// Small in simulations, so that little data fills segments, starts checkpoints and is evicted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) segment_bytes: u64,
    /// The first segment of a log, and one that is needed before a large one is ready.
    pub(crate) segment_bytes_small: u64,
    /// Log bytes that start a checkpoint.
    pub(crate) checkpoint_bytes: u64,
    /// Log bytes that the trees lack, at most.
    pub(crate) log_bytes_max: u64,
    /// Memory of stored state beyond which it is evicted.
    pub(crate) state_bytes: usize,
    /// Loads after which it is evicted without a checkpoint.
    pub(crate) loads_between_evictions: u64,
}

impl Sizes {
    pub(crate) const REAL: Self = Self {
        segment_bytes: limits::SEGMENT_BYTES,
        segment_bytes_small: limits::SEGMENT_BYTES_SMALL,
        checkpoint_bytes: limits::CHECKPOINT_BYTES,
        log_bytes_max: limits::LOG_BYTES_MAX,
        state_bytes: limits::STATE_BYTES_TARGET,
        loads_between_evictions: limits::LOADS_BETWEEN_EVICTIONS,
    };

    #[cfg(any(test, feature = "testing"))]
    pub(crate) const SIMULATED: Self = Self {
        segment_bytes: 16 * 1024,
        segment_bytes_small: 8 * 1024,
        checkpoint_bytes: 16 * 1024,
        log_bytes_max: 32 * 1024,
        state_bytes: 0,
        loads_between_evictions: 3,
    };
}
