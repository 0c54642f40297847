//! Retention policies and expiry of the model.

use cairn_core::api::actor::Actor;
use cairn_core::api::command::{Expire, Retained};
use cairn_core::api::update::Update;
use cairn_core::messages::retention::cutoff;
use cairn_proto::content::body::{Body, SystemEntry};
use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_proto::limits::RETENTION_DAYS_MAX;
use cairn_proto::model::group::Role;
use cairn_proto::model::retention::{Retention, RetentionInfo};
use cairn_proto::wire::error::ErrorCode;

use super::{Conversation, LogEntry, Naive};

impl Naive {
    pub(in crate::model) fn retention(
        &self,
        actor: Actor,
        id: ConversationId,
    ) -> Result<RetentionInfo, ErrorCode> {
        let found = self.inside(actor.user, id)?;
        Ok(RetentionInfo {
            set: found.retention,
            effective: self.effective(found),
        })
    }

    pub(in crate::model) fn set_retention(
        &mut self,
        actor: Actor,
        id: ConversationId,
        retention: Option<Retention>,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        let found = self.inside(actor.user, id)?;
        if found.name.is_none() {
            self.check_direct(actor.user, id)?;
        } else if found.members[&actor.user].role != Role::Owner {
            return Err(ErrorCode::Forbidden);
        }
        let days = match retention {
            Some(Retention::Days(days) | Retention::UntilAcked { cap_days: days }) => days,
            Some(Retention::Keep) | None => 1,
        };
        if days == 0 || days > RETENTION_DAYS_MAX {
            return Err(ErrorCode::BadRequest);
        }
        if retention.is_some_and(|retention| self.bounded(retention) != retention) {
            return Err(ErrorCode::RetentionBounds);
        }
        let found = self.conversations.get_mut(&id).unwrap();
        if std::mem::replace(&mut found.retention, retention) != retention {
            self.push(
                id,
                actor.user,
                now,
                Body::System(SystemEntry::RetentionSet { retention }),
            );
        }
        Ok(())
    }

    pub(in crate::model) fn retained(&self, id: ConversationId) -> Result<Retained, ErrorCode> {
        let found = self.conversations.get(&id).ok_or(ErrorCode::NotFound)?;
        Ok(Retained {
            policy: self.effective(found),
            head: found.head(),
            floor: found.floor,
        })
    }

    /// Returns whether more may expire at once. The model's steps have no limit.
    pub(in crate::model) fn expire(&mut self, command: Expire) -> Result<bool, ErrorCode> {
        let Expire {
            conversation: id,
            policy,
            aged,
        } = command;
        let found = self.conversations.get(&id).ok_or(ErrorCode::NotFound)?;
        let mut floor = if self.effective(found) == policy && policy != Retention::Keep {
            aged.min(found.head())
        } else {
            MsgId::ZERO
        };
        if self.effective(found) == policy && matches!(policy, Retention::UntilAcked { .. }) {
            let has_everybody = |&(msgid, _): &(MsgId, _)| {
                found
                    .members
                    .keys()
                    .all(|&user| self.has(found, user, msgid))
            };
            let nobody_listens = found
                .members
                .keys()
                .all(|user| self.users[user].devices.is_empty());
            let acked = found
                .above(MsgId::ZERO)
                .take_while(has_everybody)
                .last()
                .filter(|_| !nobody_listens);
            floor = floor.max(acked.map_or(MsgId::ZERO, |(msgid, _)| msgid));
        }
        let found = self.conversations.get_mut(&id).unwrap();
        if floor > found.floor {
            found.floor = floor;
            found.pins.retain(|&pin| pin > floor);
            self.updates.push(Update::FloorRaised {
                conversation: id,
                floor,
            });
        }
        Ok(false)
    }

    /// The effective policy, after the server's default and bounds.
    pub(in crate::model) fn effective(&self, found: &Conversation) -> Retention {
        let default = match self.setting("retention-default").unwrap_or("keep") {
            "keep" => Retention::Keep,
            "days 2" => Retention::Days(2),
            other => panic!("no life has the default {other}"),
        };
        self.bounded(found.retention.unwrap_or(default))
    }

    fn bounded(&self, policy: Retention) -> Retention {
        let days = |name| {
            self.setting(name)
                .map_or(0, |days| days.parse::<u32>().unwrap())
        };
        let (shortest, longest) = (days("retention-shortest"), days("retention-longest"));
        let within = |days: u32| if longest > 0 { days.min(longest) } else { days }.max(shortest);
        match policy {
            Retention::Keep if longest == 0 => Retention::Keep,
            Retention::Keep => Retention::Days(within(longest)),
            Retention::UntilAcked { cap_days } if shortest == 0 => Retention::UntilAcked {
                cap_days: within(cap_days),
            },
            Retention::Days(days) | Retention::UntilAcked { cap_days: days } => {
                Retention::Days(within(days))
            }
        }
    }

    pub(in crate::model) fn keeps_by_default(&self) -> bool {
        let is_keep = self
            .setting("retention-default")
            .is_none_or(|value| value == "keep");
        is_keep
            && self
                .setting("retention-longest")
                .is_none_or(|days| days == "0")
    }

    /// Returns whether every device of a member acked an entry, or the entry is older than the
    /// membership.
    fn has(&self, found: &Conversation, user: UserId, msgid: MsgId) -> bool {
        let member = &found.members[&user];
        let has = |device| {
            member
                .delivered
                .get(device)
                .is_some_and(|&cursor| cursor >= msgid)
        };
        msgid < member.joined || self.users[&user].devices.keys().all(has)
    }
}

impl Conversation {
    /// The last entry that is old enough to expire, as all entries below it do.
    pub(in crate::model) fn aged(&self, policy: Retention, now: Timestamp) -> MsgId {
        let Some(cutoff) = cutoff(policy, now) else {
            return MsgId::ZERO;
        };
        let is_young = |entry: &LogEntry| entry.sent_at >= cutoff;
        let held = self
            .above(self.floor)
            .find(|(_, entry)| is_young(entry) && entry.body.is_message());
        let below = |msgid| held.is_none_or(|(held, _)| msgid < held);
        let old = self
            .above(self.floor)
            .filter(|&(msgid, entry)| below(msgid) && !is_young(entry))
            .last();
        old.map_or(MsgId::ZERO, |(msgid, _)| msgid)
    }

    /// The last entry that is expired, or hidden from the member.
    pub(in crate::model) fn floor_of(&self, user: UserId) -> MsgId {
        self.floor.max(self.members[&user].floor)
    }

    pub(in crate::model) fn has_expired(&self, msgid: MsgId) -> bool {
        msgid > MsgId::ZERO && msgid <= self.floor
    }
}
