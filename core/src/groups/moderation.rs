//! Moderation: bans and mutes. Every change is an entry in the group's log.

use std::collections::BTreeSet;

use cairn_proto::content::body::{Body, SystemEntry};
use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::limits::{BANNED_USERS_MAX, USERS_PER_REQUEST_MAX};
use cairn_proto::model::group::Role;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::response::Response;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::permission::Action;
use crate::record::{GroupRecord, MemberDetails};
use crate::state::State;

impl State {
    pub(crate) fn ban(
        &mut self,
        actor: Actor,
        id: ConversationId,
        users: Vec<UserId>,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        self.permit(actor.user, id, Action::Moderate(Role::Member), now)?;
        let mut users = self.existing_users(users)?;
        let (found, _) = self.membership(actor.user, id)?;
        users.retain(|&user| !found.group.bans(user));
        let leavers = found.roles_of(users.iter().copied());
        if users.contains(&actor.user) {
            return Err(ErrorCode::Forbidden);
        }
        for &(_, role) in &leavers {
            self.permit(actor.user, id, Action::Moderate(role), now)?;
        }
        if found.group.banned.len() + users.len() > BANNED_USERS_MAX {
            return Err(ErrorCode::LimitReached);
        }
        if users.is_empty() {
            return Ok(Response::Changed { users: 0 });
        }
        let mut group = found.group.clone();
        group.banned.extend(&users);
        group.banned.sort_unstable();
        let (counts, changed) = (found.record.counts, users.len() as u32);
        let body = Body::System(SystemEntry::Banned {
            users: users.into_iter().collect(),
        });
        let last = self.append_system(id, actor.user, now, &body, batch);
        self.make(&Change::Group(id, group), batch);
        self.end_memberships(id, &leavers, counts, last, now, batch);
        Ok(Response::Changed { users: changed })
    }

    pub(crate) fn unban(
        &mut self,
        actor: Actor,
        id: ConversationId,
        mut users: Vec<UserId>,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        let (found, _) = self.permit(actor.user, id, Action::Moderate(Role::Member), now)?;
        if users.len() > USERS_PER_REQUEST_MAX {
            return Err(ErrorCode::BadRequest);
        }
        users.retain(|&user| found.group.bans(user));
        users.sort_unstable();
        users.dedup();
        if users.is_empty() {
            return Ok(Response::Changed { users: 0 });
        }
        let mut group: GroupRecord = found.group.clone();
        group.banned.retain(|user| !users.contains(user));
        self.make(&Change::Group(id, group), batch);
        let changed = users.len() as u32;
        self.append_system(
            id,
            actor.user,
            now,
            &Body::System(SystemEntry::Unbanned { users }),
            batch,
        );
        Ok(Response::Changed { users: changed })
    }

    pub(crate) fn banned_users(
        &self,
        actor: Actor,
        id: ConversationId,
        now: Timestamp,
    ) -> Result<Response, ErrorCode> {
        let (found, _) = self.permit(actor.user, id, Action::Moderate(Role::Member), now)?;
        Ok(Response::Users(
            found
                .group
                .banned
                .iter()
                .filter_map(|&user| self.user_info(user))
                .collect(),
        ))
    }

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

    pub(crate) fn mute_member(
        &mut self,
        actor: Actor,
        id: ConversationId,
        user: UserId,
        until: Timestamp,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        let (found, _) = self.permit(actor.user, id, Action::Moderate(Role::Member), now)?;
        let member = found.member(user).ok_or(ErrorCode::NoMember)?;
        if user == actor.user {
            return Err(ErrorCode::Forbidden);
        }
        self.permit(actor.user, id, Action::Moderate(member.record.role), now)?;
        let until = if until > now {
            until
        } else {
            Timestamp::new(0)
        };
        let details = member.record.details;
        if details.muted_until.max(now) == until.max(now) {
            return Ok(Response::Done);
        }
        let details = MemberDetails {
            muted_until: until,
            ..details
        };
        self.make(
            &Change::MemberDetails {
                conversation: id,
                user,
                details,
            },
            batch,
        );
        self.append_system(
            id,
            actor.user,
            now,
            &Body::System(SystemEntry::Muted { user, until }),
            batch,
        );
        Ok(Response::Done)
    }
}
