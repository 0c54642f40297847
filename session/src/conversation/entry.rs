//! One entry of a log, with everything that later entries changed about it.

use std::collections::{BTreeMap, BTreeSet};

use cairn_client::proto::content::body::{Amendment, Body};
use cairn_client::proto::content::extras::{Extra, Extras, Reaction};
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_client::proto::text::{EmojiName, Text};

use super::entries::UnfitEdit;

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

    /// Whether it is a row of its own in a timeline: a message, the tombstone of one, or a change
    /// of the conversation. Edits, recalls and reactions show in the message that they amend.
    #[must_use]
    pub const fn is_shown(&self) -> bool {
        match &self.body {
            Body::Amendment(amendment) => matches!(
                amendment,
                Amendment::Pinned { .. } | Amendment::Unpinned { .. }
            ),
            _ => true,
        }
    }

    /// Packs the entry as the message that a server would return for it now.
    #[must_use]
    pub fn to_message(&self, conversation: ConversationId, msgid: MsgId) -> Message {
        let reply_to = self.reply_to.map(Extra::ReplyTo);
        let mentions = self.mentions.iter().copied().map(Extra::Mention);
        let all = self.mentions_all.then_some(Extra::MentionAll);
        let edited = self
            .edited
            .map(|Edited { at, entry }| Extra::Edited { at, entry });
        let forwarded = self
            .forwarded
            .map(|Forwarded { author, at }| Extra::Forwarded { author, at });
        let imported = self.imported_by.map(|by| Extra::Imported { by });
        let extras = reply_to.into_iter().chain(mentions).chain(all);
        let extras = extras.chain(edited).chain(forwarded).chain(imported);
        let extras = Extras::new(extras.collect()).unwrap_or_default();
        let reactions = self.reactions.iter().map(|(emoji, users)| Reaction {
            emoji: emoji.clone(),
            users: users.iter().copied().collect(),
        });
        Message {
            conversation,
            msgid,
            sender: self.sender,
            sent_at: self.sent_at,
            body: self.body.clone(),
            extras: extras.with_reactions(reactions.collect()),
        }
    }

    /// Applies an amendment, the body of the later entry `msgid`. It may be applied already.
    pub(crate) fn amend(
        &mut self,
        msgid: MsgId,
        by: &Self,
        amendment: &Amendment,
    ) -> Result<(), UnfitEdit> {
        match amendment {
            Amendment::Edited {
                text: Some(words), ..
            } => {
                let newest = self.edited.map_or(MsgId::ZERO, |edited| edited.entry);
                if self.body.is_message() && newest < msgid {
                    return self.edit(words, msgid, by);
                }
            }
            Amendment::Recalled { .. } => self.recall(by.sender),
            Amendment::Reacted { emoji, .. } if self.body.is_message() => {
                self.reactions
                    .entry(emoji.clone())
                    .or_default()
                    .insert(by.sender);
            }
            Amendment::Unreacted { emoji, .. } => self.unreact(emoji, by.sender),
            Amendment::Edited { text: None, .. }
            | Amendment::Reacted { .. }
            | Amendment::Pinned { .. }
            | Amendment::Unpinned { .. } => {}
        }
        Ok(())
    }

    /// Erases the words and mentions of an edit, which are those of the message that it amends.
    pub(crate) fn erase_edit(&mut self) {
        if let Body::Amendment(Amendment::Edited { text, .. }) = &mut self.body {
            *text = None;
            self.mentions.clear();
            self.mentions_all = false;
        }
    }

    /// Nothing but sender and time survives a recall.
    fn recall(&mut self, by: UserId) {
        let body = Body::Recalled { by };
        *self = Self::new(self.sender, self.sent_at, body, &Extras::NONE);
    }

    /// Replaces the text or the caption, and the mentions by those of the edit.
    fn edit(&mut self, words: &Text, msgid: MsgId, by: &Self) -> Result<(), UnfitEdit> {
        let Some(Ok(body)) = self.body.with_words(words) else {
            return Err(UnfitEdit);
        };
        self.body = body;
        self.mentions.clone_from(&by.mentions);
        self.mentions_all = by.mentions_all;
        self.edited = Some(Edited {
            at: by.sent_at,
            entry: msgid,
        });
        Ok(())
    }

    fn unreact(&mut self, emoji: &EmojiName, user: UserId) {
        if let Some(users) = self.reactions.get_mut(emoji) {
            users.remove(&user);
            if users.is_empty() {
                self.reactions.remove(emoji);
            }
        }
    }
}

/// Returns a stored message as it reads after an amendment of it, or `None` if it cannot be kept.
/// For stores of messages; the result is what the server would return.
#[must_use]
pub fn amended(target: &Message, amendment: &Message) -> Option<Message> {
    let Body::Amendment(change) = &amendment.body else {
        return Some(target.clone());
    };
    let mut entry = Entry::from(target);
    entry
        .amend(amendment.msgid, &Entry::from(amendment), change)
        .ok()?;
    Some(entry.to_message(target.conversation, target.msgid))
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
