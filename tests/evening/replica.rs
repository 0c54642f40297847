//! All that a device keeps from one run to the next.

use std::collections::{BTreeMap, BTreeSet};

use cairn_client::Overview;
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use cairn_client::proto::model::conversation::Conversation;
use cairn_client::proto::model::people::{Contact, Relation};
use cairn_client::proto::wire::overview::{Moment, OverviewExtent};

use super::kept::{About, Kept, View};

/// What a device keeps.
#[derive(Clone, Debug)]
pub struct Replica {
    me: UserId,
    conversations: BTreeMap<ConversationId, Kept>,
    contacts: BTreeMap<UserId, Relation>,
    /// When the last overview was made.
    moment: Option<Moment>,
}

/// What all devices of a user must agree on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    pub conversations: BTreeMap<ConversationId, View>,
    pub contacts: BTreeMap<UserId, Relation>,
}

impl Replica {
    /// Nothing yet.
    pub const fn new(me: UserId) -> Self {
        Self {
            me,
            conversations: BTreeMap::new(),
            contacts: BTreeMap::new(),
            moment: None,
        }
    }

    pub fn ids(&self) -> BTreeSet<ConversationId> {
        self.conversations.keys().copied().collect()
    }

    /// The last entry of each conversation that the device has.
    pub fn last_entries(&self) -> Vec<(ConversationId, MsgId)> {
        self.conversations
            .iter()
            .map(|(&id, kept)| (id, kept.next().prev()))
            .collect()
    }

    pub fn kept(&mut self, id: ConversationId) -> Option<&mut Kept> {
        self.conversations.get_mut(&id)
    }

    /// The user is a member, and stands like this, where the log goes on from what is here.
    pub fn told(&mut self, found: &Conversation) {
        if let Some(kept) = self.kept(found.id) {
            kept.told(found);
        }
    }

    /// The user is a member. What is here of it begins anew.
    pub fn enter(&mut self, found: &Conversation, about: About) {
        self.conversations
            .insert(found.id, Kept::new(self.me, found, about));
    }

    /// The user is no member any more.
    pub fn leave(&mut self, id: ConversationId) {
        self.conversations.remove(&id);
    }

    /// The next entries of a log. Says whether the log goes on without a gap.
    pub fn take(&mut self, messages: &[Message]) -> Result<bool, String> {
        let Some(kept) = messages
            .first()
            .and_then(|first| self.conversations.get_mut(&first.conversation))
        else {
            return Ok(true);
        };
        messages.iter().try_for_each(|message| kept.take(message))?;
        Ok(!kept.has_gap())
    }

    /// What to be told of by the next overview: what changed since the last, or everything, where something is to begin anew.
    pub fn moment(&self) -> Option<Moment> {
        self.moment
            .filter(|_| !self.conversations.values().any(Kept::has_gap))
    }

    /// An overview, of everything or of what changed since the last. Gives the conversations that are no more.
    pub fn looked_up(&mut self, overview: &Overview) -> Vec<ConversationId> {
        let listed: BTreeSet<_> = overview
            .conversations
            .iter()
            .map(|found| found.id)
            .collect();
        let mut gone = overview.gone.clone();
        for (&id, kept) in self
            .conversations
            .iter_mut()
            .filter(|(id, _)| !listed.contains(id))
        {
            match overview.extent {
                OverviewExtent::All => gone.push(id),
                OverviewExtent::Changed => kept.is_unlisted(),
            }
        }
        gone
    }

    /// Everything up to here is gone. Says whether what is here goes on behind it.
    pub fn expired(&mut self, id: ConversationId, floor: MsgId) -> bool {
        self.kept(id).is_none_or(|kept| {
            kept.expired(floor);
            !kept.has_gap()
        })
    }

    /// All that an overview told of is here. Not before: a device that goes meanwhile must be told of it again.
    pub const fn is_up_to(&mut self, moment: Moment) {
        self.moment = Some(moment);
    }

    /// The read cursor stood here when the log went up to `head`.
    pub fn read(&mut self, id: ConversationId, read: MsgId, head: MsgId) {
        if let Some(kept) = self.kept(id) {
            kept.read(read, head);
        }
    }

    pub fn contact(&mut self, contact: &Contact) {
        self.contacts.remove(&contact.user.id);
        if !contact.relation.is_none() {
            self.contacts.insert(contact.user.id, contact.relation);
        }
    }

    /// These are all contacts.
    pub fn contacts(&mut self, contacts: &[Contact]) {
        self.contacts.clear();
        contacts.iter().for_each(|contact| self.contact(contact));
    }

    pub fn sight(&self) -> Sight {
        let views = self
            .conversations
            .iter()
            .map(|(&id, kept)| (id, kept.view()));
        Sight {
            conversations: views.collect(),
            contacts: self.contacts.clone(),
        }
    }
}
