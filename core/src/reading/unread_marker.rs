//! Marking as unread: the only way a read cursor goes back. Receipts that others saw stay.

use std::collections::BTreeSet;

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::limits::{MARKED_OWN_MAX, MARKED_UNREAD_MAX};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::reading::MarkUnread;

use crate::api::actor::Actor;
use crate::api::change::Change;
use crate::command::{Context, Handle};
use crate::prefetch::Load;
use crate::record::{MemberRecord, UnreadMarker};
use crate::state::State;
use crate::state::conversation::Conversation;
use crate::state::table::Slot;

impl Handle for MarkUnread {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.marked(self.conversation, self.from, actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context { actor, batch, .. } = context;
        let Self { conversation, from } = self;
        let (found, member) = state.membership(actor.user, conversation)?;
        let Some(shown_read) = found.markable(&member.record, from)? else {
            // The device took it for read: what was said before the user joined never is unread.
            state.publish_read(conversation, actor.user, batch);
            return Ok(());
        };
        let read = from.prev();
        let is_own = |msgid: &MsgId| {
            state
                .entries
                .get(&(conversation, *msgid))
                .is_some_and(|entry| entry.sender == actor.user)
        };
        let own: BTreeSet<MsgId> = (from.get()..=shown_read.get())
            .map(MsgId::new)
            .filter(is_own)
            .collect();
        if own.len() > MARKED_OWN_MAX {
            return Err(ErrorCode::TooFarBack);
        }
        let user = actor.user;
        let names_user = |msgid| {
            let entry = state.entries.get(&(conversation, MsgId::new(msgid)));
            entry.is_some_and(|entry| entry.extras.names(user))
        };
        let is_named = (from.get()..=shown_read.get()).any(names_user);
        let marker = Box::new(UnreadMarker::new(shown_read, &own));
        state.make(
            &Change::MarkedUnread {
                conversation,
                user,
                read,
                marker,
            },
            batch,
        );
        if is_named {
            // Not all of these mentions may count, and only the server knows which do.
            state.publish_changed(conversation, user, batch);
        }
        state.publish_read(conversation, user, batch);
        Ok(())
    }
}

impl Conversation {
    /// The member's own messages above `base`. There are none unless the member marked messages as
    /// unread, because sending moves the read cursor.
    pub(crate) fn own_above(&self, member: &MemberRecord, base: MsgId) -> u64 {
        self.counted_own(member, base).count() as u64
    }

    /// How many of those mention a user.
    pub(crate) fn own_mentions_above(
        &self,
        member: &MemberRecord,
        user: UserId,
        base: MsgId,
    ) -> u64 {
        let sets = || {
            [user, UserId::SERVER]
                .into_iter()
                .filter_map(|of| self.mentions.get(&of))
        };
        self.counted_own(member, base)
            .map(|msgid| sets().filter(|set| set.contains(msgid)).count() as u64 % 2)
            .sum()
    }

    fn counted_own(&self, member: &MemberRecord, base: MsgId) -> impl Iterator<Item = MsgId> {
        let own = member.marker.iter().flat_map(|marker| marker.own());
        own.filter(move |&msgid| msgid > base && !self.uncounted.contains(msgid))
    }

    /// The end of the range that becomes unread, starting at `from`; `None` if it is unread
    /// already.
    pub(crate) fn markable(
        &self,
        member: &MemberRecord,
        from: MsgId,
    ) -> Result<Option<MsgId>, ErrorCode> {
        self.check_unexpired(from)?;
        if !self.shows(member, from) {
            return Err(ErrorCode::NoSuchMessage);
        }
        if from > member.read {
            return Ok(None);
        }
        let shown_read = member.shown_read();
        if shown_read.above(from.prev()) > MARKED_UNREAD_MAX {
            Err(ErrorCode::TooFarBack)
        } else {
            Ok(Some(shown_read))
        }
    }

    /// Raises the read cursor of a member, whose slot may be known. Reaching the marker ends it.
    pub(crate) fn raise_read(&mut self, slot: Option<Slot>, user: UserId, msgid: MsgId) {
        let Some(member) = self.members.get_mut_at(slot, &user) else {
            return;
        };
        let record = &mut member.record;
        let is_over = record
            .marker
            .as_ref()
            .is_some_and(|marker| msgid >= marker.shown_read);
        if is_over {
            record.marker = None;
        }
        if msgid > record.read || is_over {
            record.read = msgid.max(record.read);
            self.note_member(user);
        }
    }
}

impl State {
    pub(crate) fn apply_marked_unread(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        read: MsgId,
        marker: &UnreadMarker,
    ) {
        let Some(found) = self.touch(conversation) else {
            return;
        };
        if let Some(member) = found.members.get_mut(&user) {
            member.record.read = read;
            member.record.marker = Some(Box::new(marker.clone()));
            found.note_member(user);
        }
    }
}
