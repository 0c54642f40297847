//! What the client asked for and the server holds for a connection: asked again on the next one, so
//! that whoever asked need not notice.

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::presence::PresentDevice;
use cairn_proto::wire::request::Request;

/// The subscriptions requests, each the latest of its kind that the server took.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    watched: Vec<UserId>,
    looks_at: Option<ConversationId>,
    present: Option<PresentDevice>,
}

impl Subscriptions {
    /// Notes a request that was taken, if it is one that holds for a connection.
    pub(crate) fn note(&mut self, request: &Request) {
        match request {
            Request::Watch { users } => self.watched.clone_from(users),
            Request::Focus { conversation } => self.looks_at = *conversation,
            Request::SetPresence(present) => self.present = Some(*present),
            _ => {}
        }
    }

    /// All of them, for a new connection.
    pub(crate) fn requests(&self) -> impl Iterator<Item = Request> {
        let watch = (!self.watched.is_empty()).then(|| Request::Watch {
            users: self.watched.clone(),
        });
        let look = self.looks_at.map(|conversation| Request::Focus {
            conversation: Some(conversation),
        });
        [self.present.map(Request::SetPresence), watch, look]
            .into_iter()
            .flatten()
    }
}
