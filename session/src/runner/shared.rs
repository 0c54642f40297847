//! What the user interface and the session's thread share.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use cairn_client::Client;
use cairn_client::proto::ids::ConversationId;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::store::Condition;
use crate::{Failure, Model, Notice, Part};

/// Notices that wait for the user interface. Older ones are dropped.
const NOTICES_MAX: usize = 256;

/// What changed since the user interface last asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Parts of the view to draw again.
    pub parts: BTreeSet<Part>,
    /// Whether [`Session::condition`](super::Session::condition) changed.
    pub condition: bool,
    /// Notices and refused drafts wait.
    pub notices: bool,
}

impl Changes {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A draft that could not be sent, and is still the draft of its conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DraftRefused {
    /// Its conversation.
    pub conversation: ConversationId,
    /// Why.
    pub why: Failure,
}

#[derive(Debug)]
pub(crate) struct Shared {
    /// Locked while what the model changed becomes durable.
    pub(crate) model: Mutex<Model>,
    client: Mutex<Client>,
    changes: Mutex<Changes>,
    changed: Notify,
    notices: Mutex<VecDeque<Notice>>,
    refused: Mutex<Vec<DraftRefused>>,
    condition: Mutex<Arc<Condition>>,
}

impl Shared {
    pub(crate) fn new(model: Model, client: Client, condition: Condition) -> Self {
        Self {
            model: Mutex::new(model),
            client: Mutex::new(client),
            changes: Mutex::default(),
            changed: Notify::new(),
            notices: Mutex::default(),
            refused: Mutex::default(),
            condition: Mutex::new(Arc::new(condition)),
        }
    }

    pub(crate) fn client(&self) -> Client {
        self.client.lock().clone()
    }

    pub(crate) fn set_client(&self, client: Client) {
        *self.client.lock() = client;
    }

    pub(crate) fn dirty(&self, part: Part) {
        self.change(|changes| {
            changes.parts.insert(part);
        });
    }

    pub(crate) fn notify(&self, notice: Notice) {
        let mut notices = self.notices.lock();
        if notices.len() == NOTICES_MAX {
            notices.pop_front();
        }
        notices.push_back(notice);
        drop(notices);
        self.change(|changes| changes.notices = true);
    }

    pub(crate) fn refuse(&self, refused: DraftRefused) {
        self.refused.lock().push(refused);
        self.change(|changes| changes.notices = true);
    }

    pub(crate) fn set_condition(&self, condition: Condition) {
        *self.condition.lock() = Arc::new(condition);
        self.change(|changes| changes.condition = true);
    }

    pub(crate) fn condition(&self) -> Arc<Condition> {
        Arc::clone(&self.condition.lock())
    }

    pub(crate) fn take_notices(&self) -> Vec<Notice> {
        self.notices.lock().drain(..).collect()
    }

    pub(crate) fn take_refused(&self) -> Vec<DraftRefused> {
        std::mem::take(&mut self.refused.lock())
    }

    fn change(&self, change: impl FnOnce(&mut Changes)) {
        change(&mut self.changes.lock());
        self.changed.notify_one();
    }

    /// Waits until something changed since the last call.
    pub(crate) async fn changed(&self) -> Changes {
        loop {
            let changes = std::mem::take(&mut *self.changes.lock());
            if !changes.is_empty() {
                return changes;
            }
            self.changed.notified().await;
        }
    }
}
