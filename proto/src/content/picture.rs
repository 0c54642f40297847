//! Small pictures embedded in other values.

use bytes::Bytes;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::wire::codec;

/// An encoded picture of at most `BYTES_MAX` bytes; empty for none. The bytes come from a client
/// and are not verified in any way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Picture<const BYTES_MAX: usize>(Bytes);

/// A picture exceeds its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it has {bytes} bytes where {bytes_max} are allowed")]
pub struct PictureTooLarge {
    /// The length in bytes.
    pub bytes: usize,
    /// The limit in bytes.
    pub bytes_max: usize,
}

impl<const BYTES_MAX: usize> Picture<BYTES_MAX> {
    /// No picture.
    pub const NONE: Self = Self(Bytes::new());

    /// Wraps the encoded bytes.
    ///
    /// # Errors
    /// Returns an error if there are more than `BYTES_MAX`.
    pub fn new(bytes: Bytes) -> Result<Self, PictureTooLarge> {
        if bytes.len() > BYTES_MAX {
            Err(PictureTooLarge {
                bytes: bytes.len(),
                bytes_max: BYTES_MAX,
            })
        } else {
            Ok(Self(bytes))
        }
    }

    /// Returns the encoded bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &Bytes {
        &self.0
    }
}

impl<'de, const BYTES_MAX: usize> Deserialize<'de> for Picture<BYTES_MAX> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::new(codec::bytes_up_to(BYTES_MAX, d)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;

    type Small = Picture<5>;

    #[test]
    fn picture_size_is_checked_everywhere() {
        let largest = Small::new(vec![1; 5].into()).unwrap();
        assert_eq!(
            codec::decode(&codec::encode(&largest), limits::FRAME_BYTES_MAX),
            Ok(largest)
        );
        let larger = Bytes::from(vec![1; 6]);
        assert_eq!(
            codec::decode::<Small>(&codec::encode(&larger), limits::FRAME_BYTES_MAX),
            Err(codec::DecodeError::Malformed)
        );
        assert_eq!(
            Small::new(larger),
            Err(PictureTooLarge {
                bytes: 6,
                bytes_max: 5
            })
        );
    }
}
