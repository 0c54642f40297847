//! Retention: how long messages are kept, and expiry.
//!
//! Expiry raises a conversation's floor, which never goes down and never passes the head.

use cairn_proto::content::body::{Body, SystemEntry};
use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_proto::limits::RETENTION_DAYS_MAX;
use cairn_proto::model::retention::{Retention, RetentionInfo};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::group::{GetRetention, SetRetention};

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::command::{Expire, GetRetained, KeepsByDefault, Retained};
use crate::api::update::Update;
use crate::command::{Command, Context, Handle};
use crate::limits::{DAY_MS, RETENTION_STEP_ENTRIES};
use crate::permission::Action;
use crate::prefetch::Load;
use crate::state::conversation::{Conversation, Member};
use crate::state::settings::Settings;
use crate::state::{State, User};

/// The time at or before which an entry is old enough to expire; `None` if age alone expires
/// nothing.
#[must_use]
pub const fn cutoff(policy: Retention, now: Timestamp) -> Option<Timestamp> {
    match policy {
        Retention::Keep => None,
        Retention::Days(days) | Retention::UntilAcked { cap_days: days } => {
            Some(Timestamp::new(now.get().saturating_sub(days_ms(days))))
        }
    }
}

/// Clamps a policy to the server's bounds. Where these contradict each other, messages stay: expiry
/// cannot be undone.
fn bounded(policy: Retention, settings: &Settings) -> Retention {
    let bound = |days: usize| u32::try_from(days).unwrap_or(RETENTION_DAYS_MAX);
    let shortest = bound(settings.retention_shortest.get());
    let longest = Some(bound(settings.retention_longest.get())).filter(|&days| days > 0);
    let within = |days: u32| days.min(longest.unwrap_or(days)).max(shortest);
    match policy {
        Retention::Keep => {
            longest.map_or(Retention::Keep, |longest| Retention::Days(within(longest)))
        }
        Retention::Days(days) => Retention::Days(within(days)),
        // A message that every device has may be younger than the required minimum, so only its age
        // may count.
        Retention::UntilAcked { cap_days } if shortest > 0 => Retention::Days(within(cap_days)),
        Retention::UntilAcked { cap_days } => Retention::UntilAcked {
            cap_days: within(cap_days),
        },
    }
}

const fn days_ms(days: u32) -> u64 {
    days as u64 * DAY_MS
}

impl Handle for GetRetention {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.own_membership(self.conversation, actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<RetentionInfo, ErrorCode> {
        let Context { actor, .. } = context;
        let Self { conversation } = self;
        let (found, _) = state.membership(actor.user, conversation)?;
        Ok(RetentionInfo {
            set: found.retention,
            effective: state.effective(found),
        })
    }
}

impl Handle for SetRetention {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.own_membership(self.conversation, actor.user, loads);
        state.relations_in(self.conversation, actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self {
            conversation,
            retention,
        } = self;
        let found = state.check(actor.user, conversation, Action::Retain, now)?;
        let old = found.retention;
        if let Some(Retention::Days(days) | Retention::UntilAcked { cap_days: days }) = retention
            && !(1..=RETENTION_DAYS_MAX).contains(&days)
        {
            return Err(ErrorCode::BadRequest);
        }
        if retention.is_some_and(|retention| bounded(retention, &state.settings) != retention) {
            return Err(ErrorCode::RetentionBounds);
        }
        if old != retention {
            state.make(
                &Change::Retention {
                    conversation,
                    retention,
                },
                batch,
            );
            state.append_system(
                conversation,
                actor.user,
                now,
                &Body::System(SystemEntry::RetentionSet { retention }),
                batch,
            );
        }
        Ok(())
    }
}

impl Command for KeepsByDefault {
    type Answer = bool;
    type Found = ();

    fn prefetch(&self, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        (): (),
        state: &mut State,
        _: Timestamp,
        _: &mut Batch,
    ) -> Result<bool, ErrorCode> {
        let is_kept = bounded(state.settings.retention_default, &state.settings) == Retention::Keep;
        Ok(is_kept && state.settings.retention_longest.get() == 0)
    }
}

impl Command for GetRetained {
    type Answer = Retained;
    type Found = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        state.conversation_alone(self.0, loads);
    }

    fn execute(
        self,
        (): (),
        state: &mut State,
        _: Timestamp,
        _: &mut Batch,
    ) -> Result<Retained, ErrorCode> {
        let found = state
            .conversations
            .get(&self.0)
            .ok_or(ErrorCode::NotFound)?;
        Ok(Retained {
            policy: state.effective(found),
            head: found.record.head,
            floor: found.record.floor,
        })
    }
}

impl Command for Expire {
    type Answer = bool;
    type Found = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        state.expiring(*self, loads);
        state.expiring_inquiry(self.conversation, loads);
    }

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<bool, ErrorCode> {
        let Self {
            conversation,
            policy,
            aged,
        } = self;
        let found = state
            .conversations
            .get(&conversation)
            .ok_or(ErrorCode::NotFound)?;
        let old = found.record.floor;
        let wanted = state.wanted_floor(found, policy, aged).unwrap_or(old);
        if wanted <= old {
            return Ok(false);
        }
        let floor = state.floor_within_known_refs(
            conversation,
            old,
            wanted.min(old.plus(RETENTION_STEP_ENTRIES)),
        );
        if floor > old {
            // In the same batch as the floor. References are loaded from the floor upwards: any
            // that were left below it would never be dropped, and their files never removed.
            state.drop_refs_within(conversation, old, floor, batch);
            state.make(
                &Change::FloorRaised {
                    conversation,
                    floor,
                },
                batch,
            );
            batch.publish(Update::FloorRaised {
                conversation,
                floor,
            });
            if state.has_expired(conversation) {
                state.erase_expired(conversation, now, batch);
            }
        }
        Ok(old < floor && floor < wanted)
    }
}

impl State {
    /// How far the floor may rise under `policy`; the current floor if another policy is in force.
    /// `None` if that depends on members that are not in memory.
    pub(crate) fn wanted_floor(
        &self,
        found: &Conversation,
        policy: Retention,
        aged: MsgId,
    ) -> Option<MsgId> {
        let (old, aged) = (
            found.record.floor,
            aged.min(found.record.head).max(found.record.floor),
        );
        match policy {
            _ if self.effective(found) != policy => Some(old),
            Retention::Keep => Some(old),
            Retention::Days(_) => Some(aged),
            Retention::UntilAcked { .. } => self
                .acked_by_all(found, aged)
                .map(|acked| acked.min(found.record.head)),
        }
    }

    /// The policy in force: the conversation's or the default, within the server's bounds.
    fn effective(&self, found: &Conversation) -> Retention {
        bounded(
            found.retention.unwrap_or(self.settings.retention_default),
            &self.settings,
        )
    }

    /// The last entry above `aged` that every device of every member has or need not have, because
    /// it is older than the membership. Returns `aged` at the first device that lacks the next
    /// entry, and `None` if it depends on members that are not in memory. A member without devices
    /// does not delay expiry: they may never return.
    fn acked_by_all(&self, found: &Conversation, aged: MsgId) -> Option<MsgId> {
        let mut least = None;
        for cursor in found
            .members
            .iter()
            .flat_map(|(&user, member)| self.device_cursors(user, member))
        {
            if cursor <= aged {
                return Some(aged);
            }
            least = Some(least.map_or(cursor, |least: MsgId| least.min(cursor)));
        }
        found.knows_all().then(|| least.unwrap_or(aged))
    }

    fn device_cursors<'a>(
        &'a self,
        user: UserId,
        member: &'a Member,
    ) -> impl Iterator<Item = MsgId> + 'a {
        let devices = self
            .users
            .get(&user)
            .into_iter()
            .flat_map(|User { devices, .. }| devices.keys());
        devices.map(|&device| member.delivered(device).max(member.record.joined.prev()))
    }
}

/// Applying changes.
impl State {
    pub(crate) fn apply_retention(
        &mut self,
        conversation: ConversationId,
        retention: Option<Retention>,
    ) {
        if let Some(found) = self.touch(conversation) {
            found.retention = retention;
            found.dirty.retention = true;
        }
    }

    pub(crate) fn apply_floor_raised(&mut self, conversation: ConversationId, floor: MsgId) {
        if let Some(found) = self.touch(conversation) {
            found.record.floor = found.record.floor.max(floor);
            found.forget_index(floor);
            let above = found.pins.partition_point(|&pin| pin <= floor);
            found.dirty.pins |= above > 0;
            found.pins.drain(..above);
        }
    }
}

#[cfg(test)]
mod tests {
    use cairn_proto::ids::DeviceId;
    use cairn_proto::model::group::Role;

    use super::*;
    use crate::record::MemberCounts;
    use crate::record::{ConversationRecord, DeviceRecord, KindRecord, SecretHash, UserRecord};

    fn settings(shortest: &str, longest: &str) -> Settings {
        let mut settings = Settings::default();
        for (name, value) in [
            ("retention-shortest", shortest),
            ("retention-longest", longest),
        ] {
            settings
                .set(&name.parse().unwrap(), &value.parse().unwrap())
                .unwrap();
        }
        settings
    }

    #[test]
    fn policies_are_clamped_and_the_lower_bound_wins() {
        let policies = [
            Retention::Keep,
            Retention::Days(1),
            Retention::Days(90),
            Retention::UntilAcked { cap_days: 90 },
        ];
        let bounded_by = |shortest, longest| {
            policies.map(|policy| bounded(policy, &settings(shortest, longest)))
        };
        let until = |cap_days| Retention::UntilAcked { cap_days };
        let days = Retention::Days;
        assert_eq!(bounded_by("0", "0"), policies);
        assert_eq!(
            bounded_by("0", "30"),
            [days(30), days(1), days(30), until(30)]
        );
        assert_eq!(
            bounded_by("7", "0"),
            [Retention::Keep, days(7), days(90), days(90)]
        );
        assert_eq!(
            bounded_by("30", "7"),
            [days(30), days(30), days(30), days(30)]
        );
    }

    #[test]
    fn cutoff_is_days_before_now() {
        let day = 24 * 60 * 60 * 1000;
        assert_eq!(cutoff(Retention::Keep, Timestamp::new(9 * day)), None);
        assert_eq!(
            cutoff(Retention::Days(2), Timestamp::new(9 * day)),
            Some(Timestamp::new(7 * day))
        );
        assert_eq!(
            cutoff(
                Retention::UntilAcked { cap_days: u32::MAX },
                Timestamp::new(9 * day)
            ),
            Some(Timestamp::new(0))
        );
    }

    #[test]
    fn acked_messages_expire_in_steps() {
        let (mut state, id, user) = (State::default(), ConversationId::new(1), UserId::new(1));
        let head = MsgId::new(2 * RETENTION_STEP_ENTRIES + 7);
        let group = KindRecord::Group {
            name: "team".parse().unwrap(),
        };
        let mut batch = Batch::new(0);
        state.make(
            &Change::Conversation(
                id,
                ConversationRecord {
                    head,
                    ..ConversationRecord::new(group, Timestamp::new(0))
                },
            ),
            &mut batch,
        );
        let device = DeviceId::new(1);
        let created_at = Timestamp::new(0);
        state.install_user(
            user,
            UserRecord::new(
                "ann".parse().unwrap(),
                crate::record::UserOrigin::Unknown,
                created_at,
            ),
        );
        let record = DeviceRecord {
            name: "desk".parse().unwrap(),
            token: SecretHash([0; 32]),
            created_at,
            streams: Vec::new(),
        };
        state.install_device(user, device, record);
        let counts = MemberCounts {
            members: 1,
            owners: 1,
        };
        state.apply(&Change::Member {
            conversation: id,
            user,
            role: Role::Owner,
            joined: MsgId::new(1),
            counts,
        });
        state.apply(&Change::Delivered {
            conversation: id,
            user,
            device,
            msgid: head,
        });
        let policy = Retention::UntilAcked { cap_days: 1 };
        state.apply(&Change::Retention {
            conversation: id,
            retention: Some(policy),
        });
        for (floor, expected) in [
            (RETENTION_STEP_ENTRIES, true),
            (2 * RETENTION_STEP_ENTRIES, true),
            (head.get(), false),
            (head.get(), false),
        ] {
            let expire = Expire {
                conversation: id,
                policy,
                aged: MsgId::ZERO,
            };
            let answer = expire.run(&mut state, Timestamp::new(0), &mut batch);
            assert!(answer == Ok(expected), "{answer:?}");
            assert_eq!(
                state
                    .conversations
                    .get(&id)
                    .expect("the conversation")
                    .record
                    .floor,
                MsgId::new(floor)
            );
        }
    }
}
