//! The content of a message: what its sender controls, with its canonical encoding.

use bytes::Bytes;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::content::attachment::{Attachment, Media};
use crate::content::body::{Body, Kind};
use crate::content::extras::Extras;
use crate::limits;
use crate::text::{EmojiName, Text};
use crate::wire::codec::{self, DecodeError};

/// The body and the extras of a message, with the bytes that commit log, block and wire hold.
///
/// The bytes are canonical: they are the only encoding of this body and these extras. A receiver
/// that has parsed a content can store and forward the bytes as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    packed: Bytes,
    body: Parsed,
    extras: Extras,
}

/// A body whose bytes have been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Parsed {
    /// Only the packed bytes hold the words: a server stores them without another copy.
    Words {
        kind: Kind,
        is_blank: bool,
    },
    Other(Body),
}

/// The position of [`Body::Text`] among the variants.
const TEXT_VARIANT: u32 = 0;

/// The position of [`Body::Emote`] among the variants.
const EMOTE_VARIANT: u32 = 1;

/// The position of [`Body::File`] among the variants, the last of those that are messages.
const FILE_VARIANT: u64 = 5;

/// Returns whether the body of this variant is a user's message; see [`Body::is_message`].
pub(crate) const fn is_message(variant: u64) -> bool {
    variant <= FILE_VARIANT
}

/// Returns whether the body of this variant is nothing but words.
pub(crate) const fn is_words(variant: u64) -> bool {
    variant == TEXT_VARIANT as u64 || variant == EMOTE_VARIANT as u64
}

impl Content {
    /// Encodes a content.
    #[must_use]
    pub fn new(body: Body, extras: Extras) -> Self {
        // Exact for plain words, so that they are allocated once: variant, length, words.
        let capacity = match &body {
            Body::Text(text) | Body::Emote(text) => 1 + codec::bytes_len(text.as_str().len()),
            _ => 0,
        };
        let mut packed = Vec::with_capacity(capacity);
        pack_content(&body, &extras, &mut packed);
        let body = match body {
            Body::Text(text) => Parsed::words(Kind::Text, text.as_str()),
            Body::Emote(text) => Parsed::words(Kind::Emote, text.as_str()),
            body => Parsed::Other(body),
        };
        Self {
            // Without spare capacity, the bytes need no second allocation.
            packed: packed.into_boxed_slice().into(),
            body,
            extras,
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
        let (body, read) = Parsed::parse(&packed)?;
        let extras = match packed.get(read..).unwrap_or_default() {
            [] => Extras::NONE,
            rest => {
                let extras: Extras = codec::decode(rest, limits::ENTRY_BYTES_MAX)?;
                if extras.is_empty() || !codec::is_canonical(&extras, rest) {
                    return Err(DecodeError::Malformed);
                }
                extras
            }
        };
        Ok(Self {
            packed,
            body,
            extras,
        })
    }

    /// Returns the kind of the body.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match &self.body {
            Parsed::Words { kind, .. } => *kind,
            Parsed::Other(body) => body.kind(),
        }
    }

    /// Returns whether the body is a text or an emote of which nothing would be seen.
    #[must_use]
    pub const fn is_blank(&self) -> bool {
        matches!(self.body, Parsed::Words { is_blank: true, .. })
    }

    /// Returns whether the body is an emoji that satisfies the rules for new ones.
    #[must_use]
    pub fn is_valid_emoji(&self) -> bool {
        match &self.body {
            Parsed::Other(Body::Emoji(name)) => EmojiName::new(name.as_str()).is_ok(),
            _ => false,
        }
    }

    /// Returns the attachment, if the body refers to one.
    #[must_use]
    pub const fn attachment(&self) -> Option<&Attachment> {
        match &self.body {
            Parsed::Words { .. } => None,
            Parsed::Other(body) => body.attachment(),
        }
    }

    /// Returns the metadata of a picture or video.
    #[must_use]
    pub const fn media(&self) -> Option<&Media> {
        match &self.body {
            Parsed::Words { .. } => None,
            Parsed::Other(body) => body.media(),
        }
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
        let body = match self.body {
            Parsed::Other(body) => body,
            // Does not fail, since the bytes have been checked.
            Parsed::Words { .. } => {
                codec::decode_some(&self.packed).map_or(Body::Unknown, |(body, _)| body)
            }
        };
        (body, self.extras)
    }
}

impl Parsed {
    fn words(kind: Kind, words: &str) -> Self {
        let is_blank = cairn_text::is_blank(words);
        Self::Words { kind, is_blank }
    }

    /// Decodes a body at the beginning of `packed`, and returns it with its length.
    fn parse(packed: &[u8]) -> Result<(Self, usize), DecodeError> {
        if let Ok(((variant @ (TEXT_VARIANT | EMOTE_VARIANT), words), read)) =
            codec::borrow_some::<(u32, &str)>(packed)
        {
            Text::check(words).map_err(|_| DecodeError::Malformed)?;
            let head = packed.get(..read - words.len()).unwrap_or_default();
            if !codec::is_canonical(&(variant, words.len() as u64), head) {
                return Err(DecodeError::Malformed);
            }
            let kind = match variant {
                TEXT_VARIANT => Kind::Text,
                _ => Kind::Emote,
            };
            return Ok((Self::words(kind, words), read));
        }
        let (body, read) = codec::decode_some::<Body>(packed)?;
        let head = packed.get(..read).unwrap_or_default();
        if codec::is_canonical(&body, head) {
            Ok((Self::Other(body), read))
        } else {
            Err(DecodeError::Malformed)
        }
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
    use crate::content::attachment::AttachmentHash;
    use crate::ids::MsgId;
    use crate::text::Text;

    fn text(text: &str) -> Body {
        Body::Text(Text::new(text).unwrap())
    }

    #[test]
    fn content_round_trips() {
        let emote = Body::Emote(Text::new("waves").unwrap());
        let emoji = Body::Emoji("wave".parse().unwrap());
        for body in [text("hello"), text(""), emote, emoji] {
            for extras in [Extras::NONE, Extras::reply_to(MsgId::new(300))] {
                let content = Content::new(body.clone(), extras.clone());
                assert_eq!(content.kind(), body.kind());
                assert_eq!(content.is_blank(), body == text(""));
                let parsed = Content::parse(content.packed().clone());
                assert_eq!(parsed.as_ref(), Ok(&content));
                assert_eq!(content.into_parts(), (body.clone(), extras));
            }
        }
    }

    #[test]
    fn blank_captions_are_encoded_as_empty_ones() {
        let file = |caption: &str| {
            let file = Attachment {
                hash: AttachmentHash::new([7; AttachmentHash::BYTES]),
                name: "plan.pdf".parse().unwrap(),
                media_type: "application/pdf".parse().unwrap(),
                size_bytes: 1,
                caption: caption.parse().unwrap(),
            };
            Content::new(file.into(), Extras::NONE).packed().to_vec()
        };
        assert_eq!(file("\u{200b} "), file(""));
        let mut packed = file("x");
        assert_eq!(packed.pop(), Some(b'x'));
        packed.push(b' ');
        assert_eq!(Content::parse(packed.into()), Err(DecodeError::Malformed));
    }

    #[test]
    fn long_texts_are_refused() {
        let longest = "x".repeat(limits::TEXT_BYTES_MAX);
        let packed = |text: &str| codec::encode(&(TEXT_VARIANT, text)).into();
        assert!(Content::parse(packed(&longest)).is_ok());
        assert!(Content::parse(packed(&(longest + "x"))).is_err());
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
