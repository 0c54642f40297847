//! The comparison of the schemes, as a table and two plots for each share of members online.

use super::cell::Cell;
use super::scheme::{Group, Kind};
use crate::results::{Column, Plot, Results, Scale, Series, Unit, grouped};

/// What the columns of the tables mean.
pub(super) const MEANING: &str = "Sends: until they are durable and where they stay. Bytes: what \
    the folder grows by for each, nothing acked. Writes: rows put and deleted for each. 1,000 \
    back: a member who was away pulls 1,000 messages. Acks: until all members have acked a message \
    and it is gone (cairn keeps what was said), with its writes. Left: bytes for each send when \
    all have acked. Lost: messages times members, of those that were accepted and not pushed when \
    the process was killed.";

const COLUMNS: [Column; 11] = [
    Column::new("scheme", "/label", Unit::COUNT),
    Column::new("members", "/members", Unit::COUNT),
    Column::new("sends/s", "/sends_per_s", Unit::short("")),
    Column::new("bytes", "/bytes_per_send", Unit::short("")),
    Column::new("writes", "/writes_per_send", Unit::short("")),
    Column::new("1,000 back", "/catch_up_ms_per_1000", Unit::short(" ms")),
    Column::new("acks", "/ack_us_per_send", Unit::short(" µs")),
    Column::new("ack writes", "/ack_writes_per_send", Unit::short("")),
    Column::new("left", "/bytes_left_per_send", Unit::short("")),
    Column::new("lost", "/lost", Unit::COUNT),
    Column::new("of", "/at_stake", Unit::COUNT),
];
