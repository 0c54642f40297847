//! Steps in which something is written.

use std::time::Duration;

use cairn_client::proto::ids::ConversationId;
use cairn_session::{Aim, Command, Draft, DraftFile, Place};
use tokio::time::timeout;

use crate::script::World;

/// Bytes of a file whose upload is interrupted: several steps of the upload.
const LONG_BYTES: usize = 1_200_000;

impl World {
    fn words(&mut self) -> String {
        self.count += 1;
        let name = match self.random.below(8) {
            0 => " @ada",
            1 => " @bob",
            _ => "",
        };
        format!("message {}{name}", self.count)
    }

    fn file(&mut self, device: usize, bytes: usize) -> DraftFile {
        self.count += 1;
        self.devices[device].file(format!("file-{}.bin", self.count), bytes)
    }

    /// Up to two files.
    fn files(&mut self, device: usize) -> Vec<DraftFile> {
        let count = 1 + self.random.below(2);
        let mut files = Vec::new();
        for _ in 0..count {
            let bytes = 1 + self.random.index(100_000);
            files.push(self.file(device, bytes));
        }
        files
    }

    pub(crate) async fn send(&mut self, device: usize, id: ConversationId) {
        let words = self.words();
        let draft = Draft {
            words,
            ..Draft::new(id)
        };
        self.send_draft(device, draft).await;
    }

    async fn send_draft(&mut self, device: usize, draft: Draft) {
        let device = &mut self.devices[device];
        let id = draft.conversation;
        if device.session().model().conversation(id).is_none() {
            // A direct chat begins by being opened; a group is not known yet.
            let at = Place::End;
            let conversation = id;
            device.perform(Command::Open { conversation, at }).await;
        }
        if device.send(draft.clone()).await {
            self.written.sent(device.user(), &draft);
        }
    }

    pub(crate) async fn reply(&mut self, device: usize, id: ConversationId) {
        let Some(msgid) = self.message(device, id) else {
            return;
        };
        let draft = Draft {
            words: self.words(),
            aim: Aim::Reply(msgid),
            ..Draft::new(id)
        };
        self.send_draft(device, draft).await;
    }

    pub(crate) async fn edit(&mut self, device: usize, id: ConversationId) {
        let Some(msgid) = self.own(device, id) else {
            return;
        };
        let draft = Draft {
            words: self.words(),
            aim: Aim::Edit(msgid),
            ..Draft::new(id)
        };
        if self.random.below(2) == 0 {
            self.devices[device].write(draft.clone()).await;
        }
        self.send_draft(device, draft).await;
    }

    /// Writes a draft, or removes it.
    pub(crate) async fn write(&mut self, device: usize, id: ConversationId) {
        let mut draft = Draft::new(id);
        if self.random.below(4) > 0 {
            draft.words = self.words();
        }
        let target = self.message(device, id);
        match (self.random.below(4), target) {
            (0, Some(msgid)) => draft.aim = Aim::Reply(msgid),
            (1, _) => draft.files = self.files(device),
            _ => {}
        }
        self.devices[device].write(draft).await;
    }

    pub(crate) async fn send_files(&mut self, device: usize, id: ConversationId) {
        let words = match self.random.below(2) {
            0 => String::new(),
            _ => self.words(),
        };
        let mut draft = Draft {
            words,
            files: self.files(device),
            ..Draft::new(id)
        };
        let target = self.message(device, id);
        if let Some(msgid) = target.filter(|_| self.random.below(3) == 0) {
            draft.aim = Aim::Reply(msgid);
        }
        self.send_draft(device, draft).await;
    }

    /// Sends a file, and breaks its upload at some moment: the connection, the server, the program,
    /// or two of them.
    pub(crate) async fn break_upload(&mut self, device: usize, id: ConversationId) {
        let draft = Draft {
            files: vec![self.file(device, LONG_BYTES)],
            ..Draft::new(id)
        };
        self.send_draft(device, draft).await;
        for _ in 0..self.random.below(6) {
            let session = self.devices[device].session();
            let pause = Duration::from_millis(self.random.below(30));
            let _ = timeout(pause, session.changed()).await;
        }
        let how = self.random.below(5);
        if how <= 1 {
            self.devices[device].disconnect(&self.server);
        }
        if matches!(how, 2 | 3) && self.is_serving {
            self.server.stop().await;
            self.is_serving = false;
        }
        if matches!(how, 1 | 3 | 4) {
            self.devices[device].close().await;
            self.devices[device].open(&self.server);
        }
        if self.random.below(2) == 0 {
            self.serve().await;
        }
    }
}
