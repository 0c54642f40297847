//! Which messages notify the user.

use std::collections::BTreeSet;

use cairn_proto::content::message::Message;
use cairn_proto::ids::{Timestamp, UserId};
use cairn_proto::model::notification::{NotificationLevel, Notifications};
use cairn_proto::model::people::Contact;
use cairn_proto::text::Keyword;
use cairn_proto::wire::event::{AccountUpdate, Update};
use cairn_text::Keywords;

/// Decides which messages notify the user. Created by [`crate::view::Me::notifier`] with the
/// keywords and blocked users of that time; pass it the [updates](crate::Event::Update) since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notifier {
    own: UserId,
    keywords: Keywords,
    blocked: BTreeSet<UserId>,
}

impl Notifier {
    /// Creates a notifier for a user with these keywords and contacts.
    #[must_use]
    pub fn new(own: UserId, keywords: &[Keyword], contacts: &[Contact]) -> Self {
        let blocked = contacts.iter().filter(|contact| contact.relation.blocks);
        Self {
            own,
            keywords: index(keywords),
            blocked: blocked.map(|contact| contact.user.id).collect(),
        }
    }

    /// Applies an update; those of other things than keywords and contacts change nothing.
    pub fn update(&mut self, update: &Update) {
        match update {
            Update::Account(AccountUpdate::Keywords(keywords)) => self.keywords = index(keywords),
            Update::Contact(contact) if contact.relation.blocks => {
                self.blocked.insert(contact.user.id);
            }
            Update::Contact(contact) => {
                self.blocked.remove(&contact.user.id);
            }
            _ => {}
        }
    }

    /// Returns whether a message notifies the user in a conversation with these settings.
    #[must_use]
    pub fn notifies(&self, message: &Message, settings: Notifications, now: Timestamp) -> bool {
        let is_by_other = message.sender != self.own && !self.blocked.contains(&message.sender);
        message.body.is_message()
            && is_by_other
            && match settings.level_at(now) {
                NotificationLevel::All => true,
                NotificationLevel::Mentions => self.concerns(message),
                NotificationLevel::Nothing => false,
            }
    }

    /// Returns the keywords in the words of a message.
    #[must_use]
    pub fn keywords_in(&self, message: &Message) -> Vec<&str> {
        self.keywords.find(message.body.words().unwrap_or_default())
    }

    fn concerns(&self, message: &Message) -> bool {
        message.extras.names(self.own) || !self.keywords_in(message).is_empty()
    }
}

fn index(keywords: &[Keyword]) -> Keywords {
    Keywords::new(keywords.iter().map(Keyword::as_str))
}
