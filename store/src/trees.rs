//! The trees and the layout of their keys. All numbers are big-endian, so that ranges are in order.
//!
//! | tree | key | value |
//! |---|---|---|
//! | messages | conversation u64, msgid u64 of the block's first message | a block |
//! | conversations | conversation u64 | `ConversationRecord` |
//! | members | conversation u64, `MemberChunk` u32 | a list of `StoredMember` |
//! | uncounted | conversation u64, chunk u64 | a chunk of the set of system entries |
//! | mentions | conversation u64, `MemberChunk` u32, user u32, chunk u64 | a chunk of mentions |
//! | pins | conversation u64 | a list of pinned messages |
//! | retention | conversation u64 | a `Retention`; no row when the server decides |
//! | cursors | device u64, send stream u64, `CursorChunk` u64 | a list of `SendCursor` |
//! | recent | device u64, send stream u64, `RecentPart` u8 | a list of `RecentSend` |
//! | users | user u32 | `UserRecord` |
//! | devices | user u32, device u64 | `DeviceRecord` |
//! | invites | hash of the token, 32 bytes | `LinkRecord` |
//! | memberships | user u32, conversation u64 | `MembershipRecord` |
//! | imports | conversation u64, source u64 | the source's cursor, u64 |
//! | groups | conversation u64 | `GroupRecord` of a group with settings |
//! | open_groups | conversation u64 | the name of an open group, for searches |
//! | relations | user u32, `RelationChunk` u32 | a list of `StoredRelation` |
//! | profiles | user u32 | `Profile` |
//! | settings | the name, as bytes | the value, as text |
//! | ended | user u32, conversation u64 | the `Revision` of the end; under 0 the last forgotten |
//! | attachment_records | hash, 32 bytes | `AttachmentRecord` |
//! | unused | hash, 32 bytes | nothing: the attachment is unreferenced |
//! | attached | conversation u64, msgid u64 | the hash of the attachment |
//! | attachment_bytes | user u32 | the quota used by the user, u64 |
//! | audit | number u64 | `AuditRecord` |
//! | meta | a [`MetaKey`], u8 | see there |
//!
//! Blocks are described in [`crate::blocks::block`]; all other values are sealed, see
//! [`crate::trees::rows`].
pub mod db;
pub mod rows;
pub(crate) mod rows_in;
pub(crate) mod rows_out;
pub mod scan;
pub mod wait_for_lock;

mod key;
pub mod parse;
mod tree;
mod versions;

pub(crate) use self::key::KEY_BYTES_MAX;
pub use self::key::{MetaKey, RowKey, RowPrefix};
pub use self::tree::Tree;

#[cfg(test)]
mod tests;
