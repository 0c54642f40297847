//! Receipts and unread marks of the model.

use cairn_core::api::actor::Actor;
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::limits::{MARKED_OWN_MAX, MARKED_UNREAD_MAX};
use cairn_proto::model::receipts::{Reads, Receipt, ReceiptCounts, ReceiptPage, ReceiptState};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::AccountUpdate;

use super::amend::check_is_message;
use super::{Member, Naive};

impl Naive {
    /// Returns whether a user sees the read cursor of another.
    pub(in crate::model) fn shows_reads(&self, id: ConversationId, to: UserId, of: UserId) -> bool {
        let hides = |user: UserId| self.users[&user].reads == Reads::Hidden;
        let is_group = self.conversations[&id].name.is_some();
        to == of
            || (self.setting("receipts") != Some("off")
                && !hides(to)
                && !hides(of)
                && (is_group || !self.facts.block_between(to, of)))
    }

    pub(in crate::model) fn receipts(
        &self,
        actor: Actor,
        id: ConversationId,
        msgid: MsgId,
        after: Option<UserId>,
    ) -> Result<ReceiptPage, ErrorCode> {
        let found = self.inside(actor.user, id)?;
        if self.setting("receipts") == Some("off") {
            return Err(ErrorCode::TurnedOff);
        }
        if found.has_expired(msgid) {
            return Err(ErrorCode::Expired);
        }
        let entry = found
            .above(found.floor_of(actor.user))
            .find(|&(at, _)| at == msgid)
            .map(|(_, entry)| entry);
        let entry = entry.ok_or(ErrorCode::NoSuchMessage)?;
        check_is_message(&entry.body)?;
        let state = |user: UserId, member: &Member| {
            let has = member.told >= msgid
                || member
                    .delivered
                    .values()
                    .any(|&delivered| delivered >= msgid);
            match has {
                true if member.told >= msgid && self.shows_reads(id, actor.user, user) => {
                    ReceiptState::Read
                }
                true => ReceiptState::Delivered,
                false => ReceiptState::Sent,
            }
        };
        let heard = found
            .members
            .iter()
            .filter(|&(&user, member)| user != entry.sender && member.joined <= msgid);
        let all: Vec<Receipt> = heard
            .map(|(&user, member)| Receipt {
                user,
                state: state(user, member),
            })
            .collect();
        let reached = |least: ReceiptState| {
            all.iter().filter(|receipt| receipt.state >= least).count() as u32
        };
        let counts = ReceiptCounts {
            of: reached(ReceiptState::Sent),
            delivered: reached(ReceiptState::Delivered),
            read: reached(ReceiptState::Read),
        };
        let items = all
            .into_iter()
            .filter(|receipt| Some(receipt.user) > after)
            .collect();
        Ok(ReceiptPage {
            items,
            counts: Some(counts),
            reads: self.users[&actor.user].reads,
            next_after: None,
        })
    }

    pub(in crate::model) fn set_own_reads(&mut self, actor: Actor, reads: Reads) {
        if std::mem::replace(&mut self.users.get_mut(&actor.user).unwrap().reads, reads) != reads {
            self.account_changed(actor.user, AccountUpdate::Reads(reads));
        }
    }

    pub(in crate::model) fn mark_unread(
        &mut self,
        actor: Actor,
        id: ConversationId,
        from: MsgId,
    ) -> Result<(), ErrorCode> {
        let found = self.inside(actor.user, id)?;
        let Member { read, told, .. } = found.members[&actor.user].clone();
        if found.has_expired(from) {
            return Err(ErrorCode::Expired);
        }
        if from <= found.floor_of(actor.user) || from > found.head() {
            return Err(ErrorCode::NoSuchMessage);
        }
        if from <= read {
            let passed = || found.above(from.prev()).filter(|&(msgid, _)| msgid <= told);
            let own = passed()
                .filter(|(_, entry)| entry.sender == actor.user)
                .count();
            if passed().count() as u64 > MARKED_UNREAD_MAX || own > MARKED_OWN_MAX {
                return Err(ErrorCode::TooFarBack);
            }
            let own = passed()
                .filter(|(_, entry)| entry.sender == actor.user)
                .map(|(msgid, _)| msgid)
                .collect();
            let member = self
                .conversations
                .get_mut(&id)
                .unwrap()
                .members
                .get_mut(&actor.user)
                .unwrap();
            (member.read, member.marked_own) = (from.prev(), own);
            let is_named = self.conversations[&id]
                .above(from.prev())
                .any(|(msgid, entry)| msgid <= told && entry.extras.names(actor.user));
            if is_named {
                self.changed(id, actor.user);
            }
        }
        self.moved_read(id, actor.user);
        Ok(())
    }
}
