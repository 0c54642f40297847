//! Making changes: each is encoded into the open batch and applied in the same step.

use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::packed::pack_content;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};

use crate::api::batch::Batch;
use crate::api::change::{Appended, Change, Origin};
use crate::state::State;
use crate::state::send_stream::SendSlots;

/// An entry without a number.
pub(crate) struct NewEntry<'a> {
    pub(crate) sender: UserId,
    pub(crate) sent_at: Timestamp,
    pub(crate) origin: Origin,
    /// The encoded [`Body`], and the extras if there are any.
    pub(crate) content: &'a [u8],
}

impl State {
    /// Makes a change: adds it to the batch and applies it.
    pub(crate) fn make(&mut self, change: &Change, batch: &mut Batch) {
        // Always both, and in the order of the log: a replay must meet the changes in the order in
        // which memory did, and a change that is only applied is lost at the next start.
        batch.push(change);
        self.apply(change);
    }

    /// Appends an entry to a conversation's log and returns its number.
    pub(crate) fn append(
        &mut self,
        to: ConversationId,
        entry: NewEntry<'_>,
        batch: &mut Batch,
    ) -> MsgId {
        self.append_at(SendSlots::default(), to, entry, batch)
    }

    /// As [`State::append`], with the slots that are known.
    pub(crate) fn append_at(
        &mut self,
        slots: SendSlots,
        to: ConversationId,
        entry: NewEntry<'_>,
        batch: &mut Batch,
    ) -> MsgId {
        let head = self
            .conversations
            .get_at(slots.membership.conversation, &to)
            .map_or(MsgId::ZERO, |found| found.record.head);
        let NewEntry {
            sender,
            sent_at,
            origin,
            content,
        } = entry;
        let appended = Appended {
            conversation: to,
            msgid: head.next(),
            sender,
            sent_at,
            origin,
        };
        // The head moves in memory before the entry is durable, so that the next entry of the batch
        // gets the next number. Readers see neither until the batch is committed.
        batch.push_appended(appended, content);
        self.apply_appended(slots, &appended);
        appended.msgid
    }

    /// Appends a system entry.
    pub(crate) fn append_system(
        &mut self,
        to: ConversationId,
        sender: UserId,
        now: Timestamp,
        body: &Body,
        batch: &mut Batch,
    ) -> MsgId {
        self.append_system_with(to, sender, now, (body, &Extras::NONE), batch)
    }

    /// As [`State::append_system`], with extras.
    pub(crate) fn append_system_with(
        &mut self,
        to: ConversationId,
        sender: UserId,
        now: Timestamp,
        (body, extras): (&Body, &Extras),
        batch: &mut Batch,
    ) -> MsgId {
        let mut content = Vec::new();
        pack_content(body, extras, &mut content);
        let sent_at = self
            .conversations
            .get(&to)
            .map_or(now, |found| found.not_before_last(now));
        self.append(
            to,
            NewEntry {
                sender,
                sent_at,
                origin: Origin::System,
                content: &content,
            },
            batch,
        )
    }
}
