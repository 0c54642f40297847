//! Extras: what accompanies a message besides its body. Each one is length-prefixed on the wire and
//! on disk, so that a version that does not know it can skip and preserve it.

use bytes::Bytes;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::{MsgId, Timestamp, UserId};
use crate::limits;
use crate::text::EmojiName;
use crate::wire::codec::{self, DecodeError};

/// A message's extras: at most [`limits::EXTRAS_MAX`], in the sender's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras(Vec<Extra>);

/// One extra. The enum grows at the end only: a variant's position is its number on the wire and on
/// disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Extra {
    /// The message replies to this earlier one in the same conversation.
    ReplyTo(MsgId),
    /// The message mentions this user.
    Mention(UserId),
    /// The message mentions every member. Reserved for owners and admins of a group.
    MentionAll,
    /// The message was edited. Set by the server only.
    Edited {
        /// The time of the latest edit.
        at: Timestamp,
        /// The entry of the latest edit.
        entry: MsgId,
    },
    /// The reactions to the message, each emoji once, in order of first use. Set by the server
    /// only.
    Reactions(#[serde(deserialize_with = "codec::list")] Vec<Reaction>),
    /// The message was forwarded from another conversation. Set by the server only.
    Forwarded {
        /// The original author.
        author: UserId,
        /// The time of the original message.
        at: Timestamp,
    },
    /// The message was imported, and its sender did not write it here. Set by the server only.
    Imported {
        /// The admin who imported it.
        by: UserId,
    },
    /// An encoded extra that this version does not know. Always the last variant: add new ones
    /// above it.
    #[serde(skip)]
    Unknown(Bytes),
}

impl Extra {
    const fn is_mention(&self) -> bool {
        matches!(self, Self::Mention(_) | Self::MentionAll)
    }
}

/// A reaction and the users who chose it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// The reaction.
    pub emoji: EmojiName,
    /// In order of reaction; never empty.
    #[serde(deserialize_with = "codec::list")]
    pub users: Vec<UserId>,
}

/// A message has more than [`limits::EXTRAS_MAX`] extras.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{count} extras where {max} are allowed", max = limits::EXTRAS_MAX)]
pub struct TooManyExtras {
    /// The number of extras.
    pub count: usize,
}

impl Extras {
    /// No extras.
    pub const NONE: Self = Self(Vec::new());

    /// Wraps a list of extras.
    ///
    /// # Errors
    /// Returns an error if there are more than [`limits::EXTRAS_MAX`].
    pub fn new(extras: Vec<Extra>) -> Result<Self, TooManyExtras> {
        if extras.len() > limits::EXTRAS_MAX {
            Err(TooManyExtras {
                count: extras.len(),
            })
        } else {
            Ok(Self(extras))
        }
    }

    /// Returns the extras of a reply to this message.
    #[must_use]
    pub fn reply_to(msgid: MsgId) -> Self {
        Self(vec![Extra::ReplyTo(msgid)])
    }

    /// Returns whether there are no extras.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns an iterator over the extras, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Extra> {
        self.0.iter()
    }

    /// Returns the message that this one replies to.
    #[must_use]
    pub fn replied(&self) -> Option<MsgId> {
        self.0.iter().find_map(|extra| {
            if let Extra::ReplyTo(msgid) = extra {
                Some(*msgid)
            } else {
                None
            }
        })
    }

    /// Returns the users who are mentioned by name.
    pub fn mentioned(&self) -> impl Iterator<Item = UserId> {
        self.0.iter().filter_map(|extra| {
            if let Extra::Mention(user) = extra {
                Some(*user)
            } else {
                None
            }
        })
    }

    /// Returns the time and the entry of the latest edit.
    #[must_use]
    pub fn edited(&self) -> Option<(Timestamp, MsgId)> {
        self.0.iter().find_map(|extra| {
            if let Extra::Edited { at, entry } = extra {
                Some((*at, *entry))
            } else {
                None
            }
        })
    }

    /// Returns the reactions.
    #[must_use]
    pub fn reactions(&self) -> &[Reaction] {
        let reactions = self.0.iter().find_map(|extra| {
            if let Extra::Reactions(reactions) = extra {
                Some(reactions)
            } else {
                None
            }
        });
        reactions.map_or(&[], Vec::as_slice)
    }

    /// Returns the original author and time of a forwarded message.
    #[must_use]
    pub fn forwarded(&self) -> Option<(UserId, Timestamp)> {
        self.0.iter().find_map(|extra| {
            if let Extra::Forwarded { author, at } = extra {
                Some((*author, *at))
            } else {
                None
            }
        })
    }

    /// Returns the admin who imported the message, or the original of a forwarded one.
    #[must_use]
    pub fn imported_by(&self) -> Option<UserId> {
        self.0.iter().find_map(|extra| {
            if let Extra::Imported { by } = extra {
                Some(*by)
            } else {
                None
            }
        })
    }

    /// Returns the extras of a forwarded message. `imported_by` is that of the original.
    #[must_use]
    pub fn forward_of(author: UserId, at: Timestamp, imported_by: Option<UserId>) -> Self {
        let imported = imported_by.map(|by| Extra::Imported { by });
        let forwarded = [Extra::Forwarded { author, at }];
        Self(forwarded.into_iter().chain(imported).collect())
    }

    /// Returns the extras of an imported message.
    #[must_use]
    pub fn import_by(by: UserId) -> Self {
        Self(vec![Extra::Imported { by }])
    }

    /// Returns a copy with these reactions in place of the present ones.
    #[must_use]
    pub fn with_reactions(&self, reactions: Vec<Reaction>) -> Self {
        let others = self
            .0
            .iter()
            .filter(|extra| !matches!(extra, Extra::Reactions(_)))
            .cloned();
        let reactions = (!reactions.is_empty()).then_some(Extra::Reactions(reactions));
        Self(others.chain(reactions).collect())
    }

    /// Returns the mentions alone.
    #[must_use]
    pub fn mentions(&self) -> Self {
        Self(
            self.0
                .iter()
                .filter(|extra| extra.is_mention())
                .cloned()
                .collect(),
        )
    }

    /// Returns a copy with these mentions in place of the present ones.
    #[must_use]
    pub fn with_mentions(&self, mentions: &Self) -> Self {
        let others = self.0.iter().filter(|extra| !extra.is_mention());
        Self(others.chain(&mentions.0).cloned().collect())
    }

    /// Returns a copy that records this edit as the latest.
    #[must_use]
    pub fn with_edit(&self, at: Timestamp, entry: MsgId) -> Self {
        let others = self
            .0
            .iter()
            .filter(|extra| !matches!(extra, Extra::Edited { .. }))
            .cloned();
        Self(others.chain([Extra::Edited { at, entry }]).collect())
    }

    /// Returns whether every member is mentioned.
    #[must_use]
    pub fn mentions_all(&self) -> bool {
        self.0.contains(&Extra::MentionAll)
    }

    /// Returns whether the user is mentioned, by name or with every member.
    #[must_use]
    pub fn names(&self, user: UserId) -> bool {
        self.mentions_all() || self.mentioned().any(|named| named == user)
    }
}

/// One encoded extra.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Packed(#[serde(deserialize_with = "codec::bytes")] Bytes);

impl Serialize for Extras {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.0.iter().map(|extra| match extra {
            Extra::Unknown(bytes) => Packed(bytes.clone()),
            known => Packed(codec::encode(known).into()),
        }))
    }
}

impl<'de> Deserialize<'de> for Extras {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let packed: Vec<Packed> = codec::list(d)?;
        let unpacked = packed.into_iter().map(|Packed(bytes)| {
            match codec::decode(&bytes, limits::EXTRA_BYTES_MAX) {
                Err(DecodeError::UnknownVariant) => Ok(Extra::Unknown(bytes)),
                other => other.map_err(D::Error::custom),
            }
        });
        Self::new(unpacked.collect::<Result<_, _>>()?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_extras_are_preserved() {
        let later = vec![
            Packed(vec![200, 1, 2].into()),
            Packed(codec::encode(&Extra::MentionAll).into()),
        ];
        let bytes = codec::encode(&later);
        let read: Extras = codec::decode(&bytes, 64).unwrap();
        assert_eq!(
            read,
            Extras(vec![
                Extra::Unknown(vec![200, 1, 2].into()),
                Extra::MentionAll
            ])
        );
        assert_eq!(codec::encode(&read), bytes);
    }

    #[test]
    fn extras_limit_is_checked_everywhere() {
        let many = vec![Extra::MentionAll; limits::EXTRAS_MAX + 1];
        assert_eq!(
            Extras::new(many.clone()),
            Err(TooManyExtras {
                count: limits::EXTRAS_MAX + 1
            })
        );
        let bytes = codec::encode(&Extras(many));
        assert_eq!(
            codec::decode::<Extras>(&bytes, 4096),
            Err(DecodeError::Malformed)
        );
        assert_eq!(codec::encode(&Extras::NONE), [0]);
    }
}
