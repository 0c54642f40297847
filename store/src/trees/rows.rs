//! The values of all trees but `messages`: sealed with a checksum.
//!
//! ```text
//! [version u8][crc32c u32 little-endian][the record, by cairn_proto::wire::codec]
//! ```
//!
//! The checksum covers the tree, the key, the version and the record, so a value under another key
//! counts as damaged as well.

use cairn_proto::wire::codec::{self, DecodeError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::limits;

use crate::trees::{RowKey, versions};

const CRC_BYTES: usize = 4;
pub(crate) const HEADER_BYTES: usize = 1 + CRC_BYTES;

/// A row to set or remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    pub key: RowKey,
    /// Its sealed value; `None` removes the row.
    pub value: Option<Vec<u8>>,
}

impl RowChange {
    #[must_use]
    pub fn put<T: Serialize + ?Sized>(key: RowKey, record: &T) -> Self {
        Self {
            key,
            value: Some(seal(&key, record)),
        }
    }

    #[must_use]
    pub fn delete(key: RowKey) -> Self {
        Self { key, value: None }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the row {key} is damaged: {what}; restore the data directory from a backup")]
pub struct RowError {
    pub key: RowKey,
    pub what: RowDamage,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowDamage {
    #[error("it is cut short")]
    Short,
    #[error("its version {0} is not known")]
    Version(u8),
    #[error("its checksum does not match")]
    Checksum,
    #[error("it does not decode: {0}")]
    Decode(DecodeError),
}

/// Seals the value of a row.
#[must_use]
pub(crate) fn seal<T: Serialize + ?Sized>(key: &RowKey, record: &T) -> Vec<u8> {
    seal_as(versions::current(key.tree()), key, record)
}

fn seal_as<T: Serialize + ?Sized>(version: u8, key: &RowKey, record: &T) -> Vec<u8> {
    let mut value = vec![version, 0, 0, 0, 0];
    codec::encode_into(record, &mut value);
    if let Some((header, record)) = value.split_first_chunk_mut::<HEADER_BYTES>() {
        let [a, b, c, d] = checksum(key, version, record).to_le_bytes();
        *header = [version, a, b, c, d];
    }
    value
}

/// Seals the bytes of a record, which may be damaged, as of a version this far back.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn seal_record(versions_back: u8, key: &RowKey, record: &[u8]) -> Vec<u8> {
    let version = versions::current(key.tree()).saturating_sub(versions_back);
    let crc = checksum(key, version, record).to_le_bytes();
    [&[version][..], &crc, record].concat()
}

/// Unseals the value of a row.
///
/// # Errors
///
/// When it is not what was sealed for this key.
pub(crate) fn unseal<T: DeserializeOwned>(key: &RowKey, value: &[u8]) -> Result<T, RowError> {
    read(key, value).map_err(|what| RowError { key: *key, what })
}

fn read<T: DeserializeOwned>(key: &RowKey, value: &[u8]) -> Result<T, RowDamage> {
    let ([version, crc @ ..], record) = value
        .split_first_chunk::<HEADER_BYTES>()
        .ok_or(RowDamage::Short)?;
    if checksum(key, *version, record).to_le_bytes() != *crc {
        return Err(RowDamage::Checksum);
    }
    if *version == versions::current(key.tree()) {
        return codec::decode(record, limits::TREE_VALUE_BYTES_MAX).map_err(RowDamage::Decode);
    }
    versions::upgraded(key.tree(), *version, record)
        .ok_or(RowDamage::Version(*version))?
        .and_then(|record| codec::decode(&record, limits::TREE_VALUE_BYTES_MAX))
        .map_err(RowDamage::Decode)
}

fn checksum(key: &RowKey, version: u8, record: &[u8]) -> u32 {
    let crc = crc32c::crc32c(key.tree().name().as_bytes());
    let crc = crc32c::crc32c_append(crc, key.bytes());
    let crc = crc32c::crc32c_append(crc, &[version]);
    crc32c::crc32c_append(crc, record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_core::record::{DeviceRecord, SecretHash, UsedStream};
    use cairn_proto::ids::{DeviceId, MsgId, Revision, SendStreamId, Timestamp, UserId};
    use cairn_proto::text::DeviceName;

    #[test]
    fn row_unseals_only_under_its_key() {
        let key = RowKey::user(UserId::new(7));
        let sealed = seal(&key, &(MsgId::new(300), "text"));
        assert_eq!(
            unseal(&key, &sealed),
            Ok((MsgId::new(300), "text".to_owned()))
        );
        let other = RowKey::user(UserId::new(8));
        assert_eq!(
            unseal::<(MsgId, String)>(&other, &sealed).unwrap_err().what,
            RowDamage::Checksum
        );
        for at in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[at] ^= 4;
            assert!(
                unseal::<(MsgId, String)>(&key, &flipped).is_err(),
                "byte {at}"
            );
            assert!(
                unseal::<(MsgId, String)>(&key, &sealed[..at]).is_err(),
                "cut at {at}"
            );
        }
    }

    #[test]
    fn older_device_is_read() {
        let key = RowKey::device(UserId::new(7), DeviceId::new(9));
        let (name, token) = ("phone".to_owned(), SecretHash([3; 32]));
        let (created_at, streams) = (Timestamp::new(5), vec![SendStreamId::new(70)]);
        let old = seal_as(1, &key, &(&name, token, created_at, &streams));
        let expected = DeviceRecord {
            name: DeviceName::new(name).unwrap(),
            token,
            created_at,
            streams: vec![UsedStream {
                stream: streams[0],
                used_at: Revision::new(1),
            }],
        };
        assert_eq!(unseal::<DeviceRecord>(&key, &old), Ok(expected.clone()));
        let new = seal(&key, &expected);
        assert_eq!(unseal::<DeviceRecord>(&key, &new), Ok(expected));
        for unknown in [0, 3] {
            let sealed = seal_as(unknown, &key, &());
            let error = unseal::<DeviceRecord>(&key, &sealed).unwrap_err();
            assert_eq!(error.what, RowDamage::Version(unknown));
        }
    }

    #[test]
    fn error_names_tree_and_key() {
        let key = RowKey::user(UserId::new(7));
        let error = unseal::<u64>(&key, &[]).unwrap_err().to_string();
        assert!(
            error.starts_with("the row users/00000007 is damaged: it is cut short"),
            "{error}"
        );
    }
}
