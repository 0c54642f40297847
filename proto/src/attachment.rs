//! Files that messages name. Their bytes travel on streams of their own and rest apart from the messages.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::codec;
use crate::error::ErrorCode;
use crate::limits;
use crate::text::{Caption, FileName, MediaType};

/// BLAKE3 of all bytes of an attachment; its only address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttachmentHash([u8; Self::BYTES]);

/// A string that is no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not {} bytes in lower-case hexadecimal digits", AttachmentHash::BYTES)]
pub struct HashError;

impl AttachmentHash {
    /// How long a hash is, in bytes.
    pub const BYTES: usize = 32;

    /// Takes the bytes.
    #[must_use]
    pub const fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

impl fmt::Display for AttachmentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for AttachmentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AttachmentHash({self})")
    }
}

impl FromStr for AttachmentHash {
    type Err = HashError;

    fn from_str(s: &str) -> Result<Self, HashError> {
        let bytes = HEXLOWER.decode(s.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or(HashError)
    }
}

/// A file that a message names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Where its bytes are, and what they must be.
    pub hash: AttachmentHash,
    /// What the sender calls it.
    pub name: FileName,
    /// Its media type, as the sender says.
    pub media_type: MediaType,
    /// Its length in bytes.
    pub size_bytes: u64,
    /// What the sender says of it; may be empty.
    pub caption: Caption,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// The file itself.
    pub file: Attachment,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// What is shown until the file is there.
    pub preview: Preview,
}

/// A film.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Film {
    /// The file, and what one of its pictures is like.
    pub media: Media,
    /// How long it takes, in milliseconds.
    pub duration_ms: u64,
}

/// A small picture that the sender's client made; may be empty. Nobody checks what it shows, or whether it is a picture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Preview(Bytes);

/// A preview is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the preview has {bytes} bytes where {} are allowed", limits::PREVIEW_BYTES_MAX)]
pub struct PreviewTooLarge {
    /// How large it is.
    pub bytes: usize,
}

impl Preview {
    /// No preview.
    pub const NONE: Self = Self(Bytes::new());

    /// Takes the bytes.
    ///
    /// # Errors
    /// When they are more than [`limits::PREVIEW_BYTES_MAX`].
    pub fn new(bytes: Bytes) -> Result<Self, PreviewTooLarge> {
        if bytes.len() > limits::PREVIEW_BYTES_MAX { Err(PreviewTooLarge { bytes: bytes.len() }) } else { Ok(Self(bytes)) }
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &Bytes {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Preview {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::new(codec::bytes(d)?).map_err(D::Error::custom)
    }
}

/// What the server writes on a transfer stream.
///
/// An upload: the server says [`TransferFrame::From`]; the client writes the bytes from there on and finishes the stream; the server says
/// [`TransferFrame::Stored`] when they are durable. A download: the server says [`TransferFrame::From`], writes the bytes from there on and
/// finishes the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransferFrame {
    /// The transfer goes on with the byte at this offset.
    From(u64),
    /// The whole attachment is durable, and the user may send it.
    Stored,
    /// The transfer is refused, or broken off. Nothing follows.
    Refused(ErrorCode),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_as_it_is_written() {
        let hash = AttachmentHash::new([0xab; 32]);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for wrong in ["", "ab", &"AB".repeat(32), &"ab".repeat(33), "../../etc/passwd"] {
            assert_eq!(wrong.parse::<AttachmentHash>(), Err(HashError), "{wrong}");
        }
    }

    #[test]
    fn a_preview_is_bounded_wherever_it_comes_from() {
        let largest = Preview::new(vec![1; limits::PREVIEW_BYTES_MAX].into()).unwrap();
        let mut bytes = codec::encode(&largest);
        assert_eq!(codec::decode(&bytes, limits::FRAME_BYTES_MAX), Ok(largest));
        bytes = codec::encode(&Bytes::from(vec![1; limits::PREVIEW_BYTES_MAX + 1]));
        assert_eq!(codec::decode::<Preview>(&bytes, limits::FRAME_BYTES_MAX), Err(codec::DecodeError::Malformed));
    }
}
