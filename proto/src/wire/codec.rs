//! The codec: bincode 2 in its standard configuration. No other file names bincode.
//!
//! Decoding is bounded by the available bytes: a forged length cannot cause an allocation, and
//! trailing bytes are an error. To that end, fields of wire types that hold lists, bytes or strings
//! are decoded by `list`, `bytes` and `checked_text` below, because the implementations of `Vec`,
//! `Bytes` and `String` allocate for an announced length before they read the content.

use std::fmt;
use std::marker::PhantomData;

use bincode::config::{Configuration, standard};
use bincode::error::{DecodeError as Bincode, EncodeError};
use bytes::Bytes;
use serde::de::{DeserializeOwned, Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The reasons why bytes cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are malformed, or hold a value that its type rejects.
    #[error("malformed bytes")]
    Malformed,
    /// An enum variant that this version does not know.
    #[error("{UNKNOWN_VARIANT}")]
    UnknownVariant,
    /// This many bytes follow the value.
    #[error("{0} bytes too many")]
    Trailing(usize),
    /// The input exceeds the limit of this value.
    #[error("{bytes} bytes where {max_bytes} are allowed")]
    TooLong {
        /// The length in bytes.
        bytes: usize,
        /// The limit in bytes.
        max_bytes: usize,
    },
}

/// An error within a value that is decoded from bytes of its own reaches the outer one as text.
const UNKNOWN_VARIANT: &str = "an unknown variant";

fn config() -> Configuration {
    standard()
}

/// Appends the encoded value to `out`.
pub fn encode_into<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    let mut writer = VecWriter(out);
    let written = bincode::serde::encode_into_writer(value, &mut writer, config());
    debug_assert!(
        written.is_ok(),
        "a wire type cannot be encoded: {written:?}"
    );
}

/// Encodes a value.
#[must_use]
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    encode_into(value, &mut out);
    out
}

/// Appends what `write` appends, prefixed by its length as a little-endian `u32`.
pub fn prefixed(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let len = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
    if let Some(prefix) = out.get_mut(start..start + 4) {
        prefix.copy_from_slice(&len.to_le_bytes());
    }
}

/// Returns the encoded length of a field of `len` bytes, its prefix included.
pub(crate) const fn bytes_len(len: usize) -> usize {
    let prefix = match len {
        0..=250 => 1,
        251..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    };
    prefix + len
}

/// Appends the encoded value as a field of bytes: after the number of its bytes.
pub(crate) fn encode_as_bytes<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    let start = out.len();
    // Most values are short, and their length takes one byte.
    out.push(0);
    encode_into(value, out);
    let len = out.len() - start - 1;
    match (u8::try_from(len), out.get_mut(start)) {
        (Ok(len), Some(place)) if len <= ONE_BYTE_INTEGER_MAX => *place = len,
        _ => drop(out.splice(start..=start, encode(&(len as u64)))),
    }
}

/// Larger integers take several bytes.
const ONE_BYTE_INTEGER_MAX: u8 = 250;

/// Decodes a value that takes all of `bytes`.
///
/// # Errors
/// Returns an error if there are more than `max_bytes`, if they are malformed, or if some are left
/// over.
pub fn decode<T: DeserializeOwned>(bytes: &[u8], max_bytes: usize) -> Result<T, DecodeError> {
    if bytes.len() > max_bytes {
        return Err(DecodeError::TooLong {
            bytes: bytes.len(),
            max_bytes,
        });
    }
    let (value, read) = decode_some(bytes)?;
    match bytes.len() - read {
        0 => Ok(value),
        left => Err(DecodeError::Trailing(left)),
    }
}

/// Decodes a value at the beginning of `bytes` and ignores the rest.
///
/// # Errors
/// As [`decode`], except for trailing bytes.
pub fn decode_head<T: DeserializeOwned>(bytes: &[u8], max_bytes: usize) -> Result<T, DecodeError> {
    let head = bytes.get(..max_bytes).unwrap_or(bytes);
    decode_some(head).map(|(value, _)| value)
}

/// Decodes a value at the beginning of `bytes` and returns it with its encoded length.
///
/// # Errors
/// Returns an error if the bytes do not begin with such a value.
pub fn decode_some<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, usize), DecodeError> {
    borrow_some(bytes)
}

/// As [`decode_some`], for a value that may borrow from `bytes`.
pub(crate) fn borrow_some<'a, T: Deserialize<'a>>(
    bytes: &'a [u8],
) -> Result<(T, usize), DecodeError> {
    let config = config().with_limit::<MEMORY_BYTES_MAX>();
    bincode::serde::borrow_decode_from_slice(bytes, config).map_err(|error| match error {
        Bincode::UnexpectedVariant { .. } => DecodeError::UnknownVariant,
        Bincode::OtherString(text)
            if text.starts_with("invalid value: integer") || text == UNKNOWN_VARIANT =>
        {
            DecodeError::UnknownVariant
        }
        _ => DecodeError::Malformed,
    })
}

/// Decodes an integer at the beginning of `bytes` and returns it with the bytes after it. For hot
/// paths that read little of a value: [`borrow_some`] takes several times as long.
pub(crate) fn split_integer(bytes: &[u8]) -> Result<(u64, &[u8]), DecodeError> {
    let (&first, rest) = bytes.split_first().ok_or(DecodeError::Malformed)?;
    let integer = match first {
        ..=ONE_BYTE_INTEGER_MAX => Some((u64::from(first), rest)),
        251 => rest
            .split_first_chunk()
            .map(|(two, rest)| (u16::from_le_bytes(*two).into(), rest)),
        252 => rest
            .split_first_chunk()
            .map(|(four, rest)| (u32::from_le_bytes(*four).into(), rest)),
        253 => rest
            .split_first_chunk()
            .map(|(eight, rest)| (u64::from_le_bytes(*eight), rest)),
        254.. => None,
    };
    integer.ok_or(DecodeError::Malformed)
}

/// The limit on the memory that one decoded value may claim, in bytes.
const MEMORY_BYTES_MAX: usize = 4 * crate::limits::FRAME_BYTES_MAX;

/// Decodes a list, allocating only for items that are present.
pub(crate) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    reader: D,
) -> Result<Vec<T>, D::Error> {
    struct Items<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut items = Vec::new();
            while let Some(item) = seq.next_element()? {
                items.push(item);
            }
            Ok(items)
        }
    }

    reader.deserialize_seq(Items(PhantomData))
}

/// Decodes bytes, allocating only once they are present.
pub(crate) fn bytes<'de, D: Deserializer<'de>>(reader: D) -> Result<Bytes, D::Error> {
    bytes_up_to(usize::MAX, reader)
}

/// Decodes bytes, allocating only once they are present and within the limit.
pub(crate) fn bytes_up_to<'de, D: Deserializer<'de>>(
    bytes_max: usize,
    reader: D,
) -> Result<Bytes, D::Error> {
    reader.deserialize_bytes(Present {
        bytes_max,
        keep: Bytes::copy_from_slice,
    })
}

/// Bytes that are seldom long enough for an allocation.
pub(crate) mod short_bytes {
    use serde::{Deserializer, Serializer};
    use smallvec::{Array, SmallVec};

    use super::Present;

    pub(crate) fn serialize<S: Serializer, A: Array<Item = u8>>(
        bytes: &SmallVec<A>,
        writer: S,
    ) -> Result<S::Ok, S::Error> {
        writer.serialize_bytes(bytes)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, A: Array<Item = u8>>(
        reader: D,
    ) -> Result<SmallVec<A>, D::Error> {
        reader.deserialize_bytes(Present {
            bytes_max: usize::MAX,
            keep: SmallVec::from_slice,
        })
    }
}

/// Bytes that are borrowed from the input until their length is known to be allowed.
struct Present<T> {
    bytes_max: usize,
    keep: fn(&[u8]) -> T,
}

impl<T> Visitor<'_> for Present<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} bytes", self.bytes_max)
    }

    fn visit_bytes<E: Error>(self, present: &[u8]) -> Result<Self::Value, E> {
        if present.len() > self.bytes_max {
            Err(E::invalid_length(present.len(), &self))
        } else {
            Ok((self.keep)(present))
        }
    }
}

/// Decodes a string, validating it in place before it is allocated.
pub(crate) fn checked_text<'de, D, T, E>(
    reader: D,
    check: fn(&str) -> Result<T, E>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    E: fmt::Display,
{
    struct Checked<T, E>(fn(&str) -> Result<T, E>);

    impl<T, E: fmt::Display> Visitor<'_> for Checked<T, E> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_str<F: Error>(self, present: &str) -> Result<T, F> {
            (self.0)(present).map_err(F::custom)
        }
    }

    reader.deserialize_str(Checked(check))
}

/// Returns whether `bytes` are what [`encode`] returns for the value, which has been decoded from
/// them. bincode reads integers and lengths that take more bytes than they need; it never writes
/// them.
#[must_use]
pub fn is_canonical<T: Serialize + ?Sized>(value: &T, bytes: &[u8]) -> bool {
    let mut comparing = Comparing(bytes);
    bincode::serde::encode_into_writer(value, &mut comparing, config()).is_ok()
        && comparing.0.is_empty()
}

/// Accepts only the bytes that are left.
struct Comparing<'a>(&'a [u8]);

impl bincode::enc::write::Writer for Comparing<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        match self.0.strip_prefix(bytes) {
            Some(left) => {
                self.0 = left;
                Ok(())
            }
            None => Err(EncodeError::Other("the bytes differ")),
        }
    }
}

struct VecWriter<'a>(&'a mut Vec<u8>);

impl bincode::enc::write::Writer for VecWriter<'_> {
    // Most writes are of one to nine bytes, for which a call costs more than the copy.
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Old {
        A(u8),
    }

    #[derive(Serialize, Deserialize)]
    enum New {
        A(u8),
        B(u8),
    }

    #[test]
    fn decode_errors_are_distinct() {
        let bytes = encode(&New::A(7));
        assert_eq!(decode::<Old>(&bytes, 16), Ok(Old::A(7)));
        assert_eq!(
            decode::<Old>(&encode(&New::B(7)), 16),
            Err(DecodeError::UnknownVariant)
        );
        assert_eq!(
            decode::<Old>(&[bytes, vec![0]].concat(), 16),
            Err(DecodeError::Trailing(1))
        );
        assert_eq!(decode::<Old>(&[0], 16), Err(DecodeError::Malformed));
        assert_eq!(
            decode::<u8>(&[0; 17], 16),
            Err(DecodeError::TooLong {
                bytes: 17,
                max_bytes: 16
            })
        );
    }

    #[test]
    fn integers_are_split() {
        for integer in [
            0,
            250,
            251,
            65_535,
            65_536,
            u32::MAX.into(),
            1 << 32,
            u64::MAX,
        ] {
            let mut bytes = encode(&integer);
            let len = bytes.len();
            bytes.push(7);
            assert_eq!(split_integer(&bytes), Ok((integer, &[7][..])));
            assert!((0..len).all(|len| split_integer(&bytes[..len]).is_err()));
        }
        for marker in 254..=255 {
            assert_eq!(split_integer(&[marker; 20]), Err(DecodeError::Malformed));
        }
    }

    #[test]
    fn forged_lengths_are_refused() {
        let lie = [253, 255, 255, 255, 255, 255, 255, 255, 127];
        assert_eq!(decode::<Vec<u64>>(&lie, 64), Err(DecodeError::Malformed));
        assert_eq!(decode::<String>(&lie, 64), Err(DecodeError::Malformed));
    }
}
