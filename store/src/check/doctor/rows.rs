//! Rows outside of logs: what they refer to must exist, and what two rows say must agree.

use std::collections::{BTreeMap, BTreeSet};

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::model::audit::AuditRecord;
use cairn_proto::model::group::Access;
use cairn_proto::model::people::Profile;
use cairn_proto::model::retention::Retention;
use cairn_proto::text::{GroupName, SettingValue};

use super::{Check, DoctorError, wrong};
use crate::trees::{RowKey, Tree, parse};
use cairn_core::record::{
    ConversationRecord, CursorChunk, GroupRecord, KindRecord, RecentPart, RecentSend, SendCursor,
};
use cairn_core::record::{RelationChunk, StoredRelation};

impl Check<'_> {
    /// Records of the audit log are consecutive.
    pub(super) fn audit(&mut self) -> Result<(), DoctorError> {
        let mut next = None;
        self.each(Tree::Audit, |_, key, record: AuditRecord| {
            let number = parse::audit(key.bytes());
            let is_next = next.is_none_or(|next| next == record.number);
            next = Some(record.number.saturating_add(1));
            if number == Some(record.number) && is_next {
                Ok(())
            } else {
                Err(wrong(key, "the record before it is missing"))
            }
        })
    }

    pub(super) fn cursors(
        &mut self,
        heads: &BTreeMap<ConversationId, MsgId>,
    ) -> Result<(), DoctorError> {
        self.each(Tree::Cursors, |check, key, chunk: Vec<SendCursor>| {
            check.report.cursors += chunk.len() as u64;
            let place = parse::cursors(key.bytes()).map(|(_, _, chunk)| chunk);
            let is_sound = |&(id, _): &SendCursor| {
                Some(CursorChunk::of(id)) == place && heads.contains_key(&id)
            };
            if chunk.iter().all(is_sound) {
                Ok(())
            } else {
                Err(wrong(key, "a send cursor belongs elsewhere"))
            }
        })?;
        self.each(Tree::Recent, |_, key, part: Vec<RecentSend>| {
            let place = parse::recent(key.bytes()).map(|(_, _, part)| part);
            let head = |id| heads.get(&id).copied().unwrap_or_default();
            let is_sound = |send: &RecentSend| {
                Some(RecentPart::of(send.place)) == place && send.msgid <= head(send.conversation)
            };
            if part.iter().all(is_sound) {
                Ok(())
            } else {
                Err(wrong(
                    key,
                    "a send lies above the head, or belongs elsewhere",
                ))
            }
        })?;
        self.each(Tree::Pins, |_, key, pins: Vec<MsgId>| {
            let head = parse::conversation(key.bytes())
                .and_then(|id| heads.get(&id))
                .copied()
                .unwrap_or_default();
            let is_sound =
                pins.is_sorted_by(|a, b| a < b) && pins.last().is_some_and(|&last| last <= head);
            if is_sound {
                Ok(())
            } else {
                Err(wrong(key, "a pin lies above the head, or out of order"))
            }
        })?;
        self.each(Tree::Retention, |_, key, _: Retention| {
            let is_known =
                parse::conversation(key.bytes()).is_some_and(|id| heads.contains_key(&id));
            if is_known {
                Ok(())
            } else {
                Err(wrong(key, "there is no such conversation"))
            }
        })?;
        self.each(Tree::Imports, |_, _, _: u64| Ok(()))
    }

    pub(super) fn groups(&mut self, users: &BTreeSet<UserId>) -> Result<(), DoctorError> {
        self.each(Tree::Groups, |check, key, group: GroupRecord| {
            let is_member = |id, user| {
                check
                    .trees
                    .get(&RowKey::membership(user, id))
                    .map(|row| row.is_some())
            };
            let Some(id) = parse::conversation(key.bytes()) else {
                return Err(wrong(key, "its key is not a conversation's"));
            };
            for user in group
                .banned
                .iter()
                .chain(group.muted.iter().map(|(user, _)| user))
            {
                if !users.contains(user) || is_member(id, *user)? {
                    return Err(wrong(
                        key,
                        format!(
                            "user {user} is banned or muted in absence, but unknown or a member"
                        ),
                    ));
                }
            }
            let is_found = check.trees.get(&RowKey::open_group(id))?.is_some();
            match (
                check.name_of(id)?,
                is_found == (group.settings.access == Access::Open),
            ) {
                (None, _) => Err(wrong(key, "there is no such group")),
                (Some(_), false) => Err(wrong(
                    key,
                    "the group is open but not found by searches, or the reverse",
                )),
                (Some(_), true) => Ok(()),
            }
        })?;
        self.each(Tree::OpenGroups, |check, key, name: GroupName| {
            let Some(id) = parse::conversation(key.bytes()) else {
                return Err(wrong(key, "its key is not a conversation's"));
            };
            let is_agreed = check.trees.get(&RowKey::group(id))?.is_some();
            let is_sound = is_agreed && check.name_of(id)? == Some(name);
            if is_sound {
                Ok(())
            } else {
                Err(wrong(key, "there is no open group of that name"))
            }
        })
    }

    fn name_of(&self, id: ConversationId) -> Result<Option<GroupName>, DoctorError> {
        let record: Option<ConversationRecord> = self.trees.read(&RowKey::conversation(id))?;
        Ok(record.and_then(|record| match record.kind {
            KindRecord::Group { name } => Some(name),
            _ => None,
        }))
    }

    pub(super) fn people(&mut self, users: &BTreeSet<UserId>) -> Result<(), DoctorError> {
        self.each(
            Tree::Relations,
            |check, key, stored: Vec<StoredRelation>| {
                let place = parse::relations(key.bytes()).filter(|(user, _)| users.contains(user));
                let Some((user, chunk)) = place else {
                    return Err(wrong(key, "there is no such user"));
                };
                stored.iter().try_for_each(|&(other, relation)| {
                    if other == user || !users.contains(&other) || RelationChunk::of(other) != chunk
                    {
                        return Err(wrong(
                            key,
                            format!("there is no user {other}, or the row is misplaced"),
                        ));
                    }
                    let key_of_theirs = RowKey::relations(other, RelationChunk::of(user));
                    let theirs: Vec<StoredRelation> =
                        check.trees.read(&key_of_theirs)?.unwrap_or_default();
                    let theirs = theirs
                        .into_iter()
                        .find(|&(of, _)| of == user)
                        .map(|(_, relation)| relation)
                        .unwrap_or_default();
                    if !relation.is_none() && relation.fits(theirs) {
                        return Ok(());
                    }
                    Err(wrong(
                        key,
                        format!(
                            "the two sides of the relation to user {other} do not fit together"
                        ),
                    ))
                })
            },
        )?;
        self.each(Tree::Profiles, |_, key, _: Profile| {
            match parse::user(key.bytes()) {
                Some(user) if users.contains(&user) => Ok(()),
                _ => Err(wrong(key, "there is no such user")),
            }
        })?;
        self.each(
            Tree::Settings,
            |_, key, _: SettingValue| match parse::setting(key.bytes()) {
                Some(_) => Ok(()),
                None => Err(wrong(key, "its key is no setting's name")),
            },
        )
    }
}
