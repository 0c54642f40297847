//! Attachments: files that messages refer to. Their bytes travel on streams of their own and are
//! stored apart from the log.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::content::picture::Picture;
use crate::limits;
use crate::text::{Caption, FileName, MediaType};
use crate::wire::error::ErrorCode;

/// The BLAKE3 hash of an attachment's bytes, and its only address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttachmentHash([u8; Self::BYTES]);

/// A string is not an [`AttachmentHash`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is not {} bytes in lower-case hexadecimal digits",
    AttachmentHash::BYTES
)]
pub struct HashError;

impl AttachmentHash {
    /// The length of a hash, in bytes.
    pub const BYTES: usize = 32;

    /// Wraps the raw hash.
    #[must_use]
    pub const fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// Returns the raw hash.
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

/// A message's reference to a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The address of the bytes, and their checksum.
    pub hash: AttachmentHash,
    /// Chosen by the sender; see [`FileName`].
    pub name: FileName,
    /// As declared by the sender; not verified.
    pub media_type: MediaType,
    /// The length in bytes.
    pub size_bytes: u64,
    /// May be empty.
    pub caption: Caption,
}

/// An image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// The image file.
    pub file: Attachment,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Shown until the file is downloaded.
    pub preview: Preview,
}

impl Media {
    /// Returns whether a picture or video can have these dimensions: both are at least 1, at most
    /// [`limits::PICTURE_SIDE_MAX`], and the product at most [`limits::PICTURE_PIXELS_MAX`].
    #[must_use]
    pub const fn is_possible(width: u32, height: u32) -> bool {
        let pixels = width as u64 * height as u64;
        pixels > 0
            && pixels <= limits::PICTURE_PIXELS_MAX
            && width <= limits::PICTURE_SIDE_MAX
            && height <= limits::PICTURE_SIDE_MAX
    }
}

/// A video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Video {
    /// The video file, and its dimensions and preview.
    pub media: Media,
    /// In milliseconds.
    pub duration_ms: u64,
}

/// A small image made by the sender's client; may be empty.
pub type Preview = Picture<{ limits::PREVIEW_BYTES_MAX }>;

/// A frame that the server writes on a transfer stream.
///
/// Upload: the server writes [`TransferFrame::From`]; the client writes the bytes from that offset
/// on and finishes the stream; the server writes [`TransferFrame::Stored`] once they are durable.
///
/// Download: the server writes [`TransferFrame::From`], then the bytes from that offset on, and
/// finishes the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransferFrame {
    /// The transfer continues at this byte offset.
    From(u64),
    /// The attachment is complete and durable, and the user may send it.
    Stored,
    /// The transfer is refused or aborted. Nothing follows.
    Refused(ErrorCode),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_are_bounded() {
        for (width, height, is_possible) in [
            (1, 1, true),
            (1920, 1080, true),
            (65_535, 16_384, true),
            (0, 5, false),
            (5, 0, false),
            (65_536, 1, false),
            (1, u32::MAX, false),
            (65_535, 16_385, false),
        ] {
            assert_eq!(
                Media::is_possible(width, height),
                is_possible,
                "{width}x{height}"
            );
        }
    }

    #[test]
    fn hash_round_trips() {
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
