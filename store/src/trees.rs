//! The only list of the trees, with the layout of their keys. All numbers are big-endian, so that a
//! range reads in order.
//!
//! | tree | key | value |
//! |---|---|---|
//! | messages | conversation u64, msgid u64 of the block's first message | a block, see [`crate::blocks::block`] |
//! | conversations | conversation u64 | `ConversationRecord` |
//! | members | conversation u64, `MemberChunk` u32 | a list of `StoredMember` |
//! | uncounted | conversation u64, chunk u64 | a part of the set of entries that do not count as unread |
//! | mentions | conversation u64, `MemberChunk` u32, user u32, chunk u64 | a part of the set of messages that mention the user |
//! | pins | conversation u64 | a list of pinned messages |
//! | retention | conversation u64 | a `Retention`; no row where that is left to the server |
//! | cursors | device u64, send stream u64, `CursorChunk` u64 | a list of `SendCursor` |
//! | recent | device u64, send stream u64, `RecentPart` u8 | a list of `RecentSend` |
//! | users | user u32 | `UserRecord` |
//! | devices | user u32, device u64 | `DeviceRecord` |
//! | invites | hash of the token, 32 bytes | `InviteRecord` |
//! | memberships | user u32, conversation u64 | `MembershipRecord`: the way from a user to the conversations |
//! | imports | conversation u64, source u64 | the source's cursor, u64 |
//! | groups | conversation u64 | `GroupRecord` of a group that agreed on anything |
//! | open_groups | conversation u64 | the name of an open group: what a search looks through |
//! | relations | user u32, `RelationChunk` u32 | a list of `StoredRelation` |
//! | profiles | user u32 | `Profile` |
//! | settings | the name, as bytes | the value, as people write it |
//! | ended | user u32, conversation u64 | the `Revision` at which the user was a member no more; under no conversation that of the newest end that is forgotten |
//! | attachment_records | hash, 32 bytes | `AttachmentRecord` |
//! | unused | hash, 32 bytes | nothing: no message names this attachment |
//! | attached | conversation u64, msgid u64 | the hash of what the message names |
//! | attachment_bytes | user u32 | what the uploads of the user take, u64 |
//! | meta | a [`MetaKey`], u8 | see there |
//!
//! All values but blocks are sealed, see [`crate::trees::rows`].
pub mod db;
pub mod rows;
pub mod rows_in;
pub mod rows_out;
pub mod scan;
pub(crate) mod wait_for_lock;

mod key;
pub mod parse;
mod tree;

pub use self::key::{KEY_BYTES_MAX, MetaKey, RowKey, RowPrefix};
pub use self::tree::Tree;

#[cfg(test)]
mod tests;
