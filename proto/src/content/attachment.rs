//! Files that messages name. Their bytes travel on streams of their own and rest apart from the
//! messages.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::content::picture::Picture;
use crate::limits;
use crate::text::{Caption, FileName, MediaType};
use crate::wire::error::ErrorCode;

/// BLAKE3 of all bytes of an attachment; its only address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttachmentHash([u8; Self::BYTES]);

/// A string that is no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is not {} bytes in lower-case hexadecimal digits",
    AttachmentHash::BYTES
)]
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
        let bytes = HEXLOWER
            .decode(s.as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok());
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

/// A video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Video {
    /// The file, and what one of its pictures is like.
    pub media: Media,
    /// How long it takes, in milliseconds.
    pub duration_ms: u64,
}

/// A small picture that the sender's client made; may be empty.
pub type Preview = Picture<{ limits::PREVIEW_BYTES_MAX }>;

/// What the server writes on a transfer stream.
///
/// An upload: the server says [`TransferFrame::From`]; the client writes the bytes from there on
/// and finishes the stream; the server says [`TransferFrame::Stored`] when they are durable. A
/// download: the server says [`TransferFrame::From`], writes the bytes from there on and finishes
/// the stream.
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
        for wrong in [
            "",
            "ab",
            &"AB".repeat(32),
            &"ab".repeat(33),
            "../../etc/passwd",
        ] {
            assert_eq!(wrong.parse::<AttachmentHash>(), Err(HashError), "{wrong}");
        }
    }
}
