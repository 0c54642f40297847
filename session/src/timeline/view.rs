//! What a window shows.

use std::sync::Arc;

use cairn_client::proto::ids::{ConversationId, MsgId, UserId};

use super::row::{Row, RowKey};
use super::window::{Anchor, DateJump};
use crate::outbox::LocalId;

/// A window, as it is to be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowView {
    /// The conversation.
    pub conversation: ConversationId,
    /// The rows, from the oldest.
    pub rows: Arc<[Row]>,
    /// The last entry of the log.
    pub head: MsgId,
    /// Entries up to this one do not exist for the user.
    pub floor: MsgId,
    /// Whether the newest entry is held.
    pub is_at_end: bool,
    /// Where the window was last to be scrolled. Its row may not be held yet.
    pub anchor: Anchor,
    /// A jump to a date.
    pub date_jump: DateJump,
    /// Whether there is a place to go back to.
    pub can_go_back: bool,
    /// Whether entries are being read for this window.
    pub is_loading: bool,
    /// Who is typing.
    pub typing: Vec<UserId>,
    /// Own messages whose rows moved into the log.
    pub(crate) sent_rows: Vec<(LocalId, MsgId)>,
}

impl WindowView {
    /// Returns the index of a row. If its entry has no row of its own, or was evicted, returns the
    /// row after it.
    #[must_use]
    pub fn find(&self, key: RowKey) -> Option<usize> {
        let wanted = match self.resolve(key) {
            RowKey::Entry(msgid) | RowKey::Gap(msgid) => msgid,
            key => return self.rows.iter().position(|row| row.key == key),
        };
        let is_after = |row: &Row| match &row.what {
            super::What::Gap { to, .. } => *to >= wanted,
            super::What::Mine(_) => true,
            _ => matches!(row.key, RowKey::Entry(msgid) if msgid >= wanted),
        };
        self.rows.iter().position(is_after)
    }

    /// Returns the present key of a row, which changes once: when an own message is in the log.
    #[must_use]
    pub fn resolve(&self, key: RowKey) -> RowKey {
        let RowKey::Mine(id) = key else {
            return key;
        };
        let sent = self.sent_rows.iter().find(|(sent, _)| *sent == id);
        sent.map_or(key, |(_, msgid)| RowKey::Entry(*msgid))
    }
}
