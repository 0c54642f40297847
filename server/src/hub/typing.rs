//! Who types where: told by datagram to the sessions that look at the same conversation, and
//! forgotten.

use std::sync::Arc;

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::wire::codec;
use cairn_proto::wire::typing::ServerDatagram;
use hashbrown::HashMap;

use crate::hub::receipts::FocusedConversations;
use crate::limits;
use crate::session::Session;

/// Which sessions look at what.
#[derive(Debug, Default)]
pub(crate) struct Viewers {
    of: HashMap<ConversationId, Vec<Arc<Session>>>,
    /// The same without the sessions, for whoever must not wait.
    pub(crate) focused: FocusedConversations,
}

impl Viewers {
    /// The session looks at this from now on, and at nothing else.
    pub(crate) fn replace(&mut self, session: &Arc<Session>, conversation: Option<ConversationId>) {
        let before = std::mem::replace(&mut *session.focus.lock(), conversation);
        if let Some(viewers) = before.and_then(|before| self.of.get_mut(&before)) {
            viewers.retain(|other| !Arc::ptr_eq(other, session));
        }
        if let Some(before) = before.filter(|before| self.of.get(before).is_some_and(Vec::is_empty))
        {
            self.of.remove(&before);
            self.focused.set(before, false);
        }
        if let Some(conversation) = conversation {
            self.of
                .entry(conversation)
                .or_default()
                .push(session.clone());
            self.focused.set(conversation, true);
        }
    }

    /// Who looks at a conversation.
    pub(crate) fn at(&self, conversation: ConversationId) -> &[Arc<Session>] {
        self.of.get(&conversation).map_or(&[], Vec::as_slice)
    }

    /// These sessions look at this conversation no more, if they did.
    pub(crate) fn part(&mut self, conversation: ConversationId, sessions: &[Arc<Session>]) {
        for session in sessions {
            let looks = *session.focus.lock() == Some(conversation);
            if looks {
                self.replace(session, None);
            }
        }
    }

    /// Tells the others who look at what the session looks at. A crowd is not told: there is always
    /// somebody who types.
    pub(crate) fn notify(&self, conversation: ConversationId, session: &Session, user: UserId) {
        let viewers = self
            .of
            .get(&conversation)
            .filter(|_| *session.focus.lock() == Some(conversation));
        let Some(viewers) = viewers.filter(|viewers| viewers.len() <= limits::TYPING_VIEWERS_MAX)
        else {
            return;
        };
        let datagram = bytes::Bytes::from(codec::encode(&ServerDatagram::Typing {
            conversation,
            user,
        }));
        for other in viewers
            .iter()
            .filter(|other| other.actor().is_some_and(|actor| actor.user != user))
        {
            // Whoever cannot be told now is not told.
            let _ = other.connection.send_datagram(datagram.clone());
        }
    }
}
