//! What goes with a message beside what it says. Each extra travels and rests behind its own
//! length, so that one of a later version can be passed over, and kept, by whoever does not know
//! it.

use bytes::Bytes;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::{MsgId, Timestamp, UserId};
use crate::limits;
use crate::text::EmojiName;
use crate::wire::codec::{self, DecodeError};

/// What goes with a message: at most [`limits::EXTRAS_MAX`], in the order of the sender.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras(Vec<Extra>);

/// One thing that goes with a message. Variants only grow at the end: the position of a variant is
/// its number on the wire and on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Extra {
    /// It answers this earlier message of the same conversation.
    ReplyTo(MsgId),
    /// It wants to be noticed by this user.
    Mention(UserId),
    /// It wants to be noticed by every member. Only owners and admins of a group may ask for that.
    MentionAll,
    /// It was edited since it was sent. Only the server says so.
    Edited {
        /// When, last.
        at: Timestamp,
        /// The entry of the last edit.
        entry: MsgId,
    },
    /// How people reacted to it, each kind once, in the order in which the kinds came. Only the
    /// server says so.
    Reactions(#[serde(deserialize_with = "codec::list")] Vec<Reaction>),
    /// It says what somebody said elsewhere. Only the server says so.
    Forwarded {
        /// Who said it first.
        author: UserId,
        /// When.
        at: Timestamp,
    },
    /// An extra that this version does not know, encoded. It stays the last variant: new ones go
    /// above it.
    #[serde(skip)]
    Unknown(Bytes),
}

/// One kind of reaction to a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// With what.
    pub emoji: EmojiName,
    /// Who, in the order in which they reacted; never nobody.
    #[serde(deserialize_with = "codec::list")]
    pub users: Vec<UserId>,
}

/// There are more extras than a message may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{count} extras where {max} are allowed", max = limits::EXTRAS_MAX)]
pub struct TooManyExtras {
    /// How many there are.
    pub count: usize,
}

impl Extras {
    /// Nothing beside what is said.
    pub const NONE: Self = Self(Vec::new());

    /// Takes the extras.
    ///
    /// # Errors
    /// When there are more than [`limits::EXTRAS_MAX`].
    pub fn new(extras: Vec<Extra>) -> Result<Self, TooManyExtras> {
        if extras.len() > limits::EXTRAS_MAX {
            Err(TooManyExtras {
                count: extras.len(),
            })
        } else {
            Ok(Self(extras))
        }
    }

    /// An answer to this message.
    #[must_use]
    pub fn reply_to(msgid: MsgId) -> Self {
        Self(vec![Extra::ReplyTo(msgid)])
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Extra> {
        self.0.iter()
    }

    /// The message that is answered.
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

    /// The users who are mentioned one by one.
    pub fn mentioned(&self) -> impl Iterator<Item = UserId> {
        self.0.iter().filter_map(|extra| {
            if let Extra::Mention(user) = extra {
                Some(*user)
            } else {
                None
            }
        })
    }

    /// When it was last edited, and the entry of that edit.
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

    /// How people reacted.
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

    /// Who said it first and when, if it was said elsewhere before.
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

    /// What goes with a message that says what somebody said elsewhere.
    #[must_use]
    pub fn forward_of(author: UserId, at: Timestamp) -> Self {
        Self(vec![Extra::Forwarded { author, at }])
    }

    /// The same with these reactions, if there are any.
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

    /// The same, edited by this entry.
    #[must_use]
    pub fn with_edit(&self, at: Timestamp, entry: MsgId) -> Self {
        let others = self
            .0
            .iter()
            .filter(|extra| !matches!(extra, Extra::Edited { .. }))
            .cloned();
        Self(others.chain([Extra::Edited { at, entry }]).collect())
    }

    /// Whether every member is mentioned.
    #[must_use]
    pub fn mentions_all(&self) -> bool {
        self.0.contains(&Extra::MentionAll)
    }
}

/// One extra, encoded.
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
    fn an_extra_of_a_later_version_is_kept_as_it_came() {
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
    fn too_many_are_refused_wherever_they_come_from() {
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
