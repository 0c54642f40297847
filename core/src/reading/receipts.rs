//! Receipts: who has received and who has read a message, computed from cursors. They cost no
//! writes.
//!
//! A page loads at most [`limits::RECEIPT_CHUNKS_MAX`] rows, however large the conversation is.
//! Totals are only counted in small ones.

use std::ops::RangeInclusive;

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::limits::RECEIPTS_PER_PAGE_MAX;
use cairn_proto::model::receipts::{
    MemberCursors, Reads, Receipt, ReceiptCounts, ReceiptPage, ReceiptState,
};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::AccountUpdate;
use cairn_proto::wire::request::reading::{GetOwnReads, GetReceipts, SetOwnReads};

use crate::api::actor::Actor;
use crate::api::change::Change;
use crate::command::{Context, Handle};
use crate::limits;
use crate::messages::amend::check_is_message;
use crate::prefetch::Load;
use crate::reading::publish::publish_account;
use crate::record::{MemberChunk, UserRecord};
use crate::state::State;
use crate::state::conversation::Member;
use crate::state::settings::values::Switch;

/// The message that a page of receipts is about.
#[derive(Clone, Copy)]
struct ReceiptQuery {
    conversation: ConversationId,
    by: UserId,
    sender: UserId,
    msgid: MsgId,
}

impl Handle for GetReceipts {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.own_membership(self.conversation, actor.user, loads);
        state.relations_in(self.conversation, actor.user, loads);
        loads.extend(state.prefetch_receipts(self, actor.user));
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<ReceiptPage, ErrorCode> {
        let Context { actor, .. } = context;
        let Self {
            conversation,
            msgid,
            after,
        } = self;
        let (found, _) = state.membership(actor.user, conversation)?;
        if state.settings().receipts == Switch::Off {
            return Err(ErrorCode::TurnedOff);
        }
        let entry = state.message(actor, conversation, msgid)?;
        check_is_message(&entry.body)?;
        let query = ReceiptQuery {
            conversation,
            by: actor.user,
            sender: entry.sender,
            msgid,
        };
        let (mut items, mut next_after) = (Vec::new(), None);
        let mut counts = None;
        if found.is_counted() {
            let all: Vec<Receipt> = found
                .members_sorted()
                .into_iter()
                .filter_map(|(user, member)| state.receipt(query, user, member))
                .collect();
            let mut sum = ReceiptCounts::default();
            all.iter().for_each(|receipt| sum.add(receipt.state));
            counts = Some(sum);
            items.extend(
                all.into_iter()
                    .filter(|receipt| after.is_none_or(|after| receipt.user > after)),
            );
        } else {
            let chunks = window(after);
            let last = MemberChunk::new(*chunks.end())
                .users()
                .last()
                .filter(|&last| state.has_users_above(last));
            let users = chunks
                .map(MemberChunk::new)
                .flat_map(MemberChunk::users)
                .filter(|&user| after.is_none_or(|after| user > after));
            items.extend(
                users
                    .filter_map(|user| state.receipt(query, user, found.member(user)?))
                    .take(RECEIPTS_PER_PAGE_MAX + 1),
            );
            next_after = last;
        }
        if items.len() > RECEIPTS_PER_PAGE_MAX {
            items.truncate(RECEIPTS_PER_PAGE_MAX);
            next_after = items.last().map(|receipt| receipt.user);
        }
        Ok(ReceiptPage {
            items,
            counts,
            reads: state.reads(actor.user),
            next_after,
        })
    }
}

impl Handle for GetOwnReads {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<Reads, ErrorCode> {
        let Context { actor, .. } = context;
        Ok(state.reads(actor.user))
    }
}

impl Handle for SetOwnReads {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context { actor, batch, .. } = context;
        let Self { reads } = self;
        let record = &state
            .users
            .get(&actor.user)
            .ok_or(ErrorCode::AuthFailed)?
            .record;
        if record.reads != reads {
            let record = UserRecord {
                reads,
                ..record.clone()
            };
            state.make(&Change::User(actor.user, record), batch);
            publish_account(actor.user, AccountUpdate::Reads(reads), batch);
        }
        Ok(())
    }
}

impl State {
    pub(crate) fn prefetch_receipts(&self, receipts: &GetReceipts, by: UserId) -> Vec<Load> {
        let &GetReceipts {
            conversation,
            msgid,
            after,
        } = receipts;
        let Some(found) = self.conversation(conversation) else {
            return Vec::new();
        };
        let is_visible = found
            .member(by)
            .is_some_and(|member| found.shows(&member.record, msgid));
        if !is_visible || self.settings().receipts == Switch::Off {
            return Vec::new();
        }
        let is_known = self.entries.contains_key(&(conversation, msgid));
        let mut loads: Vec<Load> = (!is_known)
            .then_some(Load::Entry(conversation, msgid))
            .into_iter()
            .collect();
        if found.is_counted() {
            loads.extend((!found.knows_all()).then_some(Load::Members(conversation)));
        } else {
            let unknown = window(after)
                .map(MemberChunk::new)
                .filter(|&chunk| !found.knows_chunk(chunk))
                .filter_map(|chunk| chunk.users().last());
            loads.extend(unknown.map(|user| Load::Member(conversation, user)));
        }
        loads
    }

    fn receipt(&self, query: ReceiptQuery, user: UserId, member: &Member) -> Option<Receipt> {
        let ReceiptQuery {
            conversation,
            by,
            sender,
            msgid,
        } = query;
        // Later members were not addressed.
        if user == sender || member.record.joined > msgid {
            return None;
        }
        let state = match self.cursors_for(conversation, by, user, member) {
            MemberCursors { read, .. } if read >= msgid => ReceiptState::Read,
            MemberCursors { delivered, .. } if delivered >= msgid => ReceiptState::Delivered,
            _ => ReceiptState::Sent,
        };
        Some(Receipt { user, state })
    }

    /// A member's positions, as far as another user may see them.
    fn cursors_for(
        &self,
        conversation: ConversationId,
        by: UserId,
        user: UserId,
        member: &Member,
    ) -> MemberCursors {
        let shown_read = member.record.shown_read();
        let read = if self.shows_reads(conversation, by, user) {
            shown_read
        } else {
            MsgId::ZERO
        };
        MemberCursors {
            user,
            delivered: delivered(member),
            read,
        }
    }

    /// A member's positions for others who may see receipts. `None` if receipts are disabled.
    #[must_use]
    pub fn shown_cursors(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> Option<MemberCursors> {
        let member = self
            .conversation(conversation)?
            .member(user)
            .filter(|_| self.settings().receipts == Switch::On)?;
        let shown_read = member.record.shown_read();
        let read = if self.reads(user) == Reads::Shown {
            shown_read
        } else {
            MsgId::ZERO
        };
        Some(MemberCursors {
            user,
            delivered: delivered(member),
            read,
        })
    }

    /// Returns whether `to` may see what `of` has read. In a direct chat, a block hides it from
    /// both.
    pub(crate) fn shows_reads(&self, conversation: ConversationId, to: UserId, of: UserId) -> bool {
        let both_show_reads = [to, of]
            .iter()
            .all(|&user| self.reads(user) == Reads::Shown);
        let is_blocked = conversation.direct_users().is_some()
            && (self.relation(to, of).blocks || self.relation(of, to).blocks);
        to == of || (self.settings().receipts == Switch::On && both_show_reads && !is_blocked)
    }

    pub(crate) fn reads(&self, user: UserId) -> Reads {
        self.users
            .get(&user)
            .map_or(Reads::Shown, |user| user.record.reads)
    }
}

/// The furthest position of any device. Read implies delivered.
fn delivered(member: &Member) -> MsgId {
    member
        .delivered
        .iter()
        .map(|&(_, msgid)| msgid)
        .max()
        .unwrap_or_default()
        .max(member.record.shown_read())
}

/// The chunks that a page of a large conversation scans.
fn window(after: Option<UserId>) -> RangeInclusive<u32> {
    let first = after.map_or(0, |after| {
        MemberChunk::of(UserId::new(after.get().saturating_add(1))).get()
    });
    first..=first.saturating_add(limits::RECEIPT_CHUNKS_MAX - 1)
}
