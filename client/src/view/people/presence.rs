//! The presence of other users.

use cairn_proto::ids::UserId;
use cairn_proto::model::presence::UserPresence;
use cairn_proto::wire::event::Update;
use cairn_proto::wire::request::session::Watch;

use crate::error::Error;
use crate::stream::event::Event;
use crate::view::people::People;

impl People<'_> {
    /// Replaces the set of watched users, up to [`cairn_proto::limits::WATCHED_USERS_MAX`], and
    /// returns the presence of those whom the user may watch. [`crate::Update::Presence`] reports
    /// changes; without push there are none.
    ///
    /// A user may be watched if they share a conversation with this user, are a friend, or are
    /// followed, and neither has blocked the other. This is checked in each call and on each new
    /// connection. In between, only a block ends the watch.
    ///
    /// Lasts until the client is closed: the client repeats it on every new connection.
    ///
    /// The events also report the initial presence, and after a reconnect the presence of everyone,
    /// with those who can no longer be watched as offline. They arrive in the order of the changes
    /// and take precedence over the result of this call.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn watch(self, users: Vec<UserId>) -> Result<Vec<UserPresence>, Error> {
        let mut concurrent_events = self.client.events_during_request();
        let mut presences = self.client.call(Watch { users }).await?.0;
        // An event that arrived during the request may be newer than the response, so it takes
        // precedence. If it is older, a newer one is still to come.
        for event in concurrent_events.arrived() {
            if let Event::Update(Update::Presence(newer)) = event
                && let Some(presence) = presences
                    .iter_mut()
                    .find(|presence| presence.user == newer.user)
            {
                *presence = newer;
            }
        }
        Ok(presences)
    }
}
