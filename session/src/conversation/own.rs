//! What belongs to the user alone in a conversation: how far they have read, and their settings.

use cairn_client::proto::ids::MsgId;
use cairn_client::proto::model::conversation::Conversation as Summary;
use cairn_client::proto::model::group::MemberSettings;

use super::read_mark::ReadMark;

/// The user's own state in a conversation, the same on all of their devices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Own {
    read_mark: ReadMark,
    settings: MemberSettings,
    /// The head of the log when the settings were current.
    settings_as_of: MsgId,
    /// The last entry that is or was a message, of any sender.
    last_message: MsgId,
}

impl Own {
    pub(crate) const fn new(summary: &Summary) -> Self {
        Self {
            read_mark: ReadMark::new(summary.read, summary.head),
            settings: summary.settings,
            settings_as_of: summary.head,
            last_message: MsgId::ZERO,
        }
    }

    /// Applies an event or an overview.
    pub(crate) fn apply(&mut self, summary: &Summary) {
        self.set_read(summary.read, summary.head);
        self.settings = summary.settings;
        self.settings_as_of = summary.head;
    }

    /// Notes that an overview lists the conversation.
    pub(crate) const fn list(&mut self, summary: &Summary) {
        self.read_mark.list(summary.read, summary.head);
    }

    pub(crate) fn revert_to_listed(&mut self) {
        self.read_mark.revert_to_listed();
    }

    /// The read cursor, and the head, in the last overview that listed the conversation.
    pub(crate) const fn listed(&self) -> (MsgId, MsgId) {
        self.read_mark.listed()
    }

    pub(crate) const fn set_listed(&mut self, (read, head): (MsgId, MsgId)) {
        self.read_mark.list(read, head);
    }

    pub(crate) fn set_read(&mut self, read: MsgId, head: MsgId) {
        self.read_mark.set(read, head);
    }

    pub(crate) const fn read(&self) -> MsgId {
        self.read_mark.get()
    }

    /// Notes a message in the log.
    pub(crate) fn note_message(&mut self, msgid: MsgId, is_mine: bool) {
        self.last_message = self.last_message.max(msgid);
        if is_mine {
            self.read_mark.sent(msgid);
        }
    }

    /// The settings. A hidden conversation shows again with the next message.
    pub(crate) fn settings(&self) -> MemberSettings {
        MemberSettings {
            hidden: self.settings.hidden && self.last_message <= self.settings_as_of,
            ..self.settings
        }
    }
}
