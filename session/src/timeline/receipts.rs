//! How far own messages got, from the cursors of the other members.

use std::collections::BTreeMap;

use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use cairn_client::proto::model::receipts::{MemberCursors, Receipt, ReceiptState};

use crate::conversation::Details;
use crate::limits::RECEIPT_MEMBERS_MAX;
use crate::outbox::SendState;

/// Cursors of other members, as far as they are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cursors(BTreeMap<UserId, (MsgId, MsgId)>);

impl Cursors {
    pub(crate) fn raise(&mut self, cursors: &MemberCursors) {
        if self.0.len() >= RECEIPT_MEMBERS_MAX && !self.0.contains_key(&cursors.user) {
            return;
        }
        let (delivered, read) = self.0.entry(cursors.user).or_default();
        *read = (*read).max(cursors.read);
        *delivered = (*delivered).max(cursors.delivered).max(*read);
    }

    pub(crate) fn receipt(&mut self, msgid: MsgId, receipt: Receipt) {
        let up_to = |is_reached| if is_reached { msgid } else { MsgId::ZERO };
        self.raise(&MemberCursors {
            user: receipt.user,
            delivered: up_to(receipt.state >= ReceiptState::Delivered),
            read: up_to(receipt.state == ReceiptState::Read),
        });
    }
}

/// Sorted cursors, to count those above a message quickly.
pub(super) struct Counter {
    joined: Vec<MsgId>,
    delivered: Vec<MsgId>,
    read: Vec<MsgId>,
}

impl Counter {
    /// Counts nothing where the members are unknown or too many.
    pub(super) fn new(
        me: UserId,
        conversation: ConversationId,
        details: Option<&Details>,
        cursors: &Cursors,
    ) -> Self {
        let others: Vec<(UserId, MsgId)> = match (conversation.direct_users(), details) {
            (Some((low, high)), _) => {
                let peer = if low == me { high } else { low };
                vec![(peer, MsgId::ZERO)]
            }
            (None, Some(details)) if details.members.len() <= RECEIPT_MEMBERS_MAX => {
                let members = details.members.iter().filter(|(user, _)| **user != me);
                members
                    .map(|(&user, member)| (user, member.joined))
                    .collect()
            }
            _ => Vec::new(),
        };
        let of = |user: &UserId| cursors.0.get(user).copied().unwrap_or_default();
        let sorted = |cursor: &dyn Fn(&(UserId, MsgId)) -> MsgId| {
            let mut cursors: Vec<MsgId> = others.iter().map(cursor).collect();
            cursors.sort_unstable();
            cursors
        };
        Self {
            joined: sorted(&|(_, joined)| *joined),
            delivered: sorted(&|(user, _)| of(user).0),
            read: sorted(&|(user, _)| of(user).1),
        }
    }

    pub(super) fn state(&self, msgid: MsgId) -> SendState {
        let reached = |cursors: &[MsgId]| {
            let below = cursors.partition_point(|cursor| *cursor < msgid);
            cursors.len() - below
        };
        let of = self.joined.partition_point(|joined| *joined <= msgid);
        let number = |count: usize| u32::try_from(count.min(of)).unwrap_or(u32::MAX);
        let (delivered, read) = (reached(&self.delivered), reached(&self.read));
        match (number(read), number(delivered), number(of)) {
            (0, 0, _) => SendState::Stored(msgid),
            (0, by, of) => SendState::Delivered { by, of },
            (by, _, of) => SendState::Read { by, of },
        }
    }
}
