//! Small pictures that travel inside other values.

use bytes::Bytes;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::wire::codec;

/// A picture of at most `BYTES_MAX` bytes that a client made; empty for none. Nobody checks what it
/// shows, or whether it is a picture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Picture<const BYTES_MAX: usize>(Bytes);

/// A picture is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it has {bytes} bytes where {bytes_max} are allowed")]
pub struct PictureTooLarge {
    /// How large it is.
    pub bytes: usize,
    /// How large it may be.
    pub bytes_max: usize,
}

impl<const BYTES_MAX: usize> Picture<BYTES_MAX> {
    /// No picture.
    pub const NONE: Self = Self(Bytes::new());

    /// Takes the bytes.
    ///
    /// # Errors
    /// When they are more than `BYTES_MAX`.
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

    /// The bytes.
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
    fn a_picture_is_bounded_wherever_it_comes_from() {
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
