//! What users are to each other, how they present themselves and are found, and what the owner of
//! the server has set.

use std::collections::BTreeMap;

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::limits::PROFILES_PER_REQUEST_MAX;
use cairn_proto::model::people::{Contact, Profile, Relation, RelationAct, UserProfile};
use cairn_proto::model::presence::{DeviceKind, PresentDevice, UserPresence};
use cairn_proto::model::settings::Setting;
use cairn_proto::model::user::{ServerRole, UserInfo};
use cairn_proto::text::{SettingName, SettingValue, UserName};
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;

use crate::api::client::Client;
use crate::api::requests::ask;
use crate::error::Error;
use crate::stream::events::Event;

/// Contacts: everybody to whom the user has a relation. They are the user's own on all devices, and
/// independent of conversations.
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

/// Presence, and typing.
impl Client {
    /// Watches these users, at most [`cairn_proto::limits::WATCHED_USERS_MAX`], and no others any
    /// more: [`crate::Event::Presence`] tells of each who comes, goes or is somewhere else. Gives
    /// where those are whom the user may watch: whoever shares a conversation, is a friend or is
    /// followed, and is not blocked. Without push, that is all.
    ///
    /// It holds until the client is closed: on a new connection, it is asked again, and where
    /// everybody is by then is told; of those whom the user may watch no more, that they are
    /// offline. As of this call, the events tell as well where everybody is, and they are what
    /// decides: they come in the order in which things happen.
    ///
    /// Whom the user may watch is looked at with each call and on each connection. Between them, a
    /// block ends the watch; that he is followed or a friend no more, or shares no conversation any
    /// more, does not.
    ///
    /// # Errors
    /// As [`Client::contacts`].
    pub async fn watch(&self, users: Vec<UserId>) -> Result<Vec<UserPresence>, Error> {
        let mut meanwhile = self.events_meanwhile();
        let mut presences =
            ask!(self, Request::Watch { users }, Response::Watching(presences) => presences)?;
        // What was told meanwhile may be newer than the answer. If it is older, what is newer is
        // still to be told.
        for event in meanwhile.arrived() {
            if let Event::Presence(told) = event
                && let Some(presence) = presences
                    .iter_mut()
                    .find(|presence| presence.user == told.user)
            {
                *presence = told;
            }
        }
        Ok(presences)
    }

    /// What the client shows: [`crate::Event::Typing`] tells who types there, and
    /// [`Client::typing`] counts there. It holds as [`Client::watch`] does.
    ///
    /// # Errors
    /// As [`Client::contacts`]; [`Error::Refused`] with `NotFound` for a conversation that the user
    /// is no member of.
    pub async fn focus(&self, conversation: Option<ConversationId>) -> Result<(), Error> {
        ask!(self, Request::Focus { conversation }, Response::Done => ())
    }

    /// The user is typing in the conversation that the client looks at. To be called as often as a
    /// key is hit: others are told once in [`cairn_proto::limits::TYPING_INTERVAL`]. Returns at
    /// once; what cannot be told now is not told.
    pub fn typing(&self, conversation: ConversationId) {
        self.shared().typing.note(conversation);
    }

    /// What those who watch the user are told of this device: its kind, and whether nobody looks at
    /// it. Without it, a client that is pushed is a device of unknown kind, and not away. A client
    /// that said so or nothing counts as away by itself when its user has done nothing for as long
    /// as the server's setting `away-after` says, until he does something. It holds as
    /// [`Client::watch`] does.
    ///
    /// # Errors
    /// As [`Client::contacts`].
    pub async fn set_presence(&self, kind: DeviceKind, is_away: bool) -> Result<(), Error> {
        ask!(self, Request::SetPresence(PresentDevice { kind, is_away }), Response::Done => ())
    }
}

/// How users present themselves, and how they are found.
impl Client {
    /// Users whose names begin so, upper and lower case alike, in the order of their names; at most
    /// `limit`.
    ///
    /// # Errors
    /// As [`Client::contacts`]; [`Error::Refused`] with `TurnedOff` where the owner of the server
    /// wants no search.
    pub async fn search_users(
        &self,
        prefix: UserName,
        limit: usize,
    ) -> Result<Vec<UserInfo>, Error> {
        let (mut found, mut after) = (Vec::new(), None);
        while found.len() < limit {
            let request = Request::SearchUsers {
                prefix: prefix.clone(),
                after,
            };
            let page = ask!(self, request, Response::FoundUsers(page) => page)?;
            if page.items.is_empty() && page.next_after.is_some() {
                return Err(Error::Protocol("a page of users is empty and not the last"));
            }
            self.remember(page.items.iter());
            found.extend(page.items);
            after = page.next_after;
            if after.is_none() {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    /// How these users present themselves, in this order; ids that nobody has are left out.
    ///
    /// # Errors
    /// As [`Client::contacts`].
    pub async fn profiles(&self, users: &[UserId]) -> Result<Vec<UserProfile>, Error> {
        let mut all = Vec::with_capacity(users.len());
        for users in users.chunks(PROFILES_PER_REQUEST_MAX) {
            all.extend(ask!(self, Request::Profiles { users: users.to_vec() }, Response::Profiles(profiles) => profiles)?);
        }
        Ok(all)
    }

    /// How the user presents himself from now on, all of it. His other devices learn of it by
    /// [`crate::Event::AccountUpdate`].
    ///
    /// # Errors
    /// As [`Client::contacts`].
    pub async fn set_profile(&self, profile: Profile) -> Result<(), Error> {
        ask!(self, Request::SetProfile(profile), Response::Done => ())
    }
}

/// The settings of the server, and who looks after it.
impl Client {
    /// Gives a user another role on the server: for its owners. The last one stays one. The user's
    /// devices learn of it by [`crate::Event::AccountUpdate`].
    ///
    /// # Errors
    /// As [`Client::contacts`]; [`Error::Refused`] with `LastOwner` for the only owner.
    pub async fn set_server_role(&self, user: UserId, role: ServerRole) -> Result<(), Error> {
        ask!(self, Request::SetServerRole { user, role }, Response::Done => ())
    }

    /// All of them.
    ///
    /// # Errors
    /// As [`Client::contacts`].
    pub async fn settings(&self) -> Result<Vec<Setting>, Error> {
        ask!(self, Request::Settings, Response::Settings(settings) => settings)
    }

    /// Sets one of them: for the owner of the server. Gives it as it is then.
    ///
    /// # Errors
    /// As [`Client::contacts`]; [`Error::Refused`] with `BadSetting` when there is none of that
    /// name, or it does not take the value.
    pub async fn set_setting(
        &self,
        name: SettingName,
        value: SettingValue,
    ) -> Result<Setting, Error> {
        let mut settings = ask!(self, Request::SetSetting { name, value }, Response::Settings(settings) => settings)?;
        settings
            .pop()
            .ok_or(Error::Protocol("a setting was set and not told"))
    }
}
