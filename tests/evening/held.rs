//! One entry as a device keeps it: in its parts, so that what came later can be put in its place.

use std::collections::{BTreeMap, BTreeSet};

use cairn_client::proto::content::body::{Amendment, Body};
use cairn_client::proto::content::extras::{Extra, Extras};
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{MsgId, Timestamp, UserId};
use cairn_client::proto::text::{EmojiName, Text};

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub sender: UserId,
    pub sent_at: Timestamp,
    pub body: Body,
    pub replied: Option<MsgId>,
    pub mentioned: BTreeSet<UserId>,
    pub mentions_all: bool,
    /// Who said it elsewhere, and when.
    pub forwarded: Option<(UserId, Timestamp)>,
    /// When it was last edited, and by which entry.
    pub edited: Option<(Timestamp, MsgId)>,
    /// Who reacted. The order of the users is not kept: who reads a message later than the reactions cannot know it.
    pub reactions: BTreeMap<EmojiName, BTreeSet<UserId>>,
}

impl Held {
    pub fn new(sender: UserId, sent_at: Timestamp, body: Body, extras: &Extras) -> Self {
        let reactions = extras.reactions().iter().map(|reaction| {
            (
                reaction.emoji.clone(),
                reaction.users.iter().copied().collect(),
            )
        });
        Self {
            sender,
            sent_at,
            body,
            replied: extras.replied(),
            mentioned: extras.mentioned().collect(),
            mentions_all: extras.iter().any(|extra| *extra == Extra::MentionAll),
            forwarded: extras.forwarded(),
            edited: extras.edited(),
            reactions: reactions.collect(),
        }
    }

    /// Whether somebody said it, also when nothing is left of it.
    pub const fn was_message(&self) -> bool {
        self.body.is_message() || matches!(self.body, Body::Recalled { .. })
    }

    /// Whether it counts as one that asks for the attention of `user`.
    pub fn mentions(&self, user: UserId) -> bool {
        self.mentions_all || self.mentioned.contains(&user)
    }

    fn recall(&mut self, by: UserId) {
        let Self {
            sender, sent_at, ..
        } = *self;
        *self = Self::new(sender, sent_at, Body::Recalled { by }, &Extras::NONE);
    }

    fn edit(&mut self, text: Text, at: Timestamp, entry: MsgId) {
        self.body = self
            .body
            .with_words(&text)
            .expect("a message with words")
            .expect("no more words than were taken");
        self.edited = Some((at, entry));
    }

    fn react(&mut self, emoji: EmojiName, user: UserId) {
        self.reactions.entry(emoji).or_default().insert(user);
    }

    fn unreact(&mut self, emoji: &EmojiName, user: UserId) {
        if let Some(users) = self.reactions.get_mut(emoji) {
            users.remove(&user);
        }
        self.reactions.retain(|_, users| !users.is_empty());
    }
}

impl From<&Message> for Held {
    fn from(message: &Message) -> Self {
        Self::new(
            message.sender,
            message.sent_at,
            message.body.clone(),
            &message.extras,
        )
    }
}

/// Puts what an entry of the log tells in the place of the message that it is about. Some of it may be there already: a message that is
/// pulled comes as it is by then, and the entries behind it tell once more how it came to be.
pub fn amend(entries: &mut BTreeMap<MsgId, Held>, entry: MsgId, amendment: &Amendment) {
    let Some((sender, at)) = entries.get(&entry).map(|held| (held.sender, held.sent_at)) else {
        return;
    };
    let msgid = amendment.msgid();
    // What lies below the floor is shown to nobody, but what was taken back of it must not stay in the entries of its edits.
    if let Some(message) = entries.get_mut(&msgid) {
        match amendment {
            Amendment::Edited { text, .. } => {
                let newest = message.edited.map_or(MsgId::ZERO, |(_, newest)| newest);
                match text {
                    Some(text) if message.body.is_message() && newest < entry => {
                        message.edit(text.clone(), at, entry)
                    }
                    _ if newest == entry => {}
                    _ => forget_edits(entries, msgid, entry.next()),
                }
            }
            Amendment::Recalled { .. } => message.recall(sender),
            Amendment::Reacted { emoji, .. } if message.body.is_message() => {
                message.react(emoji.clone(), sender)
            }
            Amendment::Unreacted { emoji, .. } => message.unreact(emoji, sender),
            Amendment::Reacted { .. } | Amendment::Pinned { .. } | Amendment::Unpinned { .. } => {}
        }
    }
    if matches!(
        amendment,
        Amendment::Edited { .. } | Amendment::Recalled { .. }
    ) {
        forget_edits(entries, msgid, entry);
    }
}

/// What was taken back is in no entry any more.
fn forget_edits(entries: &mut BTreeMap<MsgId, Held>, of: MsgId, below: MsgId) {
    for (_, held) in entries.range_mut(of..below) {
        if let Body::Amendment(Amendment::Edited { msgid, text }) = &mut held.body
            && *msgid == of
        {
            *text = None;
        }
    }
}
