//! The replica: conversations and contacts, folded from overviews, events and log entries.

use std::collections::{BTreeMap, BTreeSet};

use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use cairn_client::proto::model::conversation::Conversation as Summary;
use cairn_client::proto::model::people::Contact;
use cairn_client::proto::wire::event::Update as Change;
use cairn_client::proto::wire::overview::{Moment, OverviewExtent};
use cairn_client::{Event, Overview};

use crate::contacts::Contacts;
use crate::conversation::{Conversation, Details};
use crate::error::ReplicaError;
use crate::limits;

/// What one user sees, as far as this device has followed it. It outlives the connection, and a
/// clone of it can be held while the device is offline.
#[derive(Clone, Debug)]
pub struct Replica {
    me: UserId,
    entries_max: usize,
    conversations: BTreeMap<ConversationId, Conversation>,
    contacts: Contacts,
    /// The moment of the last overview that was applied in full.
    moment: Option<Moment>,
}

/// What to do after an event or log entries were applied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Update {
    /// Nothing: replicas do not keep this.
    Unrelated,
    /// Draw again. An overview that was on its way meanwhile is out of date.
    Changed,
    /// Fetch the [`Details`] of this conversation, call [`Replica::enter`], and follow its log from
    /// [`Conversation::next`]: the user joined, or the log alone does not bring the replica up to
    /// date.
    Enter(Box<Summary>),
    /// Stop following this conversation: the user is not a member any longer.
    Left(ConversationId),
    /// Fetch an overview as of [`Replica::moment`] and the contacts, and apply both: events or
    /// entries were missed, or it is unknown how many messages mention the user.
    Stale,
}

/// What to do after an overview was applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct OverviewUpdate {
    /// The conversations to enter, as for [`Update::Enter`].
    pub enter: Vec<Summary>,
    /// The conversations to stop following.
    pub left: Vec<ConversationId>,
}

impl Replica {
    /// Creates the empty replica of this user.
    #[must_use]
    pub const fn new(me: UserId) -> Self {
        Self::with_entries_max(me, limits::ENTRIES_MAX)
    }

    /// Creates an empty replica that holds this many entries of each conversation.
    #[must_use]
    pub const fn with_entries_max(me: UserId, entries_max: usize) -> Self {
        Self {
            me,
            entries_max,
            conversations: BTreeMap::new(),
            contacts: Contacts::new(),
            moment: None,
        }
    }

    /// Every conversation of the user, in the order of ids.
    pub fn conversations(&self) -> impl Iterator<Item = (ConversationId, &Conversation)> {
        self.conversations
            .iter()
            .map(|(&id, conversation)| (id, conversation))
    }

    /// One conversation; `None` if the user is not a member.
    #[must_use]
    pub fn conversation(&self, id: ConversationId) -> Option<&Conversation> {
        self.conversations.get(&id)
    }

    /// Friends, pending requests, follows and blocks.
    #[must_use]
    pub const fn contacts(&self) -> &Contacts {
        &self.contacts
    }

    /// The moment since when the next overview must list changes. `None` if it must list every
    /// conversation.
    #[must_use]
    pub fn moment(&self) -> Option<Moment> {
        // A conversation with a gap is entered again, for which it must be listed, and so must one
        // with an unknown count.
        let mut conversations = self.conversations.values();
        self.moment
            .filter(|_| !conversations.any(|held| held.has_gap() || held.lacks_mentions()))
    }

    /// Applies an event of the client.
    pub fn apply_event(&mut self, event: &Event) -> Update {
        match event {
            Event::Update(Change::Conversation(summary)) => {
                if self.apply_summary(summary) {
                    self.changed(summary.id)
                } else {
                    Update::Enter(Box::new(summary.clone()))
                }
            }
            Event::Update(Change::Removed { conversation, .. }) => {
                self.leave(*conversation);
                Update::Left(*conversation)
            }
            Event::Update(Change::Read {
                conversation,
                read,
                head,
            }) => {
                if let Some(held) = self.conversations.get_mut(conversation) {
                    held.set_read(*read, *head);
                }
                self.changed(*conversation)
            }
            Event::Update(Change::Floor {
                conversation,
                floor,
            }) => self.expire(*conversation, *floor),
            Event::Update(Change::Contact(contact)) => {
                self.contacts.set(contact);
                Update::Changed
            }
            Event::Reconnected | Event::Lagged(_) => Update::Stale,
            _ => Update::Unrelated,
        }
    }

    /// Appends entries of logs, those of each conversation in order, without a gap, from
    /// [`Conversation::next`] on. Entries of conversations that were left are ignored.
    ///
    /// # Errors
    /// At the first entry that does not continue its log, or cannot be applied. The entries before
    /// it are appended.
    pub fn append(&mut self, messages: &[Message]) -> Result<Update, ReplicaError> {
        let mut update = Update::Unrelated;
        for message in messages {
            if let Some(held) = self.conversations.get_mut(&message.conversation) {
                held.append(message)?;
                if held.has_gap() || held.lacks_mentions() {
                    update = Update::Stale;
                } else if update == Update::Unrelated {
                    update = Update::Changed;
                }
            }
        }
        Ok(update)
    }

    /// Adds a conversation, or starts it over. What was held of it is dropped.
    pub fn enter(&mut self, summary: &Summary, details: Details) {
        let conversation = Conversation::new(self.me, summary, details, self.entries_max);
        self.conversations.insert(summary.id, conversation);
    }

    /// Drops a conversation.
    pub fn leave(&mut self, id: ConversationId) {
        self.conversations.remove(&id);
    }

    /// Applies an overview as of [`Replica::moment`]. Call [`Replica::finish_overview`] after every
    /// conversation that it returns was entered.
    pub fn apply_overview(&mut self, overview: &Overview) -> OverviewUpdate {
        let listed: BTreeSet<ConversationId> = overview
            .conversations
            .iter()
            .map(|summary| summary.id)
            .collect();
        let mut left = overview.gone.clone();
        for (&id, held) in &mut self.conversations {
            if listed.contains(&id) {
                continue;
            }
            match overview.extent {
                OverviewExtent::All => left.push(id),
                OverviewExtent::Changed => held.revert_to_listed(),
            }
        }
        for &id in &left {
            self.leave(id);
        }
        let mut enter = Vec::new();
        for summary in &overview.conversations {
            if !self.apply_summary(summary) {
                enter.push(summary.clone());
            } else if let Some(held) = self.conversations.get_mut(&summary.id) {
                held.list(summary);
                // Entries that came meanwhile changed what it counts: the log starts over from it.
                if held.lacks_mentions() {
                    enter.push(summary.clone());
                }
            }
        }
        OverviewUpdate { enter, left }
    }

    /// Records that the overview as of this moment was applied in full. Not earlier: a device that
    /// goes offline in between must be sent the missing conversations again.
    pub const fn finish_overview(&mut self, as_of: Moment) {
        self.moment = Some(as_of);
    }

    /// Replaces all contacts.
    pub fn set_contacts(&mut self, contacts: &[Contact]) {
        self.contacts.replace(contacts);
    }

    /// Returns whether the log alone brings the conversation up to date.
    fn apply_summary(&mut self, summary: &Summary) -> bool {
        match self.conversations.get_mut(&summary.id) {
            Some(held) if held.continues(summary.floor) => {
                held.apply_summary(summary);
                true
            }
            _ => false,
        }
    }

    fn expire(&mut self, id: ConversationId, floor: MsgId) -> Update {
        let Some(held) = self.conversations.get_mut(&id) else {
            return Update::Changed;
        };
        held.expire(floor);
        self.changed(id)
    }

    /// What to do after a conversation changed.
    fn changed(&self, id: ConversationId) -> Update {
        let held = self.conversations.get(&id);
        if held.is_some_and(|held| held.has_gap() || held.lacks_mentions()) {
            Update::Stale
        } else {
            Update::Changed
        }
    }
}
