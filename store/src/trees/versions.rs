//! The versions of stored records. A changed record gets the next one, and a reader for the one
//! before; its row is rewritten when it next changes.

use cairn_core::record::{
    DeviceRecord, LinkRecord, SecretHash, StoredMember, UsedStream, UserRecord, format_3,
};
use cairn_proto::ids::{Revision, SendStreamId, Timestamp};
use cairn_proto::text::DeviceName;
use cairn_proto::wire::codec::{self, DecodeError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::limits;
use crate::trees::Tree;

/// The version in which the records of a tree are written.
pub(super) const fn current(tree: Tree) -> u8 {
    match tree {
        Tree::Devices | Tree::Users | Tree::Links | Tree::Members => 2,
        _ => 1,
    }
}

/// Returns a record of an older version as one of the current version, or `None` if the tree never
/// had that version.
pub(super) fn upgraded(
    tree: Tree,
    version: u8,
    record: &[u8],
) -> Option<Result<Vec<u8>, DecodeError>> {
    match (tree, version) {
        (Tree::Devices, 1) => Some(read::<DeviceV1, DeviceRecord>(record)),
        (Tree::Users, 1) => Some(read::<format_3::UserRecord, UserRecord>(record)),
        (Tree::Links, 1) => Some(read::<format_3::InviteRecord, LinkRecord>(record)),
        (Tree::Members, 1) => Some(read_list::<format_3::StoredMember, StoredMember>(record)),
        _ => None,
    }
}

fn read<Old: DeserializeOwned, New: From<Old> + Serialize>(
    record: &[u8],
) -> Result<Vec<u8>, DecodeError> {
    codec::decode::<Old>(record, limits::TREE_VALUE_BYTES_MAX)
        .map(|old| codec::encode(&New::from(old)))
}

fn read_list<Old: DeserializeOwned, New: From<Old> + Serialize>(
    record: &[u8],
) -> Result<Vec<u8>, DecodeError> {
    let old = codec::decode::<Vec<Old>>(record, limits::TREE_VALUE_BYTES_MAX)?;
    let new: Vec<New> = old.into_iter().map(New::from).collect();
    Ok(codec::encode(&new))
}

/// A device whose streams have no time of use.
#[derive(Debug, Serialize, Deserialize)]
struct DeviceV1 {
    name: DeviceName,
    token: SecretHash,
    created_at: Timestamp,
    streams: Vec<SendStreamId>,
}

impl From<DeviceV1> for DeviceRecord {
    fn from(device: DeviceV1) -> Self {
        let DeviceV1 {
            name,
            token,
            created_at,
            streams,
        } = device;
        // Before every moment that a client of this version can name, but not before the streams
        // of a client that can name none.
        let used_at = Revision::new(1);
        Self {
            name,
            token,
            created_at,
            streams: streams
                .into_iter()
                .map(|stream| UsedStream { stream, used_at })
                .collect(),
        }
    }
}
