//! Presence of other users, the focused conversation, and typing indicators.

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::presence::{DeviceKind, PresentDevice, UserPresence};
use cairn_proto::wire::event::Update;
use cairn_proto::wire::request::session::{Focus, SetPresence, Watch};

use crate::api::client::Client;
use crate::error::Error;
use crate::stream::event::Event;

/// Presence and typing. These settings last until the client is closed: the client repeats them on
/// every new connection.
impl Client {
    /// Replaces the set of watched users, up to [`cairn_proto::limits::WATCHED_USERS_MAX`], and
    /// returns the presence of those whom the user may watch. [`crate::Event::Presence`] reports
    /// changes; without push there are none.
    ///
    /// A user may be watched if they share a conversation with this user, are a friend, or are
    /// followed, and neither has blocked the other. This is checked in each call and on each new
    /// connection. In between, only a block ends the watch.
    ///
    /// The events also report the initial presence, and after a reconnect the presence of everyone,
    /// with those who can no longer be watched as offline. They arrive in the order of the changes
    /// and take precedence over the result of this call.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn watch(&self, users: Vec<UserId>) -> Result<Vec<UserPresence>, Error> {
        let mut concurrent_events = self.events_during_request();
        let mut presences = self.call(Watch { users }).await?.0;
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

    /// Declares this device's kind and whether its user is idle, for those who watch the user. By
    /// default, a client with push is a device of unknown kind that is not idle. Unless `is_away`
    /// is set, the server marks the device as idle by itself after the time of its setting
    /// `away-after` without user activity, until the next activity.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn set_presence(&self, kind: DeviceKind, is_away: bool) -> Result<(), Error> {
        self.call(SetPresence {
            present: PresentDevice { kind, is_away },
        })
        .await
    }

    /// Sets the focused conversation, the one on screen. The client receives its
    /// [`crate::Event::Typing`] and [`crate::Event::Receipts`], and may send typing indicators
    /// there.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound` if the user is not a member, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn focus(&self, conversation: Option<ConversationId>) -> Result<(), Error> {
        self.call(Focus { conversation }).await
    }

    /// Shows a typing indicator to others who focus the same conversation. Call it on every key
    /// press; it is sent once per [`cairn_proto::limits::TYPING_INTERVAL`]. Returns at once, and
    /// drops the indicator if it cannot be sent now.
    pub fn typing(&self, conversation: ConversationId) {
        self.shared().typing.note(conversation);
    }
}
