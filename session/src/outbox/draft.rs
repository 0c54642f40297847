//! Drafts: messages that are being written.

use cairn_client::proto::ids::{ConversationId, MsgId};
use serde::{Deserialize, Serialize};

use crate::limits;

/// A message that is being written. Target, words, reply and files are one value, so that none of
/// them can be sent with another one's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Where it is sent.
    pub conversation: ConversationId,
    /// The text. Cut to [`limits::DRAFT_BYTES_MAX`].
    pub words: String,
    /// What becomes of it.
    pub aim: Aim,
    /// Files to upload; at most [`limits::DRAFT_FILES_MAX`].
    pub files: Vec<DraftFile>,
}

/// What becomes of a draft.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Aim {
    /// A message.
    #[default]
    New,
    /// A reply to a message.
    Reply(MsgId),
    /// The words of an own message, which it replaces.
    Edit(MsgId),
    /// An action, shown after the sender's name.
    Emote,
}

/// A file of a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftFile {
    /// Where the file is. The model only passes it on.
    pub path: String,
    /// The name that others see.
    pub name: String,
    /// The length in bytes when it was attached.
    pub size_bytes: u64,
    /// Whether an image or video is sent as a plain file.
    pub as_file: bool,
}

impl Draft {
    /// Creates the empty draft of a conversation.
    #[must_use]
    pub const fn new(conversation: ConversationId) -> Self {
        Self {
            conversation,
            words: String::new(),
            aim: Aim::New,
            files: Vec::new(),
        }
    }

    /// Returns whether there is nothing to keep.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.files.is_empty() && matches!(self.aim, Aim::New | Aim::Emote)
    }

    /// Returns the draft within its bounds.
    pub(crate) fn bounded(mut self) -> Self {
        let end = self.words.floor_char_boundary(limits::DRAFT_BYTES_MAX);
        self.words.truncate(end);
        self.files.truncate(limits::DRAFT_FILES_MAX);
        self
    }

    /// Returns the beginning of the words, as a list shows it. `None` if there is none.
    pub(crate) fn preview(&self) -> String {
        let words = self.words.trim_start();
        words.chars().take(limits::DRAFT_PREVIEW_CHARS).collect()
    }
}
