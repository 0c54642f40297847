//! Requests whose effect ends with the connection. The client repeats them on every new one.

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::presence::PresentDevice;
use cairn_proto::wire::request::Request;

/// The latest successful request of each such kind.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    watched: Vec<UserId>,
    focused: Option<ConversationId>,
    present: Option<PresentDevice>,
}

impl Subscriptions {
    /// Records a successful request, if it is of such a kind.
    pub(crate) fn note(&mut self, request: &Request) {
        match request {
            Request::Watch { users } => self.watched.clone_from(users),
            Request::Focus { conversation } => self.focused = *conversation,
            Request::SetPresence(present) => self.present = Some(*present),
            _ => {}
        }
    }

    /// Returns the requests to repeat on a new connection.
    pub(crate) fn requests(&self) -> impl Iterator<Item = Request> {
        let watch = (!self.watched.is_empty()).then(|| Request::Watch {
            users: self.watched.clone(),
        });
        let focus = self.focused.map(|conversation| Request::Focus {
            conversation: Some(conversation),
        });
        [self.present.map(Request::SetPresence), watch, focus]
            .into_iter()
            .flatten()
    }
}
