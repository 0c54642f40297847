//! Moderation: bans and mutes. Every change is an entry in the group's log.

use std::collections::BTreeSet;

use cairn_proto::content::body::{Body, SystemEntry};
use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::limits::{BANNED_USERS_MAX, USERS_PER_REQUEST_MAX};
use cairn_proto::model::group::Role;
use cairn_proto::model::user::UserInfo;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::List;
use cairn_proto::wire::request::group::{Ban, ListBanned, MuteMember, Unban};

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::command::{Context, Handle};
use crate::permission::Action;
use crate::prefetch::Load;
use crate::record::{GroupRecord, MemberDetails};
use crate::state::State;

impl Handle for Ban {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.members_named(self.conversation, actor.user, &self.users, loads);
        if state.is_member(actor.user, self.conversation) {
            state.visibility(actor.user, loads);
        }
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<u32, ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self {
            conversation: id,
            users,
        } = self;
        state.permit(actor.user, id, Action::Moderate(Role::Member), now)?;
        let mut users = state.seen_users(actor.user, users)?;
        let (found, _) = state.membership(actor.user, id)?;
        users.retain(|&user| !found.group.bans(user));
        let leavers = found.roles_of(users.iter().copied());
        if users.contains(&actor.user) {
            return Err(ErrorCode::Forbidden);
        }
        for &(_, role) in &leavers {
            state.permit(actor.user, id, Action::Moderate(role), now)?;
        }
        if found.group.banned.len() + users.len() > BANNED_USERS_MAX {
            return Err(ErrorCode::LimitReached);
        }
        if users.is_empty() {
            return Ok(0);
        }
        let mut group = found.group.clone();
        group.banned.extend(&users);
        group.banned.sort_unstable();
        let (counts, changed) = (found.record.counts, users.len() as u32);
        let body = Body::System(SystemEntry::Banned {
            users: users.into_iter().collect(),
        });
        let last = state.append_system(id, actor.user, now, &body, batch);
        state.make(&Change::Group(id, group), batch);
        state.end_memberships(id, &leavers, counts, last, now, batch);
        Ok(changed)
    }
}

impl Handle for Unban {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.own_membership(self.conversation, actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<u32, ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self {
            conversation: id,
            mut users,
        } = self;
        let (found, _) = state.permit(actor.user, id, Action::Moderate(Role::Member), now)?;
        if users.len() > USERS_PER_REQUEST_MAX {
            return Err(ErrorCode::BadRequest);
        }
        users.retain(|&user| found.group.bans(user));
        users.sort_unstable();
        users.dedup();
        if users.is_empty() {
            return Ok(0);
        }
        let mut group: GroupRecord = found.group.clone();
        group.banned.retain(|user| !users.contains(user));
        state.make(&Change::Group(id, group), batch);
        let changed = users.len() as u32;
        state.append_system(
            id,
            actor.user,
            now,
            &Body::System(SystemEntry::Unbanned { users }),
            batch,
        );
        Ok(changed)
    }
}

impl Handle for ListBanned {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.own_membership(self.conversation, actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<List<UserInfo>, ErrorCode> {
        let Context { actor, now, .. } = context;
        let Self { conversation: id } = self;
        let (found, _) = state.permit(actor.user, id, Action::Moderate(Role::Member), now)?;
        Ok(List(
            found
                .group
                .banned
                .iter()
                .filter_map(|&user| state.user_info(user))
                .collect(),
        ))
    }
}

impl Handle for MuteMember {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.member_named(self.conversation, actor.user, self.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self {
            conversation: id,
            user,
            until,
        } = self;
        let (found, _) = state.permit(actor.user, id, Action::Moderate(Role::Member), now)?;
        let member = found.member(user).ok_or(ErrorCode::NoMember)?;
        if user == actor.user {
            return Err(ErrorCode::Forbidden);
        }
        state.permit(actor.user, id, Action::Moderate(member.record.role), now)?;
        let until = if until > now {
            until
        } else {
            Timestamp::new(0)
        };
        let details = member.record.details;
        if details.muted_until.max(now) == until.max(now) {
            return Ok(());
        }
        let details = MemberDetails {
            muted_until: until,
            ..details
        };
        state.make(
            &Change::MemberDetails {
                conversation: id,
                user,
                details,
            },
            batch,
        );
        state.append_system(
            id,
            actor.user,
            now,
            &Body::System(SystemEntry::Muted { user, until }),
            batch,
        );
        Ok(())
    }
}

impl State {
    /// Mutes outlive the membership, so that leaving and rejoining does not end them.
    pub(crate) fn keep_mutes(
        &mut self,
        id: ConversationId,
        leavers: &[(UserId, Role)],
        now: Timestamp,
        batch: &mut Batch,
    ) {
        let Some(found) = self.conversations.get(&id) else {
            return;
        };
        let mutes = leavers
            .iter()
            .filter_map(|&(user, _)| Some((user, found.member(user)?.record.details.muted_until)));
        let running: Vec<_> = mutes.filter(|&(_, until)| until > now).collect();
        if !running.is_empty() {
            let mut group = found.group.clone();
            group.keep_mutes(running, now);
            self.make(&Change::Group(id, group), batch);
        }
    }

    /// Moves the mutes of rejoining users back into their memberships. Returns those still running,
    /// ordered by user id.
    pub(crate) fn drop_mutes(
        &mut self,
        id: ConversationId,
        users: &BTreeSet<UserId>,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Vec<(UserId, Timestamp)> {
        let Some(found) = self.conversations.get(&id) else {
            return Vec::new();
        };
        let (mut rejoining, others): (Vec<_>, Vec<_>) = found
            .group
            .muted
            .iter()
            .copied()
            .partition(|(user, _)| users.contains(user));
        if !rejoining.is_empty() {
            let mut group = found.group.clone();
            group.muted = others;
            group.keep_mutes([], now);
            self.make(&Change::Group(id, group), batch);
        }
        rejoining.retain(|&(_, until)| until > now);
        rejoining
    }
}
