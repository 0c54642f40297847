//! Typing indicators: sent by datagram to the sessions that focus the conversation, and never
//! stored.

use std::sync::Arc;

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::wire::codec;
use cairn_proto::wire::typing::ServerDatagram;
use hashbrown::HashMap;

use crate::hub::receipts::FocusedConversations;
use crate::limits;
use crate::session::Session;

/// The sessions that focus each conversation.
#[derive(Debug, Default)]
pub(crate) struct Viewers {
    of: HashMap<ConversationId, Vec<Arc<Session>>>,
    /// The same without the sessions, for the sequencer, which must not wait for the registry's
    /// lock.
    pub(crate) focused: FocusedConversations,
}

impl Viewers {
    /// Replaces the conversation that a session focuses.
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

    pub(crate) fn at(&self, conversation: ConversationId) -> &[Arc<Session>] {
        self.of.get(&conversation).map_or(&[], Vec::as_slice)
    }

    /// Ends these sessions' focus of a conversation.
    pub(crate) fn unfocus(&mut self, conversation: ConversationId, sessions: &[Arc<Session>]) {
        for session in sessions {
            let is_focused = *session.focus.lock() == Some(conversation);
            if is_focused {
                self.replace(session, None);
            }
        }
    }

    /// Sends a typing indicator to the other viewers of the conversation that the session focuses.
    /// A crowd gets none, since someone always types there.
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
            other.connection.send_datagram(datagram.clone());
        }
    }
}
