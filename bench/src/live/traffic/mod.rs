//! What runs share that send and receive: senders, receivers, what they count and its results.
//!
//! A run warms up, counts, stops and waits until everything outstanding is settled; nothing that
//! comes before or after the count is in the numbers.

pub(crate) mod counters;
pub(crate) mod cursor;
pub(crate) mod fill;
pub(crate) mod pace;
pub(crate) mod progress;
pub(crate) mod ramp;
pub(crate) mod receivers;
pub(crate) mod results;
pub(crate) mod sender;
pub(crate) mod stamp;
