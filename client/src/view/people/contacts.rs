//! Contacts: follows, friendships and blocks.

use std::collections::BTreeMap;

use cairn_proto::ids::UserId;
use cairn_proto::model::people::{Contact, Relation, RelationAct};
use cairn_proto::wire::event::Update;
use cairn_proto::wire::request::people::{ListContacts, Relate};

use crate::error::Error;
use crate::stream::event::Event;
use crate::view::people::People;

/// Contacts. They belong to the user, not to a device or conversation.
impl People<'_> {
    /// Returns all contacts of the user, ordered by id. [`crate::Update::Contact`] reports later
    /// changes.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn contacts(self) -> Result<Vec<Contact>, Error> {
        let (mut all, mut after) = (BTreeMap::new(), None);
        let mut concurrent_events = self.client.events_during_request();
        loop {
            let page = self.client.call(ListContacts { after }).await?;
            self.client
                .cache_users(page.items.iter().map(|contact| &contact.user));
            all.extend(
                page.items
                    .into_iter()
                    .map(|contact| (contact.user.id, contact)),
            );
            match page.next_after {
                Some(next) if after.is_none_or(|after| next > after) => after = Some(next),
                Some(_) => {
                    return Err(Error::Protocol("pages of contacts do not advance"));
                }
                None => break,
            }
        }
        // An event that arrived during the request may be newer than its page, so it takes
        // precedence. If it is older, a newer one is still to come.
        for event in concurrent_events.arrived() {
            if let Event::Update(Update::Contact(contact)) = event {
                all.insert(contact.user.id, contact);
            }
        }
        Ok(all
            .into_values()
            .filter(|contact| !contact.relation.is_none())
            .collect())
    }

    /// Changes the user's relation to another user and returns the result. Idempotent.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchUser`; `Blocked` if the user has blocked the other;
    /// `NotAsked` if there is no request to accept or decline; `Deactivated` to follow or befriend
    /// a deactivated user; or `LimitReached` at the server's maximum of contacts or blocks. Or a
    /// [terminal error](Error#terminal-errors).
    pub async fn relate(self, user: UserId, act: RelationAct) -> Result<Relation, Error> {
        let contact = self.client.call(Relate { user, act }).await?;
        Ok(contact.relation)
    }
}
