//! A device: its profile, its session, and what its user wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use cairn_client::{Account, Backoff, Reconnect};
use cairn_session::{Aim, Command, Draft, DraftFile, SendState, Session, SessionOptions};
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
    pub(crate) drafts: BTreeMap<ConversationId, Draft>,
    /// The words of all edits. One that fails is a draft again, if there is no other one.
    edits: BTreeSet<String>,
    /// Edits after which nothing else was written in their conversations.
    pub(crate) last_edits: BTreeMap<ConversationId, (MsgId, String)>,
}

impl Device {
    pub(crate) fn new(number: u16, account: Account) -> Self {
        Self {
            number,
            account,
            dir: tempfile::tempdir().unwrap(),
            session: None,
            drafts: BTreeMap::new(),
            edits: BTreeSet::new(),
            last_edits: BTreeMap::new(),
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

    /// Creates a file to send, with bytes of its own.
    pub(crate) fn file(&self, name: String, bytes: usize) -> DraftFile {
        let path = self.dir.path().join(&name);
        let content = name.bytes().cycle().take(bytes);
        fs::write(&path, content.collect::<Vec<u8>>()).unwrap();
        DraftFile {
            path: Path::to_str(&path).unwrap().to_owned(),
            name,
            size_bytes: bytes as u64,
            as_file: false,
        }
    }

    /// Sends a draft, which takes that of its conversation. Returns whether it is sent.
    pub(crate) async fn send(&mut self, draft: Draft) -> bool {
        let id = draft.conversation;
        self.last_edits.remove(&id);
        if let Aim::Edit(msgid) = draft.aim {
            self.edits.insert(draft.words.clone());
            self.last_edits.insert(id, (msgid, draft.words.clone()));
        }
        self.perform(Command::Send(draft.clone())).await;
        let is_refused = self.session().model().draft(id) == Some(&draft);
        match is_refused {
            true => self.drafts.insert(id, draft),
            false => self.drafts.remove(&id),
        };
        !is_refused
    }

    pub(crate) async fn write(&mut self, draft: Draft) {
        let id = draft.conversation;
        self.last_edits.remove(&id);
        match draft.is_empty() {
            true => self.drafts.remove(&id),
            false => self.drafts.insert(id, draft.clone()),
        };
        self.perform(Command::Draft(draft)).await;
    }

    /// Returns whether a draft is the one that was written, or an edit that failed.
    pub(crate) fn has_written(&self, id: ConversationId, shown: Option<&Draft>) -> bool {
        let is_failed_edit =
            |shown: &Draft| matches!(shown.aim, Aim::Edit(_)) && self.edits.contains(&shown.words);
        match self.drafts.get(&id) {
            Some(written) => shown == Some(written),
            None => shown.is_none_or(is_failed_edit),
        }
    }

    /// Checks that nothing failed or is in doubt.
    pub(crate) fn check_outbox(&self) {
        for item in self.session().model().outbox() {
            let is_open = matches!(item.state, SendState::Unknown(_) | SendState::Failed(_));
            assert!(!is_open, "{}: {item:?}", self.name());
        }
    }
}
