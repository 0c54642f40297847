//! The user's contacts.

use std::collections::BTreeMap;

use cairn_client::proto::ids::UserId;
use cairn_client::proto::model::people::{Contact, Relation};

/// Everyone to whom the user has a relation: friends, pending requests, follows and blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contacts(BTreeMap<UserId, Relation>);

impl Contacts {
    pub(crate) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// The relation to a user; the default for a stranger.
    #[must_use]
    pub fn relation(&self, user: UserId) -> Relation {
        self.0.get(&user).copied().unwrap_or_default()
    }

    /// Every relation, in the order of user ids.
    pub fn iter(&self) -> impl Iterator<Item = (UserId, Relation)> {
        self.0.iter().map(|(&user, &relation)| (user, relation))
    }

    pub(crate) fn set(&mut self, contact: &Contact) {
        if contact.relation.is_none() {
            self.0.remove(&contact.user.id);
        } else {
            self.0.insert(contact.user.id, contact.relation);
        }
    }

    pub(crate) fn replace(&mut self, contacts: &[Contact]) {
        self.0.clear();
        contacts.iter().for_each(|contact| self.set(contact));
    }
}
