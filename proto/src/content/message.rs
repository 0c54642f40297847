//! Messages, and runs of consecutive messages in packed form. Commit log, tail cache, block and
//! wire hold the same bytes, so that none of them re-encodes a message.

use bytes::{Buf, Bytes};
use serde::{Deserialize, Serialize};

use crate::content::body::Body;
use crate::content::extras::Extras;
use crate::content::packed::{self, Content, pack_content};
use crate::ids::{ClientSeq, ConversationId, MsgId, Timestamp, UserId};
use crate::limits;
use crate::wire::codec::{self, DecodeError};

/// A message to be sent, before the server has assigned a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The destination. A direct chat is created by its first message.
    pub conversation: ConversationId,
    /// The sequence number within (send stream, conversation). A retry with the same number is
    /// stored once.
    pub seq: ClientSeq,
    /// The body, with replies and mentions.
    pub content: Content,
}

/// A message to be copied into another conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forward {
    /// The destination.
    pub to: ConversationId,
    /// The sequence number within (send stream, destination); see [`Draft::seq`].
    pub seq: ClientSeq,
    /// The source.
    pub from: ConversationId,
    /// The message to copy.
    pub msgid: MsgId,
}

/// A durable message with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The conversation.
    pub conversation: ConversationId,
    /// The position in the conversation's log.
    pub msgid: MsgId,
    /// The sender.
    pub sender: UserId,
    /// The time at which the server accepted the message or, for an import, at which it was
    /// originally sent.
    pub sent_at: Timestamp,
    /// The body.
    pub body: Body,
    /// What accompanies the body.
    pub extras: Extras,
}

/// The stored part of a message. Its conversation and number follow from its position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The sender.
    pub sender: UserId,
    /// See [`Message::sent_at`].
    pub sent_at: Timestamp,
    /// The body.
    pub body: Body,
    /// What accompanies the body.
    pub extras: Extras,
}

/// Consecutive messages of one conversation. `entries` is a sequence of encoded [`Entry`] values,
/// each prefixed by its length as a little-endian `u32`. An entry without extras ends after its
/// body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The conversation.
    pub conversation: ConversationId,
    /// The number of the first message.
    pub first: MsgId,
    /// The number of messages.
    pub count: u32,
    /// The packed entries.
    #[serde(deserialize_with = "codec::bytes")]
    pub entries: Bytes,
}

/// The length prefix of a packed entry, in bytes.
pub(crate) const ENTRY_PREFIX_BYTES: usize = 4;

impl Entry {
    /// Appends the packed entry to `out`.
    pub fn pack(&self, out: &mut Vec<u8>) {
        pack_entry(self.sender, self.sent_at, &self.body, &self.extras, out);
    }
}

/// Appends one packed entry to `out`, from borrowed parts.
pub fn pack_entry(
    sender: UserId,
    sent_at: Timestamp,
    body: &Body,
    extras: &Extras,
    out: &mut Vec<u8>,
) {
    codec::prefixed(out, |out| {
        codec::encode_into(&(sender, sent_at), out);
        pack_content(body, extras, out);
    });
}

/// Splits the first packed entry, prefix included, off `packed`. Returns `None` at the end.
///
/// # Errors
/// Returns an error if the bytes are not packed entries.
pub fn split_entry(packed: &mut Bytes) -> Result<Option<Bytes>, DecodeError> {
    let entry = split_entry_ref(&mut &packed[..])?.map(<[u8]>::len);
    Ok(entry.map(|len| packed.split_to(len)))
}

/// As [`split_entry`], from borrowed bytes.
///
/// # Errors
/// As [`split_entry`].
pub fn split_entry_ref<'a>(packed: &mut &'a [u8]) -> Result<Option<&'a [u8]>, DecodeError> {
    if packed.is_empty() {
        return Ok(None);
    }
    let Some(prefix) = packed.first_chunk::<ENTRY_PREFIX_BYTES>() else {
        return Err(DecodeError::Malformed);
    };
    let len = u32::from_le_bytes(*prefix) as usize;
    if len > limits::ENTRY_BYTES_MAX {
        return Err(DecodeError::Malformed);
    }
    let split = packed.split_at_checked(ENTRY_PREFIX_BYTES + len);
    let (entry, left) = split.ok_or(DecodeError::Malformed)?;
    *packed = left;
    Ok(Some(entry))
}

/// Decodes one packed entry, prefix included. A body kind of a later version decodes as
/// [`Body::Unknown`].
///
/// # Errors
/// Returns an error if the bytes are not an entry, or if their length differs from the prefix.
pub fn unpack_entry(packed: &[u8]) -> Result<Entry, DecodeError> {
    let (prefix, bytes) = packed
        .split_first_chunk::<ENTRY_PREFIX_BYTES>()
        .ok_or(DecodeError::Malformed)?;
    if u32::from_le_bytes(*prefix) as usize != bytes.len() {
        return Err(DecodeError::Malformed);
    }
    if bytes.len() > limits::ENTRY_BYTES_MAX {
        return Err(DecodeError::TooLong {
            bytes: bytes.len(),
            max_bytes: limits::ENTRY_BYTES_MAX,
        });
    }
    let ((sender, sent_at, body), read) = match codec::decode_some(bytes) {
        Err(DecodeError::UnknownVariant) => {
            let (sender, sent_at) = codec::decode_head(bytes, limits::ENTRY_BYTES_MAX)?;
            ((sender, sent_at, Body::Unknown), bytes.len())
        }
        other => other?,
    };
    let extras = match bytes.get(read..).unwrap_or_default() {
        [] => Extras::NONE,
        rest => codec::decode(rest, limits::ENTRY_BYTES_MAX)?,
    };
    Ok(Entry {
        sender,
        sent_at,
        body,
        extras,
    })
}

/// The beginning of a packed entry, decoded without a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryHead<'a> {
    /// The sender.
    pub sender: UserId,
    /// See [`Message::sent_at`].
    pub sent_at: Timestamp,
    /// See [`Body::is_message`].
    pub is_message: bool,
    /// The words of a text or an emote, which are UTF-8 if the entry is intact; `None` for all
    /// other bodies.
    pub words: Option<&'a [u8]>,
    /// Whether extras follow the words. Set for all other bodies, which are not read this far.
    pub has_extras: bool,
}

/// Decodes the beginning of a packed entry, prefix included. The remainder is not checked.
///
/// # Errors
/// Returns an error if the bytes do not begin as an entry does.
pub fn peek_entry(packed: &[u8]) -> Result<EntryHead<'_>, DecodeError> {
    let bytes = packed
        .get(ENTRY_PREFIX_BYTES..)
        .ok_or(DecodeError::Malformed)?;
    let (sender, rest) = codec::split_integer(bytes)?;
    let (sent_at, rest) = codec::split_integer(rest)?;
    let (variant, rest) = codec::split_integer(rest)?;
    let (words, has_extras) = if packed::is_words(variant) {
        let (len, rest) = codec::split_integer(rest)?;
        let len = usize::try_from(len).map_err(|_| DecodeError::Malformed)?;
        let words = rest.get(..len).ok_or(DecodeError::Malformed)?;
        (Some(words), len < rest.len())
    } else {
        (None, true)
    };
    Ok(EntryHead {
        sender: UserId::new(u32::try_from(sender).map_err(|_| DecodeError::Malformed)?),
        sent_at: Timestamp::new(sent_at),
        is_message: packed::is_message(variant),
        words,
        has_extras,
    })
}

impl Run {
    /// Returns the number of the last message, or the one before `first` if the run is empty.
    #[must_use]
    pub const fn last(&self) -> MsgId {
        self.first.plus(self.count as u64).prev()
    }

    /// Decodes all messages.
    ///
    /// # Errors
    /// Returns an error if the entries are damaged, or if there are not exactly `count`.
    pub fn messages(&self) -> Result<Vec<Message>, DecodeError> {
        let mut packed = self.entries.clone();
        let mut messages =
            Vec::with_capacity((self.count as usize).min(packed.remaining() / ENTRY_PREFIX_BYTES));
        let mut msgid = self.first;
        while let Some(entry) = split_entry(&mut packed)? {
            let Entry {
                sender,
                sent_at,
                body,
                extras,
            } = unpack_entry(&entry)?;
            messages.push(Message {
                conversation: self.conversation,
                msgid,
                sender,
                sent_at,
                body,
                extras,
            });
            msgid = msgid.next();
        }
        if messages.len() == self.count as usize {
            Ok(messages)
        } else {
            Err(DecodeError::Malformed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    fn run(texts: &[&str]) -> Run {
        let mut entries = Vec::new();
        for text in texts {
            let body = Body::Text(Text::new(*text).unwrap());
            Entry {
                sender: UserId::new(3),
                sent_at: Timestamp::new(1_700_000_000_000),
                body,
                extras: Extras::NONE,
            }
            .pack(&mut entries);
        }
        Run {
            conversation: ConversationId::new(5),
            first: MsgId::new(8),
            count: texts.len() as u32,
            entries: entries.into(),
        }
    }

    #[test]
    fn runs_number_their_messages() {
        let run = run(&["one", "", "three"]);
        let messages = run.messages().unwrap();
        let ids: Vec<u64> = messages.iter().map(|m| m.msgid.get()).collect();
        assert_eq!(ids, [8, 9, 10]);
        assert_eq!(run.last(), MsgId::new(10));
        assert_eq!(messages[2].body, Body::Text(Text::new("three").unwrap()));
    }

    #[test]
    fn wrong_counts_and_truncation_are_detected() {
        let mut wrong = run(&["one", "two"]);
        wrong.count = 3;
        assert_eq!(wrong.messages(), Err(DecodeError::Malformed));
        let whole = run(&["one", "two"]);
        for cut in 1..whole.entries.len() {
            let cut = Run {
                entries: whole.entries.slice(..cut),
                ..whole.clone()
            };
            assert!(cut.messages().is_err());
        }
    }

    #[test]
    fn unknown_kinds_decode() {
        let mut entry = Vec::new();
        codec::prefixed(&mut entry, |out| {
            codec::encode_into(&(UserId::new(3), Timestamp::new(4)), out);
            out.extend_from_slice(&[200, 1, 2, 3]);
        });
        let read = unpack_entry(&entry).unwrap();
        assert_eq!(
            read,
            Entry {
                sender: UserId::new(3),
                sent_at: Timestamp::new(4),
                body: Body::Unknown,
                extras: Extras::NONE
            }
        );
    }

    #[test]
    fn heads_agree_with_entries() {
        let emoji = Body::Emoji("wave".parse().unwrap());
        let emote = Body::Emote(Text::new("waves").unwrap());
        let text = Body::Text(Text::new("上海").unwrap());
        let recalled = Body::Recalled { by: UserId::new(3) };
        for body in [text, emote, emoji, recalled] {
            for extras in [Extras::NONE, Extras::reply_to(MsgId::new(7))] {
                let entry = Entry {
                    sender: UserId::new(3),
                    sent_at: Timestamp::new(1_700_000_000_000),
                    body: body.clone(),
                    extras,
                };
                let mut packed = Vec::new();
                entry.pack(&mut packed);
                let head = peek_entry(&packed).unwrap();
                assert_eq!((head.sender, head.sent_at), (entry.sender, entry.sent_at));
                assert_eq!(head.words, entry.body.words().map(str::as_bytes));
                assert_eq!(head.is_message, entry.body.is_message());
                if head.words.is_some() {
                    assert_eq!(head.has_extras, !entry.extras.is_empty());
                }
                assert!((0..14).all(|len| peek_entry(&packed[..len]).is_err()));
            }
        }
    }

    #[test]
    fn missing_extras_take_no_bytes() {
        let body = Body::Text(Text::new("hi").unwrap());
        let plain = Entry {
            sender: UserId::new(3),
            sent_at: Timestamp::new(4),
            body,
            extras: Extras::NONE,
        };
        let reply = Entry {
            extras: Extras::reply_to(MsgId::new(7)),
            ..plain.clone()
        };
        let packed = |entry: &Entry| {
            let mut out = Vec::new();
            entry.pack(&mut out);
            out
        };
        assert_eq!(packed(&plain).len(), ENTRY_PREFIX_BYTES + 6);
        assert_eq!(packed(&reply).len(), packed(&plain).len() + 4);
        assert_eq!(unpack_entry(&packed(&plain)), Ok(plain));
        assert_eq!(unpack_entry(&packed(&reply)), Ok(reply));
    }
}
