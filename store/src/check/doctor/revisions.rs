//! Revisions: none in the future, and no end recorded for a membership that lasts.

use std::collections::BTreeSet;

use cairn_proto::ids::{Revision, UserId};

use super::{Check, DoctorError, wrong};
use crate::trees::{MetaKey, RowKey, Tree, parse};
use cairn_core::record::{ConversationRecord, EpochRecord, StoredMember};

impl Check<'_> {
    pub(super) fn revisions(&mut self, users: &BTreeSet<UserId>) -> Result<(), DoctorError> {
        let last = self.trees.checkpoint()?.revision();
        let check = |key: &RowKey, at: Revision| {
            if at <= last {
                Ok(())
            } else {
                Err(wrong(key, "it changed later than now"))
            }
        };
        self.each(Tree::Conversations, |_, key, record: ConversationRecord| {
            check(key, record.changed)
        })?;
        self.each(Tree::Members, |_, key, chunk: Vec<StoredMember>| {
            chunk
                .iter()
                .try_for_each(|member| check(key, member.record.changed))
        })?;
        self.each(Tree::Ended, |doctor, key, at: Revision| {
            let Some((user, id)) = parse::membership(key.bytes()) else {
                return Err(wrong(key, "its key is no membership's"));
            };
            if !users.contains(&user) || doctor.trees.get(&RowKey::membership(user, id))?.is_some()
            {
                return Err(wrong(
                    key,
                    "there is no such user, or they are still a member",
                ));
            }
            check(key, at)
        })?;
        let key = RowKey::meta(MetaKey::Epochs);
        let epochs: Vec<EpochRecord> = self.trees.read(&key)?.unwrap_or_default();
        let is_ordered = epochs.is_sorted_by(|a, b| a.first < b.first)
            && epochs.last().is_none_or(|epoch| epoch.first <= last);
        if is_ordered {
            Ok(())
        } else {
            Err(wrong(&key, "the starts of the server are not in order"))
        }
    }
}
