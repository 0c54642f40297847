//! The downloads of a session, each of which ends with the membership that allows it.

use std::sync::Arc;

use cairn_proto::ids::ConversationId;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::session::Session;

#[derive(Debug, Default)]
pub(crate) struct Downloads(Mutex<Vec<(ConversationId, Arc<Notify>)>>);

/// A download of a session, until dropped.
#[derive(Debug)]
pub(crate) struct Downloading {
    session: Arc<Session>,
    revoked: Arc<Notify>,
}

impl Downloads {
    /// Ends the downloads from a conversation.
    pub(super) fn revoke(&self, conversation: ConversationId) {
        let downloads = self.0.lock();
        let of_conversation = downloads.iter().filter(|(from, _)| *from == conversation);
        of_conversation.for_each(|(_, revoked)| revoked.notify_one());
    }
}

impl Downloading {
    /// Registers a download, which must happen before its permission is checked: a membership that
    /// ends in between revokes it.
    #[must_use]
    pub(crate) fn start(session: Arc<Session>, from: ConversationId) -> Self {
        let revoked = Arc::new(Notify::new());
        session.downloads.0.lock().push((from, revoked.clone()));
        Self { session, revoked }
    }

    /// Waits until the membership ends.
    pub(crate) async fn revoked(&self) {
        self.revoked.notified().await;
    }
}

impl Drop for Downloading {
    fn drop(&mut self) {
        let mut downloads = self.session.downloads.0.lock();
        downloads.retain(|(_, revoked)| !Arc::ptr_eq(revoked, &self.revoked));
    }
}
