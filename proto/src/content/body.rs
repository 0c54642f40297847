//! What a message says. Enums here only grow at the end: the position of a variant is its number on
//! the wire and on disk.

use serde::{Deserialize, Serialize};

use crate::content::attachment::{Attachment, Media, Video};
use crate::ids::{MsgId, Timestamp, UserId};
use crate::model::group::{GroupSettings, Role};
use crate::model::retention::Retention;
use crate::text::{Caption, EmojiName, GroupName, Text, TextError, Topic};
use crate::wire::codec;

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// Words.
    Text(Text),
    /// What the sender does, shown behind his name: `/me waves`.
    Emote(Text),
    /// One large emoji or a sticker, by its name.
    Emoji(EmojiName),
    /// A picture.
    Image(Box<Media>),
    /// A video.
    Video(Box<Video>),
    /// Any other file.
    File(Box<Attachment>),
    /// Something that happened to the conversation. Only the server writes these.
    System(SystemEntry),
    /// A message was here, and nothing is left of it.
    Recalled {
        /// Who took it back: its sender, or an admin of the group.
        by: UserId,
    },
    /// An earlier entry changed; it is rewritten in its place as well, for those who read it later.
    /// Only the server writes these.
    Amendment(Amendment),
    /// A kind that this version does not know. It is read, never written, and stays the last
    /// variant: new kinds go above it.
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

/// Something that happened to a conversation. The message's sender is who caused it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SystemEntry {
    /// The group was made; the sender is its owner.
    Created {
        /// Its name.
        name: GroupName,
    },
    /// These users are members from this entry on. A sender who names himself joined an open group.
    Added {
        /// The new members, in the order of their ids.
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// These users are members no more. A sender who names himself left.
    Removed {
        /// The former members, in the order of their ids.
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// The group has another name.
    Renamed {
        /// Its name from now on.
        name: GroupName,
    },
    /// The group has another topic.
    TopicSet {
        /// What it is about; empty when that is not said any more.
        topic: Topic,
    },
    /// Something else is agreed on.
    SettingsSet {
        /// All that is agreed on.
        settings: GroupSettings,
    },
    /// A member has another role.
    RoleSet {
        /// The member.
        user: UserId,
        /// The role from now on.
        role: Role,
    },
    /// The sender, who was an owner, made this member one and is an admin from now on.
    HandedOver {
        /// The new owner.
        user: UserId,
    },
    /// These users are members no more, if they were, and cannot become members again.
    Banned {
        /// Who, in the order of their ids.
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// These users may become members again.
    Unbanned {
        /// Who, in the order of their ids.
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// A member cannot say anything for a while.
    Muted {
        /// The member.
        user: UserId,
        /// When that ends; 0 when it ends now.
        until: Timestamp,
    },
    /// Messages stay for another time from now on.
    RetentionSet {
        /// How long; `None` where that is left to the server.
        retention: Option<Retention>,
    },
}

/// What happened to an earlier entry of the same conversation. The entry's sender is who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Amendment {
    /// It says something else now.
    Edited {
        /// Which entry.
        msgid: MsgId,
        /// What it says; nothing when that changed again since, or was recalled.
        text: Option<Text>,
    },
    /// It was taken back.
    Recalled {
        /// Which entry.
        msgid: MsgId,
    },
    /// Somebody reacted to it.
    Reacted {
        /// Which entry.
        msgid: MsgId,
        /// With what.
        emoji: EmojiName,
    },
    /// Somebody took a reaction back.
    Unreacted {
        /// Which entry.
        msgid: MsgId,
        /// Which reaction.
        emoji: EmojiName,
    },
    /// It was pinned.
    Pinned {
        /// Which entry.
        msgid: MsgId,
    },
    /// It is pinned no more.
    Unpinned {
        /// Which entry.
        msgid: MsgId,
    },
}

impl Amendment {
    /// The entry that it is about.
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

/// The kinds of [`Body`], for people and scripts.
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
    /// The word that `--json` prints.
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
    /// Which kind this is.
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

    /// The file that it names.
    #[must_use]
    pub const fn attachment(&self) -> Option<&Attachment> {
        match self {
            Self::Image(picture) => Some(&picture.file),
            Self::Video(video) => Some(&video.media.file),
            Self::File(file) => Some(file),
            _ => None,
        }
    }

    /// The same with other words: another text, or another caption of a file. `None` where there
    /// are no words.
    ///
    /// # Errors
    /// When they are too long for a caption.
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

    /// Whether somebody said this: entries that no one said do not count as unread.
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
