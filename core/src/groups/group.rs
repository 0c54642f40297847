//! Groups: creation and membership. Every change is an entry in the group's log.

use std::collections::BTreeSet;

use cairn_proto::content::body::{Body, SystemEntry};
use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_proto::limits;
use cairn_proto::model::conversation::{self, MemberPage};
use cairn_proto::model::group::{JoinerHistory, Role};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::group::{AddMembers, CreateGroup, ListMembers, RemoveMembers};

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::update::Update;
use crate::command::{Context, Handle};
use crate::limits::MEMBERS_SCANNED_MAX;
use crate::permission::Action;
use crate::prefetch::Load;
use crate::record::{ConversationRecord, KindRecord, MemberCounts, MemberDetails};
use crate::state::State;
use crate::state::conversation::Conversation;

impl Handle for CreateGroup {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.visibility(actor.user, loads);
        state.relations_of_named(&self.members, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<ConversationId, ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self { name, members } = self;
        let mut members = state.seen_users(actor.user, members)?;
        members.remove(&actor.user);
        state.check_addable(actor.user, members.iter())?;
        state.check_owned(actor.user)?;
        state.check_memberships(members.iter().copied().chain([actor.user]))?;
        let id = state.next_numbered();
        if !id.is_numbered() {
            return Err(ErrorCode::LimitReached);
        }
        let record = ConversationRecord::new(KindRecord::Group { name: name.clone() }, now);
        state.make(&Change::Conversation(id, record), batch);
        state.put_member(id, actor.user, Role::Owner, now, batch);
        state.append_system(
            id,
            actor.user,
            now,
            &Body::System(SystemEntry::Created { name }),
            batch,
        );
        state.publish_joined(id, actor.user, batch);
        state.put_members(actor.user, id, members, now, batch);
        Ok(id)
    }
}

impl Handle for AddMembers {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.members_named(self.conversation, actor.user, &self.users, loads);
        if state.is_member(actor.user, self.conversation) {
            state.visibility(actor.user, loads);
            state.relations_of_named(&self.users, loads);
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
        state.permit(actor.user, id, Action::Invite, now)?;
        let mut users = state.seen_users(actor.user, users)?;
        let (found, _) = state.membership(actor.user, id)?;
        users.retain(|&user| found.member(user).is_none());
        state.check_addable(actor.user, users.iter())?;
        if users.iter().any(|&user| found.group.bans(user)) {
            return Err(ErrorCode::Banned);
        }
        if found.record.counts.members as usize + users.len() > limits::MEMBERS_PER_CONVERSATION_MAX
        {
            return Err(ErrorCode::LimitReached);
        }
        state.check_memberships(users.iter().copied())?;
        let changed = u32::try_from(users.len()).unwrap_or(u32::MAX);
        state.put_members(actor.user, id, users, now, batch);
        Ok(changed)
    }
}

impl Handle for RemoveMembers {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        if state.tidies(actor, self.conversation, &self.users) {
            state.memberships_of(self.conversation, &self.users, loads);
        } else {
            state.members_named(self.conversation, actor.user, &self.users, loads);
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
        let tidies = state.tidies(actor, id, &users);
        let found = if tidies {
            state.conversation(id).ok_or(ErrorCode::NotFound)?
        } else {
            state.permit(actor.user, id, Action::Leave, now)?.0
        };
        if users.len() > limits::USERS_PER_REQUEST_MAX {
            return Err(ErrorCode::BadRequest);
        }
        let mut leavers = found.roles_of(users.into_iter());
        leavers.sort_unstable();
        leavers.dedup();
        for &(user, role) in &leavers {
            if user != actor.user && !tidies {
                state.permit(actor.user, id, Action::Moderate(role), now)?;
            }
        }
        let owners = leavers
            .iter()
            .filter(|&&(_, role)| role == Role::Owner)
            .count() as u32;
        let counts = found.record.counts;
        if owners > 0 && owners >= counts.owners {
            return Err(ErrorCode::LastOwner);
        }
        if leavers.is_empty() {
            return Ok(0);
        }
        if tidies {
            state.audit_removals(actor, id, &leavers, now, batch)?;
        }
        state.note_named(id, actor.user, batch);
        // The entry first: it is the last one that the leavers may read, and `Update::Left` names
        // it.
        let names = leavers.iter().map(|&(user, _)| user).collect();
        let last = state.append_system(
            id,
            actor.user,
            now,
            &Body::System(SystemEntry::Removed { users: names }),
            batch,
        );
        state.end_memberships(id, &leavers, counts, last, now, batch);
        Ok(leavers.len() as u32)
    }
}

impl Handle for ListMembers {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        if let Some((found, _)) = state.own_membership(self.conversation, actor.user, loads) {
            state.page_of_members(self, found, actor.user, loads);
        }
        state.relations_in(self.conversation, actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<MemberPage, ErrorCode> {
        let Context { actor, .. } = context;
        let Self {
            conversation: id,
            after,
        } = self;
        let (found, _) = state.membership(actor.user, id)?;
        let (page, next_after) = if found.is_counted() {
            found.members_after(after)
        } else {
            state.members_after(id, after)
        };
        let shown = page.into_iter().filter_map(|user| {
            let record = &found.member(user)?.record;
            let read = if state.shows_reads(id, actor.user, user) {
                record.shown_read()
            } else {
                MsgId::ZERO
            };
            let user = state.user_info(user)?;
            let muted_until = record.details.muted_until;
            Some(conversation::Member {
                user,
                role: record.role,
                joined: record.joined,
                read,
                muted_until,
            })
        });
        let items = shown.collect();
        Ok(MemberPage { items, next_after })
    }
}

impl State {
    pub(crate) fn end_memberships(
        &mut self,
        id: ConversationId,
        leavers: &[(UserId, Role)],
        mut counts: MemberCounts,
        last: MsgId,
        now: Timestamp,
        batch: &mut Batch,
    ) {
        self.keep_mutes(id, leavers, now, batch);
        for &(user, role) in leavers {
            counts.members -= 1;
            counts.owners -= u32::from(role == Role::Owner);
            self.make(
                &Change::MemberRemoved {
                    conversation: id,
                    user,
                    counts,
                },
                batch,
            );
            batch.publish(Update::Left {
                conversation: id,
                user,
                last,
            });
        }
    }

    /// A page of members of a large conversation, and where the next page starts. A page scans at
    /// most [`MEMBERS_SCANNED_MAX`] users, so it may hold few members or none.
    pub(crate) fn members_after(
        &self,
        id: ConversationId,
        after: Option<UserId>,
    ) -> (Vec<UserId>, Option<UserId>) {
        let mut ids = self.ids_after(after);
        let (mut page, mut last) = (Vec::new(), None);
        for user in ids.by_ref().take(MEMBERS_SCANNED_MAX) {
            last = Some(user);
            if self.is_member(user, id) {
                page.push(user);
            }
            if page.len() > limits::MEMBERS_PER_PAGE_MAX {
                return truncate_page(page);
            }
        }
        (page, last.filter(|_| ids.next().is_some()))
    }

    /// The users that a request names. Their visibility must be [in memory](State::visibility).
    pub(crate) fn seen_users(
        &self,
        by: UserId,
        users: Vec<UserId>,
    ) -> Result<BTreeSet<UserId>, ErrorCode> {
        if users.len() > limits::USERS_PER_REQUEST_MAX {
            return Err(ErrorCode::BadRequest);
        }
        if users.iter().any(|&user| !self.may_see(by, user)) {
            return Err(ErrorCode::NoSuchUser);
        }
        Ok(users.into_iter().collect())
    }

    /// A user cannot be added by someone they blocked. The reply is the one for an unknown user, so
    /// that a block stays secret. Nor can a deactivated user.
    fn check_addable<'a>(
        &self,
        by: UserId,
        users: impl Iterator<Item = &'a UserId> + Clone,
    ) -> Result<(), ErrorCode> {
        if users.clone().any(|&user| self.relation(user, by).blocks) {
            Err(ErrorCode::NoSuchUser)
        } else if users.clone().any(|&user| !self.is_active(user)) {
            Err(ErrorCode::Deactivated)
        } else {
            Ok(())
        }
    }

    /// Makes a user known to the members if an entry names them who is no member.
    pub(crate) fn note_named(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        batch: &mut Batch,
    ) {
        if !self.is_member(user, conversation) {
            self.make(&Change::Named { conversation, user }, batch);
        }
    }

    pub(crate) fn put_members(
        &mut self,
        by: UserId,
        id: ConversationId,
        users: BTreeSet<UserId>,
        now: Timestamp,
        batch: &mut Batch,
    ) {
        if users.is_empty() {
            return;
        }
        // Members before the entry: the entry that announces them must be the first they can read.
        for &user in &users {
            self.put_member(id, user, Role::Member, now, batch);
        }
        let mutes = self.drop_mutes(id, &users, now, batch);
        let body = Body::System(SystemEntry::Added {
            users: users.iter().copied().collect(),
        });
        self.append_system(id, by, now, &body, batch);
        // Repeated in the log: a client that follows it from here on has not seen the mute.
        for (user, until) in mutes {
            self.append_system(
                id,
                by,
                now,
                &Body::System(SystemEntry::Muted { user, until }),
                batch,
            );
        }
        for user in users {
            self.publish_joined(id, user, batch);
        }
    }

    /// Adds a membership that starts with the next entry.
    fn put_member(
        &mut self,
        id: ConversationId,
        user: UserId,
        role: Role,
        now: Timestamp,
        batch: &mut Batch,
    ) {
        let Some(found) = self.conversations.get(&id) else {
            return;
        };
        let MemberCounts { members, owners } = found.record.counts;
        let counts = MemberCounts {
            members: members + 1,
            owners: owners + u32::from(role == Role::Owner),
        };
        let joined = found.record.head.next();
        let sees_all = found.group.settings.history == JoinerHistory::All;
        let details = MemberDetails {
            floor: if sees_all { MsgId::ZERO } else { joined.prev() },
            muted_until: found
                .group
                .muted_until(user)
                .filter(|&until| until > now)
                .unwrap_or(Timestamp::new(0)),
            ..MemberDetails::default()
        };
        self.make(
            &Change::Member {
                conversation: id,
                user,
                role,
                joined,
                counts,
            },
            batch,
        );
        if details != MemberDetails::default() {
            self.make(
                &Change::MemberDetails {
                    conversation: id,
                    user,
                    details,
                },
                batch,
            );
        }
    }
}

impl Conversation {
    /// A page of members and where the next page starts, if all members are in memory.
    fn members_after(&self, after: Option<UserId>) -> (Vec<UserId>, Option<UserId>) {
        let later = self
            .members_sorted()
            .into_iter()
            .map(|(user, _)| user)
            .filter(|&user| after.is_none_or(|after| user > after));
        truncate_page(later.take(limits::MEMBERS_PER_PAGE_MAX + 1).collect())
    }
}

/// Splits off the extra element that tells whether another page follows.
fn truncate_page(mut page: Vec<UserId>) -> (Vec<UserId>, Option<UserId>) {
    let is_last = page.len() <= limits::MEMBERS_PER_PAGE_MAX;
    page.truncate(limits::MEMBERS_PER_PAGE_MAX);
    let next_after = page.last().copied().filter(|_| !is_last);
    (page, next_after)
}
