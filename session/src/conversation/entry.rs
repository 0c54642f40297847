//! One entry of a log, with everything that later entries changed about it.

use std::collections::{BTreeMap, BTreeSet};

use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{MsgId, Timestamp, UserId};
use cairn_client::proto::text::{EmojiName, Text};

/// An entry as it reads now: edits, recalls and reactions are applied to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who sent it, or caused it.
    pub sender: UserId,
    /// When the server accepted it; for an imported message, when it was sent elsewhere.
    pub sent_at: Timestamp,
    /// The content; [`Body::Recalled`] once it was deleted.
    pub body: Body,
    /// The message that it answers.
    pub reply_to: Option<MsgId>,
    /// The users mentioned by name.
    pub mentions: BTreeSet<UserId>,
    /// Whether it mentions every member.
    pub mentions_all: bool,
    /// The first author, if it was forwarded.
    pub forwarded: Option<Forwarded>,
    /// The admin who imported it, or the original of a forwarded one. Its sender did not write it
    /// here.
    pub imported_by: Option<UserId>,
    /// The last edit, if there was one.
    pub edited: Option<Edited>,
    /// The users who made each reaction. They are unordered: a message that is read after its
    /// reactions does not show in which order they came.
    pub reactions: BTreeMap<EmojiName, BTreeSet<UserId>>,
}

/// Where a forwarded message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// The first author.
    pub author: UserId,
    /// When the original was sent.
    pub at: Timestamp,
}

/// The last edit of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edited {
    /// When.
    pub at: Timestamp,
    /// The log entry that holds the edit.
    pub entry: MsgId,
}

impl Entry {
    /// Unpacks an entry that the server returned, for example the last one in an overview.
    #[must_use]
    pub fn new(sender: UserId, sent_at: Timestamp, body: Body, extras: &Extras) -> Self {
        let reactions = extras.reactions().iter().map(|reaction| {
            let users = reaction.users.iter().copied().collect();
            (reaction.emoji.clone(), users)
        });
        Self {
            sender,
            sent_at,
            body,
            reply_to: extras.replied(),
            mentions: extras.mentioned().collect(),
            mentions_all: extras.mentions_all(),
            forwarded: extras
                .forwarded()
                .map(|(author, at)| Forwarded { author, at }),
            imported_by: extras.imported_by(),
            edited: extras.edited().map(|(at, entry)| Edited { at, entry }),
            reactions: reactions.collect(),
        }
    }

    /// Whether a user wrote it, as opposed to a system entry or an amendment. Stays true after a
    /// recall.
    #[must_use]
    pub const fn was_message(&self) -> bool {
        self.body.is_message() || matches!(self.body, Body::Recalled { .. })
    }

    /// Whether it asks for the attention of `user`.
    #[must_use]
    pub fn mentions_user(&self, user: UserId) -> bool {
        self.mentions_all || self.mentions.contains(&user)
    }

    /// Nothing but sender and time survives a recall.
    pub(crate) fn recall(&mut self, by: UserId) {
        *self = Self::new(
            self.sender,
            self.sent_at,
            Body::Recalled { by },
            &Extras::NONE,
        );
    }

    /// Replaces the text or the caption, and the mentions by those of the edit. Returns whether the
    /// message can have these words.
    pub(crate) fn edit(&mut self, words: &Text, extras: &Extras, edited: Edited) -> bool {
        let Some(Ok(body)) = self.body.with_words(words) else {
            return false;
        };
        self.body = body;
        self.mentions = extras.mentioned().collect();
        self.mentions_all = extras.mentions_all();
        self.edited = Some(edited);
        true
    }

    pub(crate) fn react(&mut self, emoji: EmojiName, user: UserId) {
        self.reactions.entry(emoji).or_default().insert(user);
    }

    pub(crate) fn unreact(&mut self, emoji: &EmojiName, user: UserId) {
        if let Some(users) = self.reactions.get_mut(emoji) {
            users.remove(&user);
            if users.is_empty() {
                self.reactions.remove(emoji);
            }
        }
    }
}

impl From<&Message> for Entry {
    fn from(message: &Message) -> Self {
        Self::new(
            message.sender,
            message.sent_at,
            message.body.clone(),
            &message.extras,
        )
    }
}
