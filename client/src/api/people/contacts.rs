//! Contacts: follows, friendships and blocks.

use std::collections::BTreeMap;

use cairn_proto::ids::UserId;
use cairn_proto::model::people::{Contact, Relation, RelationAct};
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;

use crate::api::client::{Client, ask};
use crate::error::Error;
use crate::stream::event::Event;

/// Contacts
impl Client {
    /// All contacts of the user, in the order of their ids, as they stand now.
    /// [`crate::Event::Contact`] tells of each that changes.
    ///
    /// # Errors
    /// [`Error::Refused`], and whatever ends the client.
    pub async fn contacts(&self) -> Result<Vec<Contact>, Error> {
        let (mut all, mut after) = (BTreeMap::new(), None);
        let mut meanwhile = self.events_meanwhile();
        loop {
            let page = ask!(self, Request::Contacts { after }, Response::Contacts(page) => page)?;
            self.remember(page.items.iter().map(|contact| &contact.user));
            all.extend(
                page.items
                    .into_iter()
                    .map(|contact| (contact.user.id, contact)),
            );
            match page.next_after {
                Some(next) if after.is_none_or(|after| next > after) => after = Some(next),
                Some(_) => {
                    return Err(Error::Protocol(
                        "the pages of the contacts go round in circles",
                    ));
                }
                None => break,
            }
        }
        // What was told meanwhile may be newer than its page. If it is older, what is newer is
        // still to be told.
        for event in meanwhile.arrived() {
            if let Event::Contact(contact) = event {
                all.insert(contact.user.id, *contact);
            }
        }
        Ok(all
            .into_values()
            .filter(|contact| !contact.relation.is_none())
            .collect())
    }

    /// Changes the user's relation to another, and gives it as it is then. What was done before is
    /// not done again.
    ///
    /// # Errors
    /// As [`Client::contacts`]; [`Error::Refused`] with `NoSuchUser`, with `Blocked` for somebody
    /// whom the user has blocked, with `NotAsked` when there is nothing to accept, or with
    /// `LimitReached` when the user has as many contacts, or has blocked as many, as the server
    /// allows.
    pub async fn relate(&self, user: UserId, act: RelationAct) -> Result<Relation, Error> {
        let contact =
            ask!(self, Request::Relate { user, act }, Response::Related(contact) => contact)?;
        Ok(contact.relation)
    }
}
