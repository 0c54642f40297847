//! Message bodies. Enums grow at the end only: a variant's position is its number on the wire and
//! on disk.

use serde::{Deserialize, Serialize};

use crate::content::attachment::{Attachment, Media, Video};
use crate::ids::{MsgId, Timestamp, UserId};
use crate::model::desk::{DeskEntry, RouteEntry};
use crate::model::group::{GroupSettings, Role};
use crate::model::retention::Retention;
use crate::text::{Caption, EmojiName, GroupName, Text, TextError, Topic};
use crate::wire::codec;

/// The body of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// Plain text.
    Text(Text),
    /// An action, shown after the sender's name: `/me waves`.
    Emote(Text),
    /// A single large emoji or sticker, by name.
    Emoji(EmojiName),
    /// An image.
    Image(Box<Media>),
    /// A video.
    Video(Box<Video>),
    /// Any other file.
    File(Box<Attachment>),
    /// A change of the conversation itself. Written by the server only.
    System(SystemEntry),
    /// The tombstone of a recalled message. Nothing of its content is kept.
    Recalled {
        /// The sender, or an admin of the group.
        by: UserId,
    },
    /// A change of an earlier entry, which is also rewritten in place for later readers. Written by
    /// the server only.
    Amendment(Amendment),
    /// A kind that this version does not know. Decoded, never encoded, and always the last variant:
    /// add new kinds above it.
    #[serde(skip)]
    Unknown,
}

impl From<Media> for Body {
    fn from(picture: Media) -> Self {
        Self::Image(Box::new(picture))
    }
}

impl From<Video> for Body {
    fn from(video: Video) -> Self {
        Self::Video(Box::new(video))
    }
}

impl From<Attachment> for Body {
    fn from(file: Attachment) -> Self {
        Self::File(Box::new(file))
    }
}

/// A change of a conversation. The entry's sender caused it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SystemEntry {
    /// The group was created. The sender is its owner.
    Created {
        /// The group's name.
        name: GroupName,
    },
    /// Users became members. A sender in the list joined an open group.
    Added {
        /// The new members, ordered by id.
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// Users are no longer members. A sender in the list left.
    Removed {
        /// The former members, ordered by id.
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// The group was renamed.
    Renamed {
        /// The new name.
        name: GroupName,
    },
    /// The group's topic changed.
    TopicSet {
        /// The new topic; empty if it was removed.
        topic: Topic,
    },
    /// The group's settings changed.
    SettingsSet {
        /// All settings after the change.
        settings: GroupSettings,
    },
    /// A member's role changed.
    RoleSet {
        /// The member.
        user: UserId,
        /// The new role.
        role: Role,
    },
    /// The sender transferred ownership to this member and became an admin.
    HandedOver {
        /// The new owner.
        user: UserId,
    },
    /// Users were banned. Those who were members no longer are.
    Banned {
        /// Ordered by id.
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// Users may become members again.
    Unbanned {
        /// Ordered by id.
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// A member was muted or unmuted.
    Muted {
        /// The member.
        user: UserId,
        /// The end of the mute; 0 if the member was unmuted.
        until: Timestamp,
    },
    /// The retention policy changed.
    RetentionSet {
        /// The new policy; `None` for the server's default.
        retention: Option<Retention>,
    },
    /// The inquiry changed.
    Desk(DeskEntry),
    /// Routing did something. Only in logs of queues.
    Route(RouteEntry),
}

/// A change of an earlier entry in the same conversation. The amendment's sender made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Amendment {
    /// The text was edited.
    Edited {
        /// The edited entry.
        msgid: MsgId,
        /// The new text; `None` if a later edit or a recall replaced it.
        text: Option<Text>,
    },
    /// The message was recalled.
    Recalled {
        /// The recalled entry.
        msgid: MsgId,
    },
    /// A reaction was added.
    Reacted {
        /// The entry with the reaction.
        msgid: MsgId,
        /// The reaction.
        emoji: EmojiName,
    },
    /// A reaction was removed.
    Unreacted {
        /// The entry with the reaction.
        msgid: MsgId,
        /// The reaction.
        emoji: EmojiName,
    },
    /// The message was pinned.
    Pinned {
        /// The pinned entry.
        msgid: MsgId,
    },
    /// The message was unpinned.
    Unpinned {
        /// The unpinned entry.
        msgid: MsgId,
    },
}

impl Amendment {
    /// Returns the entry that is amended.
    #[must_use]
    pub const fn msgid(&self) -> MsgId {
        match self {
            Self::Edited { msgid, .. }
            | Self::Recalled { msgid }
            | Self::Reacted { msgid, .. }
            | Self::Unreacted { msgid, .. }
            | Self::Pinned { msgid }
            | Self::Unpinned { msgid } => *msgid,
        }
    }
}

/// The kind of a [`Body`], as commands and JSON name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// [`Body::Text`]
    Text,
    /// [`Body::Emote`]
    Emote,
    /// [`Body::Emoji`]
    Emoji,
    /// [`Body::Image`]
    Image,
    /// [`Body::Video`]
    Video,
    /// [`Body::File`]
    File,
    /// [`Body::System`]
    System,
    /// [`Body::Recalled`]
    Recalled,
    /// [`Amendment::Edited`]
    Edit,
    /// [`Amendment::Recalled`]
    Recall,
    /// [`Amendment::Reacted`]
    React,
    /// [`Amendment::Unreacted`]
    Unreact,
    /// [`Amendment::Pinned`]
    Pin,
    /// [`Amendment::Unpinned`]
    Unpin,
    /// [`Body::Unknown`]
    Unknown,
}

impl Kind {
    /// Returns the lower-case name, as `--json` prints it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Emote => "emote",
            Self::Emoji => "emoji",
            Self::Image => "image",
            Self::Video => "video",
            Self::File => "file",
            Self::System => "system",
            Self::Recalled => "recalled",
            Self::Edit => "edit",
            Self::Recall => "recall",
            Self::React => "react",
            Self::Unreact => "unreact",
            Self::Pin => "pin",
            Self::Unpin => "unpin",
            Self::Unknown => "unknown",
        }
    }
}

impl Body {
    /// Returns the body's kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::Text,
            Self::Emote(_) => Kind::Emote,
            Self::Emoji(_) => Kind::Emoji,
            Self::Image(_) => Kind::Image,
            Self::Video(_) => Kind::Video,
            Self::File(_) => Kind::File,
            Self::System(_) => Kind::System,
            Self::Recalled { .. } => Kind::Recalled,
            Self::Amendment(Amendment::Edited { .. }) => Kind::Edit,
            Self::Amendment(Amendment::Recalled { .. }) => Kind::Recall,
            Self::Amendment(Amendment::Reacted { .. }) => Kind::React,
            Self::Amendment(Amendment::Unreacted { .. }) => Kind::Unreact,
            Self::Amendment(Amendment::Pinned { .. }) => Kind::Pin,
            Self::Amendment(Amendment::Unpinned { .. }) => Kind::Unpin,
            Self::Unknown => Kind::Unknown,
        }
    }

    /// Returns the attachment, if the body refers to one.
    #[must_use]
    pub const fn attachment(&self) -> Option<&Attachment> {
        match self {
            Self::Image(picture) => Some(&picture.file),
            Self::Video(video) => Some(&video.media.file),
            Self::File(file) => Some(file),
            _ => None,
        }
    }

    /// Returns the metadata of a picture or video.
    #[must_use]
    pub const fn media(&self) -> Option<&Media> {
        match self {
            Self::Image(picture) => Some(picture),
            Self::Video(video) => Some(&video.media),
            _ => None,
        }
    }

    /// Returns the text, or the caption of a file.
    #[must_use]
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Emote(text) => Some(text.as_str()),
            other => other.attachment().map(|file| file.caption.as_str()),
        }
    }

    /// Returns a copy with another text, or with another caption if this is a file. Returns `None`
    /// for kinds that have neither.
    ///
    /// # Errors
    /// Returns [`TextError::TooLong`] if the text exceeds a caption.
    #[must_use]
    pub fn with_words(&self, words: &Text) -> Option<Result<Self, TextError>> {
        let mut body = self.clone();
        let file = match &mut body {
            Self::Text(text) | Self::Emote(text) => {
                *text = words.clone();
                return Some(Ok(body));
            }
            Self::Image(picture) => &mut picture.file,
            Self::Video(video) => &mut video.media.file,
            Self::File(file) => &mut **file,
            _ => return None,
        };
        match Caption::new(words.as_str()) {
            Ok(caption) => file.caption = caption,
            Err(error) => return Some(Err(error)),
        }
        Some(Ok(body))
    }

    /// Returns whether this is a user's message. System entries, amendments and tombstones are not,
    /// and do not count as unread.
    #[must_use]
    pub const fn is_message(&self) -> bool {
        matches!(
            self,
            Self::Text(_)
                | Self::Emote(_)
                | Self::Emoji(_)
                | Self::Image(_)
                | Self::Video(_)
                | Self::File(_)
        )
    }
}
