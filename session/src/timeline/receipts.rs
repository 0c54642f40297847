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

/// How many of some ranges of a log contain a message.
struct Ranges {
    first: Vec<MsgId>,
    last: Vec<MsgId>,
}

impl Ranges {
    fn new(ranges: impl Iterator<Item = (MsgId, MsgId)>) -> Self {
        let (mut first, mut last): (Vec<_>, Vec<_>) =
            ranges.filter(|(first, last)| first <= last).unzip();
        first.sort_unstable();
        last.sort_unstable();
        Self { first, last }
    }

    fn containing(&self, msgid: MsgId) -> u32 {
        let begun = self.first.partition_point(|first| *first <= msgid);
        let ended = self.last.partition_point(|last| *last < msgid);
        u32::try_from(begun - ended).unwrap_or(u32::MAX)
    }
}

/// Counts the members whom a message reached, among those who were there when it was sent.
pub(super) struct Counter {
    members: Ranges,
    delivered: Ranges,
    read: Ranges,
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
        let until = |cursor: &dyn Fn(&UserId) -> MsgId| {
            Ranges::new(others.iter().map(|(user, joined)| (*joined, cursor(user))))
        };
        Self {
            members: until(&|_| MsgId::new(u64::MAX)),
            delivered: until(&|user| of(user).0),
            read: until(&|user| of(user).1),
        }
    }

    pub(super) fn state(&self, msgid: MsgId) -> SendState {
        let of = self.members.containing(msgid);
        let delivered = self.delivered.containing(msgid);
        match (self.read.containing(msgid), delivered) {
            (0, 0) => SendState::Stored(msgid),
            (0, by) => SendState::Delivered { by, of },
            (by, _) => SendState::Read { by, of },
        }
    }
}
