//! Who types where: told by datagram to the sessions that look at the same conversation, and
//! forgotten.

use std::sync::Arc;
use std::time::Instant;

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::limits::{DATAGRAM_BYTES_MAX, TYPING_INTERVAL};
use cairn_proto::wire::codec;
use cairn_proto::wire::typing::{ClientDatagram, ServerDatagram};
use hashbrown::HashMap;

use crate::Shared;
use crate::hub::Session;
use crate::hub::receipts::FocusedConversations;
use crate::limits;

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

/// Takes the datagrams of a session until its connection ends. One that cannot be read, or comes
/// too soon, is passed over.
pub(crate) async fn take_datagrams(shared: Arc<Shared>, session: Arc<Session>) {
    let mut last: Option<Instant> = None;
    while let Ok(datagram) = session.connection.read_datagram().await {
        let is_early = last.is_some_and(|last| last.elapsed() < TYPING_INTERVAL / 2);
        let Ok(ClientDatagram::Typing { conversation }) =
            codec::decode(&datagram, DATAGRAM_BYTES_MAX)
        else {
            continue;
        };
        shared.hub.record_activity(&session, Instant::now());
        if !is_early {
            last = Some(Instant::now());
            shared.hub.typing(&session, conversation);
        }
    }
}
