//! Rows of the support desk: what they refer to must exist.

use std::collections::{BTreeMap, BTreeSet};

use cairn_core::record::{
    AgentRecord, AskerRecord, DeskKeyRecord, InquiryRecord, QueueHours, QueueRecord, StoredVisitor,
};
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::model::desk::Canned;

use super::{Check, DoctorError, wrong};
use crate::trees::{RowKey, Tree, parse};

impl Check<'_> {
    pub(super) fn desk(
        &mut self,
        heads: &BTreeMap<ConversationId, MsgId>,
        users: &BTreeSet<UserId>,
    ) -> Result<(), DoctorError> {
        let mut queues = BTreeSet::new();
        self.each(
            Tree::Queues,
            |_, key, _: QueueRecord| match parse::conversation(key.bytes())
                .filter(|id| heads.contains_key(id))
            {
                Some(id) => {
                    queues.insert(id);
                    Ok(())
                }
                None => Err(wrong(key, "there is no log of the queue")),
            },
        )?;
        self.each(
            Tree::QueueHours,
            |_, key, _: QueueHours| match parse::conversation(key.bytes())
                .is_some_and(|id| queues.contains(&id))
            {
                true => Ok(()),
                false => Err(wrong(key, "there is no such queue")),
            },
        )?;
        let mut agents = BTreeSet::new();
        self.each(Tree::Agents, |_, key, record: AgentRecord| {
            let user = parse::user(key.bytes()).filter(|user| users.contains(user));
            let Some(user) = user else {
                return Err(wrong(key, "there is no such user"));
            };
            agents.insert(user);
            let mut served = record.config.queues.iter().map(|served| served.queue);
            match served.all(|id| queues.contains(&id)) {
                true => Ok(()),
                false => Err(wrong(key, "an agent serves a queue that does not exist")),
            }
        })?;
        self.each(Tree::Inquiries, |check, key, record: InquiryRecord| {
            let id = parse::conversation(key.bytes()).filter(|id| heads.contains_key(id));
            let Some(id) = id else {
                return Err(wrong(key, "there is no log of the inquiry"));
            };
            let is_open = record.state.is_open() || record.is_erased;
            let is_listed = check.trees.get(&RowKey::open_inquiry(id))?.is_some();
            if is_open != is_listed {
                return Err(wrong(key, "it is open but not listed, or the reverse"));
            }
            let closed = record.closed_place(id);
            let is_closed_listed = match closed {
                Some(place) => {
                    let key = RowKey::closed_inquiry(record.queue, place);
                    check.trees.get(&key)?.is_some()
                }
                None => true,
            };
            if !is_closed_listed {
                return Err(wrong(key, "it is closed, and not among the closed ones"));
            }
            if record.state.is_open() && !queues.contains(&record.queue) {
                return Err(wrong(key, "it is open in a queue that does not exist"));
            }
            match record.state.agent() {
                Some(agent) if !agents.contains(&agent) => {
                    Err(wrong(key, format!("user {agent} has it, who is no agent")))
                }
                _ => Ok(()),
            }
        })?;
        self.listed_inquiries()?;
        self.each(
            Tree::Askers,
            |_, key, _: AskerRecord| match parse::conversation(key.bytes())
                .is_some_and(|id| heads.contains_key(&id))
            {
                true => Ok(()),
                false => Err(wrong(key, "there is no such inquiry")),
            },
        )?;
        self.each(Tree::Visitors, |_, key, stored: StoredVisitor| match stored
            .record
            .inquiries
            .iter()
            .all(|id| heads.contains_key(id))
        {
            true => Ok(()),
            false => Err(wrong(key, "a visitor has an inquiry that does not exist")),
        })?;
        self.each(Tree::DeskKeys, |_, _, _: DeskKeyRecord| Ok(()))?;
        self.each(Tree::Canned, |_, _, _: Canned| Ok(()))
    }

    /// The lists of open and of closed inquiries refer to inquiries.
    fn listed_inquiries(&mut self) -> Result<(), DoctorError> {
        self.each(Tree::OpenInquiries, |check, key, (): ()| {
            let id = parse::conversation(key.bytes());
            match id
                .map(|id| check.trees.get(&RowKey::inquiry(id)))
                .transpose()?
            {
                Some(Some(_)) => Ok(()),
                _ => Err(wrong(key, "there is no such inquiry")),
            }
        })?;
        self.each(Tree::ClosedInquiries, |check, key, (): ()| {
            let listed = parse::closed_inquiry(key.bytes());
            let stored = listed.map(|(_, place)| {
                let key = RowKey::inquiry(place.conversation);
                check.trees.read::<InquiryRecord>(&key)
            });
            let stored = stored.transpose()?.flatten();
            let found = listed.zip(stored).filter(|((queue, place), record)| {
                record.queue == *queue && record.closed_place(place.conversation) == Some(*place)
            });
            match found {
                Some(_) => Ok(()),
                None => Err(wrong(key, "no inquiry was closed there then")),
            }
        })
    }
}
