//! Requests whose effect ends with the connection. The client repeats them on every new one.

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::presence::PresentDevice;
use cairn_proto::wire::request::session::{Focus, SetPresence, Watch};
use cairn_proto::wire::request::{Request, SessionRequest};

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
            Request::Session(SessionRequest::Watch(Watch { users })) => {
                self.watched.clone_from(users);
            }
            Request::Session(SessionRequest::Focus(Focus { conversation })) => {
                self.focused = *conversation;
            }
            Request::Session(SessionRequest::SetPresence(SetPresence { present })) => {
                self.present = Some(*present);
            }
            _ => {}
        }
    }

    /// Returns the requests to repeat on a new connection.
    pub(crate) fn requests(&self) -> impl Iterator<Item = SessionRequest> {
        let present = self
            .present
            .map(|present| SessionRequest::SetPresence(SetPresence { present }));
        let watch = (!self.watched.is_empty()).then(|| {
            SessionRequest::Watch(Watch {
                users: self.watched.clone(),
            })
        });
        let focus = self.focused.map(|conversation| {
            SessionRequest::Focus(Focus {
                conversation: Some(conversation),
            })
        });
        [present, watch, focus].into_iter().flatten()
    }
}
