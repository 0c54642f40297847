//! A device: its profile, its session, and what its user wrote.

use std::collections::BTreeMap;
use std::time::Duration;

use cairn_client::proto::ids::{ConversationId, UserId};
use cairn_client::{Account, Backoff, Reconnect};
use cairn_session::{Command, Draft, Session, SessionOptions};
use cairn_testing::Server;
use tempfile::TempDir;

/// Entries that a window holds: few, so that windows evict and read again.
const ENTRIES_MAX: usize = 40;

pub(crate) struct Device {
    number: u16,
    pub(crate) account: Account,
    dir: TempDir,
    session: Option<Session>,
    /// What was written and not sent.
    pub(crate) drafts: BTreeMap<ConversationId, String>,
}

impl Device {
    pub(crate) fn new(number: u16, account: Account) -> Self {
        Self {
            number,
            account,
            dir: tempfile::tempdir().unwrap(),
            session: None,
            drafts: BTreeMap::new(),
        }
    }

    pub(crate) fn name(&self) -> String {
        format!("device {} of {}", self.number, self.account.name)
    }

    pub(crate) const fn user(&self) -> UserId {
        self.account.user
    }

    pub(crate) fn session(&self) -> &Session {
        self.session.as_ref().unwrap()
    }

    pub(crate) fn open(&mut self, server: &Server) {
        let backoff = Backoff {
            base: Duration::from_millis(5),
            cap: Duration::from_millis(50),
        };
        let client = server.client_at(self.number);
        let options = SessionOptions {
            client: client.reconnect(Reconnect::Forever(backoff)),
            window_entries_max: ENTRIES_MAX,
            ..SessionOptions::kept_in(self.dir.path())
        };
        self.session = Some(Session::open(&self.account, options).unwrap());
    }

    pub(crate) async fn close(&mut self) {
        if let Some(session) = self.session.take() {
            session.close().await;
        }
    }

    pub(crate) fn disconnect(&self, server: &Server) {
        server.disconnect(self.number);
    }

    pub(crate) async fn perform(&self, command: Command) {
        self.session().perform(command).await;
    }

    /// Sends a draft, which takes that of its conversation. Returns whether it is in the outbox.
    pub(crate) async fn send(&mut self, draft: Draft) -> bool {
        let (conversation, words) = (draft.conversation, draft.words.clone());
        let _ = self.session().take_refused();
        self.perform(Command::Send(draft)).await;
        let refused = self.session().take_refused();
        let is_refused = refused
            .iter()
            .any(|refused| refused.conversation == conversation);
        match is_refused {
            true => self.drafts.insert(conversation, words),
            false => self.drafts.remove(&conversation),
        };
        !is_refused
    }

    pub(crate) async fn write(&mut self, draft: Draft) {
        match draft.is_empty() {
            true => self.drafts.remove(&draft.conversation),
            false => self.drafts.insert(draft.conversation, draft.words.clone()),
        };
        self.perform(Command::Draft(draft)).await;
    }
}
