//! Presence of other users, the focused conversation, and typing indicators.

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::presence::{DeviceKind, PresentDevice, UserPresence};
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;

use crate::api::client::{Client, ask};
use crate::error::Error;
use crate::stream::event::Event;

/// Presence and typing
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
}
