//! How far the user has read a conversation.

use cairn_client::proto::ids::MsgId;

/// The user's read cursor, the same on all of their devices.
///
/// Two things move it, and they arrive on different streams: an explicit move, which names the head
/// of the log at that time, and the user's own messages in the log. The head decides which of the
/// two came last.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadMark {
    read: MsgId,
    /// The head of the log at the last explicit move.
    as_of: MsgId,
    last_sent: MsgId,
    /// Cursor and head in the last overview.
    listed: (MsgId, MsgId),
}

impl ReadMark {
    pub(super) const fn new(read: MsgId, head: MsgId) -> Self {
        Self {
            read,
            as_of: head,
            last_sent: MsgId::ZERO,
            listed: (read, head),
        }
    }

    pub(super) const fn get(&self) -> MsgId {
        self.read
    }

    /// The cursor was set to `read` when the log ended at `head`.
    pub(super) fn set(&mut self, read: MsgId, head: MsgId) {
        let is_overtaken = self.last_sent > head;
        self.read = if is_overtaken {
            self.last_sent.max(read)
        } else {
            read
        };
        self.as_of = head;
    }

    /// The user sent message `msgid`.
    pub(super) fn sent(&mut self, msgid: MsgId) {
        self.last_sent = self.last_sent.max(msgid);
        if msgid > self.as_of {
            self.read = self.read.max(msgid);
        }
    }

    /// An overview lists the conversation with this cursor.
    pub(super) const fn list(&mut self, read: MsgId, head: MsgId) {
        self.listed = (read, head);
    }

    pub(super) const fn listed(&self) -> (MsgId, MsgId) {
        self.listed
    }

    /// A later overview says that nothing changed: the cursor is where the last one had it. A
    /// server that was killed may have lost moves that it published in its last moments.
    pub(super) fn revert_to_listed(&mut self) {
        let (read, head) = self.listed;
        self.set(read, head);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(msgid: u64) -> MsgId {
        MsgId::new(msgid)
    }

    #[test]
    fn own_messages_move_the_cursor() {
        let mut mark = ReadMark::new(id(2), id(4));
        mark.sent(id(3));
        assert_eq!(mark.get(), id(2), "the explicit move came after it");
        mark.sent(id(5));
        assert_eq!(mark.get(), id(5));
    }

    #[test]
    fn late_move_does_not_undo_own_messages() {
        let mut mark = ReadMark::new(id(0), id(0));
        mark.sent(id(6));
        mark.set(id(2), id(5));
        assert_eq!(mark.get(), id(6));
        mark.set(id(2), id(6));
        assert_eq!(mark.get(), id(2), "marked as unread after it was sent");
    }

    #[test]
    fn lost_moves_are_reverted() {
        let mut mark = ReadMark::new(id(1), id(5));
        mark.set(id(4), id(5));
        mark.revert_to_listed();
        assert_eq!(mark.get(), id(1));
    }
}
