//! Shared parts of the runs that send and receive: senders, receivers, counters and results.
//!
//! A run warms up, counts, stops, and waits until all outstanding messages are settled. The results
//! exclude everything before and after the count.

pub(crate) mod counters;
pub(crate) mod cursor;
pub(crate) mod fill;
pub(crate) mod pace;
pub(crate) mod progress;
pub(crate) mod receivers;
pub(crate) mod results;
pub(crate) mod sender;
pub(crate) mod stamp;

pub(crate) use counters::Counters;
pub(crate) use cursor::{Anomalies, Cursor};
pub(crate) use fill::{Filler, fill};
pub(crate) use pace::{Clock, Pace, Turns, Window};
pub(crate) use progress::{Extent, Moment, Timeline, count};
pub(crate) use receivers::{Receivers, delivered};
pub(crate) use results::{
    Rates, StallResults, TrafficResults, list_distributions, list_timeline, points, ramp,
};
pub(crate) use sender::{Group, InFlight, Load, Sent, Unanswered};
pub(crate) use stamp::{STAMP_BYTES, Texts};
