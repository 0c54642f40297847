//! The content of a message: what its sender controls, with its canonical encoding.

use bytes::Bytes;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::content::body::Body;
use crate::content::extras::Extras;
use crate::limits;
use crate::wire::codec::{self, DecodeError};

/// The body and the extras of a message, with the bytes that commit log, block and wire hold.
///
/// The bytes are canonical: they are the only encoding of this body and these extras. A receiver
/// that has decoded a content can store and forward the bytes as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    body: Body,
    extras: Extras,
    packed: Bytes,
}

impl Content {
    /// Encodes a content.
    #[must_use]
    pub fn new(body: Body, extras: Extras) -> Self {
        let mut packed = Vec::new();
        pack_content(&body, &extras, &mut packed);
        Self {
            body,
            extras,
            packed: packed.into(),
        }
    }

    /// Decodes a content.
    ///
    /// # Errors
    /// Returns an error if the bytes are malformed, or if they are not canonical.
    pub fn parse(packed: Bytes) -> Result<Self, DecodeError> {
        if packed.len() > limits::ENTRY_BYTES_MAX {
            return Err(DecodeError::TooLong {
                bytes: packed.len(),
                max_bytes: limits::ENTRY_BYTES_MAX,
            });
        }
        let (body, read) = codec::decode_some::<Body>(&packed)?;
        let (head, rest) = packed.split_at(read);
        let extras: Extras = match rest {
            [] => Extras::NONE,
            rest => codec::decode(rest, limits::ENTRY_BYTES_MAX)?,
        };
        let is_canonical = codec::is_canonical(&body, head)
            && (rest.is_empty() || (!extras.is_empty() && codec::is_canonical(&extras, rest)));
        if !is_canonical {
            return Err(DecodeError::Malformed);
        }
        Ok(Self {
            body,
            extras,
            packed,
        })
    }

    /// Returns the body.
    #[must_use]
    pub const fn body(&self) -> &Body {
        &self.body
    }

    /// Returns what accompanies the body.
    #[must_use]
    pub const fn extras(&self) -> &Extras {
        &self.extras
    }

    /// Returns the canonical bytes: the body, followed by the extras if there are any.
    #[must_use]
    pub const fn packed(&self) -> &Bytes {
        &self.packed
    }

    /// Splits the content into body and extras.
    #[must_use]
    pub fn into_parts(self) -> (Body, Extras) {
        (self.body, self.extras)
    }
}

/// Appends the part of a packed entry that its sender controls: the body, followed by the extras if
/// there are any.
pub fn pack_content(body: &Body, extras: &Extras, out: &mut Vec<u8>) {
    codec::encode_into(body, out);
    if !extras.is_empty() {
        codec::encode_into(extras, out);
    }
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.packed)
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let packed = codec::bytes_up_to(limits::ENTRY_BYTES_MAX, deserializer)?;
        Self::parse(packed).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::MsgId;
    use crate::text::Text;

    fn text(text: &str) -> Body {
        Body::Text(Text::new(text).unwrap())
    }

    #[test]
    fn content_round_trips() {
        for extras in [Extras::NONE, Extras::reply_to(MsgId::new(300))] {
            let content = Content::new(text("hello"), extras);
            assert_eq!(Content::parse(content.packed().clone()), Ok(content));
        }
    }

    #[test]
    fn overlong_encodings_are_refused() {
        let packed = |extras| Content::new(text("hi"), extras).packed().to_vec();
        let plain = packed(Extras::NONE);
        assert_eq!(plain, [0, 2, b'h', b'i']);
        // Tag, length and extras, each in the form that takes a byte of prefix and two of value.
        let overlong: [&[u8]; 4] = [
            &[251, 0, 0, 2, b'h', b'i'],
            &[0, 251, 2, 0, b'h', b'i'],
            &[0, 2, b'h', b'i', 0],
            &[0, 2, b'h', b'i', 251, 0, 0],
        ];
        for bytes in overlong {
            let parsed = Content::parse(Bytes::copy_from_slice(bytes));
            assert_eq!(parsed, Err(DecodeError::Malformed), "{bytes:?}");
        }
        assert!(Content::parse(plain.into()).is_ok());
    }
}
