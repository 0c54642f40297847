//! Every bound of the replica. The server bounds the rest, in [`cairn_client::proto::limits`]: pins
//! and members of a conversation, and reactions to an entry.

/// Entries that a replica holds of one conversation, unless
/// [`Replica::with_entries_max`](crate::Replica::with_entries_max) was given another number. Older
/// entries are evicted; they can be pulled from the server again.
pub const ENTRIES_MAX: usize = 2_000;
