//! Finding users and reading their profiles.

use cairn_proto::ids::UserId;
use cairn_proto::limits::{PROFILES_PER_REQUEST_MAX, USERS_PER_REQUEST_MAX};
use cairn_proto::model::people::{Profile, UserProfile};
use cairn_proto::model::user::UserInfo;
use cairn_proto::text::UserName;
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;

use crate::api::client::{Client, ask};
use crate::error::Error;

/// Users and profiles
impl Client {
    /// The user of this name, if there is one.
    ///
    /// # Errors
    /// [`Error::Refused`], and whatever ends the client.
    pub async fn find_user(&self, name: UserName) -> Result<Option<UserInfo>, Error> {
        Ok(self.find_users(vec![name]).await?.pop())
    }

    /// The users of these names, in this order; names that nobody has are left out.
    ///
    /// # Errors
    /// As [`Client::find_user`].
    pub async fn find_users(&self, names: Vec<UserName>) -> Result<Vec<UserInfo>, Error> {
        let mut found = Vec::with_capacity(names.len());
        for names in names.chunks(USERS_PER_REQUEST_MAX) {
            let users = ask!(self, Request::FindUsers { names: names.to_vec() }, Response::Users(users) => users)?;
            self.remember(users.iter());
            found.extend(users);
        }
        Ok(found)
    }

    /// The user with this id, if there is one: from memory when it was asked for before.
    ///
    /// # Errors
    /// As [`Client::find_user`].
    pub async fn user(&self, id: UserId) -> Result<Option<UserInfo>, Error> {
        Ok(self.users(&[id]).await?.pop())
    }

    /// The users with these ids, in this order; ids that nobody has are left out. The client
    /// remembers up to [`crate::limits::USERS_CACHED_MAX`] users as they were when it first heard
    /// of them, and asks only for the others.
    ///
    /// # Errors
    /// As [`Client::find_user`].
    pub async fn users(&self, ids: &[UserId]) -> Result<Vec<UserInfo>, Error> {
        let mut known: Vec<Option<UserInfo>> = {
            let state = self.shared().state.lock();
            ids.iter()
                .map(|&id| state.people.get(id).cloned())
                .collect()
        };
        let unknown: Vec<usize> = (0..ids.len()).filter(|&at| known[at].is_none()).collect();
        for places in unknown.chunks(USERS_PER_REQUEST_MAX) {
            let asked: Vec<UserId> = places.iter().map(|&at| ids[at]).collect();
            let users = ask!(self, Request::Users { ids: asked }, Response::Users(users) => users)?;
            self.remember(users.iter());
            for &at in places {
                known[at] = users.iter().find(|user| user.id == ids[at]).cloned();
            }
        }
        Ok(known.into_iter().flatten().collect())
    }

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

    pub(crate) fn remember<'a>(&self, users: impl Iterator<Item = &'a UserInfo>) {
        let mut state = self.shared().state.lock();
        users.for_each(|user| state.people.remember(user.clone()));
    }
}
