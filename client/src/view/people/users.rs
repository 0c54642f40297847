//! Finding users and reading their profiles.

use cairn_proto::ids::UserId;
use cairn_proto::limits::{PROFILES_PER_REQUEST_MAX, USERS_PER_REQUEST_MAX};
use cairn_proto::model::people::UserProfile;
use cairn_proto::model::user::UserInfo;
use cairn_proto::text::UserName;
use cairn_proto::wire::event::Update;
use cairn_proto::wire::request::people::{FindUsers, GetProfiles, GetUsers, SearchUsers};

use crate::api::client::Client;
use crate::error::Error;
use crate::stream::event::Event;
use crate::view::people::People;

/// Users and profiles
impl People<'_> {
    /// Returns the account with this name, be it that of an imported author; see
    /// [`People::addressed`].
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn find(self, name: UserName) -> Result<Option<UserInfo>, Error> {
        Ok(self.find_all(vec![name]).await?.pop())
    }

    /// Returns the accounts with these names, in the given order and without those that do not
    /// exist.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn find_all(self, names: Vec<UserName>) -> Result<Vec<UserInfo>, Error> {
        let mut found = Vec::with_capacity(names.len());
        for names in names.chunks(USERS_PER_REQUEST_MAX) {
            let users = self
                .client
                .call(FindUsers {
                    names: names.to_vec(),
                })
                .await?
                .0;
            self.client.cache_users(users.iter());
            found.extend(users);
        }
        Ok(found)
    }

    /// Returns the account with this id, from the cache if possible.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn get(self, id: UserId) -> Result<Option<UserInfo>, Error> {
        Ok(self.get_all(&[id]).await?.pop())
    }

    /// Returns the accounts with these ids, in the given order and without those that do not exist.
    /// Up to [`crate::limits::USERS_CACHED_MAX`] are cached; only the others are requested. With
    /// push, the cache follows [`crate::Update::User`]. To show users, see [`People::shown`].
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn get_all(self, ids: &[UserId]) -> Result<Vec<UserInfo>, Error> {
        let mut known: Vec<Option<UserInfo>> = {
            let state = self.client.shared().state.lock();
            ids.iter()
                .map(|&id| state.user_cache.get(id).cloned())
                .collect()
        };
        let unknown: Vec<usize> = (0..ids.len()).filter(|&at| known[at].is_none()).collect();
        for places in unknown.chunks(USERS_PER_REQUEST_MAX) {
            let asked: Vec<UserId> = places.iter().map(|&at| ids[at]).collect();
            let mut concurrent_events = self.client.events_during_request();
            let mut users = self.client.call(GetUsers { ids: asked }).await?.0;
            // An event that arrived during the request may be newer than the response.
            for event in concurrent_events.arrived() {
                if let Event::Update(Update::User(newer)) = event
                    && let Some(user) = users.iter_mut().find(|user| user.id == newer.id)
                {
                    *user = newer;
                }
            }
            self.client.cache_users(users.iter());
            for &at in places {
                known[at] = users.iter().find(|user| user.id == ids[at]).cloned();
            }
        }
        Ok(known.into_iter().flatten().collect())
    }

    /// Returns up to `limit` users whose names begin with `prefix`, ordered by name; both by
    /// their keys, [`UserName::folded`].
    ///
    /// # Errors
    /// [`Error::Refused`] with `TurnedOff` if the server does not permit searches, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn search(self, prefix: UserName, limit: usize) -> Result<Vec<UserInfo>, Error> {
        let (mut found, mut after) = (Vec::new(), None);
        while found.len() < limit {
            let request = SearchUsers {
                prefix: prefix.clone(),
                after,
            };
            let page = self.client.call(request).await?;
            if page.items.is_empty() && page.next_after.is_some() {
                return Err(Error::Protocol(
                    "an empty page of users before the last one",
                ));
            }
            self.client.cache_users(page.items.iter());
            found.extend(page.items);
            after = page.next_after;
            if after.is_none() {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Returns users' profiles, in the given order and without users that do not exist.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn profiles(self, users: &[UserId]) -> Result<Vec<UserProfile>, Error> {
        let mut all = Vec::with_capacity(users.len());
        for users in users.chunks(PROFILES_PER_REQUEST_MAX) {
            all.extend(
                self.client
                    .call(GetProfiles {
                        users: users.to_vec(),
                    })
                    .await?
                    .0,
            );
        }
        Ok(all)
    }
}

impl Client {
    pub(crate) fn cache_users<'a>(&self, users: impl Iterator<Item = &'a UserInfo>) {
        let mut state = self.shared().state.lock();
        users.for_each(|user| state.user_cache.insert(user.clone()));
    }
}
