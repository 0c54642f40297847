//! Framing: an encoded value prefixed by its length as a little-endian `u32`. The length is checked
//! before anything is allocated for the frame.

use bytes::{Bytes, BytesMut};
use serde::Serialize;

use crate::limits;
use crate::wire::codec;

/// The length prefix of a frame, in bytes.
pub const PREFIX_BYTES: usize = 4;

/// Larger frames share no allocation with those after them.
const SHARED_BYTES_MAX: usize = 2 * limits::ENTRY_BYTES_MAX;

/// A stream can no longer be split into frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A frame exceeds the limit of its stream.
    #[error("a frame of {bytes} bytes where {max_bytes} are allowed")]
    TooBig {
        /// The announced length.
        bytes: usize,
        /// The limit.
        max_bytes: usize,
    },
}

/// Appends the value to `out` as a frame.
pub fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    codec::prefixed(out, |out| codec::encode_into(value, out));
}

/// Encodes the value as a frame.
#[must_use]
pub fn frame<T: Serialize + ?Sized>(value: &T) -> Bytes {
    let mut out = Vec::new();
    write(value, &mut out);
    out.into()
}

/// Splits the next frame, without its prefix, off `buffer`. Returns `None` until the frame is
/// complete.
///
/// # Errors
/// Returns an error if the frame exceeds `max_bytes`.
pub fn split(buffer: &mut BytesMut, max_bytes: usize) -> Result<Option<Bytes>, FrameError> {
    let Some(prefix) = buffer.first_chunk::<PREFIX_BYTES>() else {
        return Ok(None);
    };
    let bytes = u32::from_le_bytes(*prefix) as usize;
    if bytes > max_bytes {
        return Err(FrameError::TooBig { bytes, max_bytes });
    }
    if buffer.len() - PREFIX_BYTES < bytes {
        return Ok(None);
    }
    let mut frame = buffer.split_to(PREFIX_BYTES + bytes);
    let _ = frame.split_to(PREFIX_BYTES);
    if bytes > SHARED_BYTES_MAX {
        // Frames share the allocation of the buffer. A small one that is kept must not keep the
        // bytes of a large one in memory.
        *buffer = BytesMut::from(&buffer[..]);
    }
    Ok(Some(frame.freeze()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_reassemble() {
        let mut stream = Vec::new();
        write("one", &mut stream);
        write("", &mut stream);
        write("three", &mut stream);
        for step in 1..stream.len() {
            let mut buffer = BytesMut::new();
            let mut got = Vec::new();
            for piece in stream.chunks(step) {
                buffer.extend_from_slice(piece);
                while let Some(frame) = split(&mut buffer, 64).unwrap() {
                    got.push(codec::decode::<String>(&frame, 64).unwrap());
                }
            }
            assert_eq!(got, ["one", "", "three"]);
            assert!(buffer.is_empty());
        }
    }

    #[test]
    fn limit_is_exact() {
        let mut at = BytesMut::from(&[4, 0, 0, 0, 1, 2, 3, 4][..]);
        assert_eq!(
            split(&mut at, 4),
            Ok(Some(Bytes::from_static(&[1, 2, 3, 4])))
        );
        let mut over = BytesMut::from(&[5, 0, 0, 0][..]);
        assert_eq!(
            split(&mut over, 4),
            Err(FrameError::TooBig {
                bytes: 5,
                max_bytes: 4
            })
        );
        let mut huge = BytesMut::from(&[255, 255, 255, 255][..]);
        assert!(split(&mut huge, 4).is_err());
    }
}
