//! Overviews: a user's conversations with their positions, and user lookups.

use cairn_proto::ids::{ConversationId, DeviceId, Revision, UserId};
use cairn_proto::limits;
use cairn_proto::model::conversation::{self, ConversationKind};
use cairn_proto::model::user::UserInfo;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::overview::{ConversationPage, Moment, OverviewExtent, OverviewPlace};
use cairn_proto::wire::request::List;
use cairn_proto::wire::request::people::{FindUsers, GetUsers};

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::command::Feed;
use crate::api::update::Update;
use crate::command::{Context, Handle};
use crate::prefetch::Load;
use crate::record::KindRecord;
use crate::state::State;
use crate::state::relations::other_of;

pub(crate) struct OverviewPlan {
    /// Only later changes are shown; `None` shows everything.
    since: Option<Revision>,
    /// In page order.
    pub(crate) places: Vec<OverviewPlace>,
    next_after: Option<OverviewPlace>,
}

impl Handle for FindUsers {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<List<UserInfo>, ErrorCode> {
        let Context { actor, .. } = context;
        let Self { names } = self;
        if names.len() > limits::USERS_PER_REQUEST_MAX {
            return Err(ErrorCode::BadRequest);
        }
        let found: Vec<UserInfo> = names
            .iter()
            .filter_map(|name| state.user_info(state.user_named(name)?))
            .collect();
        for user in &found {
            state.note_found_by_name(actor.user, user.id);
        }
        Ok(List(found))
    }
}

impl Handle for GetUsers {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.visibility(actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<List<UserInfo>, ErrorCode> {
        let Context { actor, .. } = context;
        let Self { ids } = self;
        if ids.len() > limits::USERS_PER_REQUEST_MAX {
            return Err(ErrorCode::BadRequest);
        }
        let seen = ids.iter().filter(|&&id| state.may_see(actor.user, id));
        Ok(List(seen.filter_map(|&id| state.user_info(id)).collect()))
    }
}

impl State {
    /// Plans a page without touching any conversation, so that its conversations can be loaded
    /// first.
    pub(crate) fn overview_plan(
        &self,
        user: UserId,
        since: Option<Moment>,
        after: Option<OverviewPlace>,
    ) -> OverviewPlan {
        let since = since.and_then(|moment| self.revisions.since(user, moment));
        let conversations = self
            .users
            .get(&user)
            .into_iter()
            .flat_map(|found| &found.conversations);
        let recent = conversations
            .filter(|&&id| since.is_none_or(|since| self.changed_for(user, id, since)));
        let places = recent.map(|&conversation| OverviewPlace {
            revision: self.revisions.of(conversation),
            conversation,
        });
        let mut places: Vec<_> = places
            .filter(|&place| after.is_none_or(|after| place < after))
            .collect();
        places.sort_unstable_by(|a, b| b.cmp(a));
        let is_last = places.len() <= limits::CONVERSATIONS_PER_PAGE_MAX;
        places.truncate(limits::CONVERSATIONS_PER_PAGE_MAX);
        OverviewPlan {
            since,
            next_after: places.last().copied().filter(|_| !is_last),
            places,
        }
    }

    /// Returns whether the summary of a conversation changed for a member: a summary of a direct
    /// chat contains its peer.
    fn changed_for(&self, user: UserId, id: ConversationId, since: Revision) -> bool {
        self.revisions.changed(user, id, since)
            || other_of(id, user).is_some_and(|peer| {
                let peer = self.users.get(&peer);
                peer.is_some_and(|peer| peer.record.changed > since)
            })
    }

    /// Notifies the operator of a device with a moment that is not in this server's past.
    pub(crate) fn note_moment(
        &self,
        user: UserId,
        device: DeviceId,
        since: Option<Moment>,
        batch: &mut Batch,
    ) {
        if let Some(seen) = since.and_then(|since| self.revisions.ahead(since)) {
            batch.publish(Update::Ahead { user, device, seen });
        }
    }

    #[must_use]
    pub fn overview_page(
        &self,
        actor: Actor,
        since: Option<Moment>,
        after: Option<OverviewPlace>,
    ) -> ConversationPage {
        let OverviewPlan {
            since,
            places,
            next_after,
        } = self.overview_plan(actor.user, since, after);
        ConversationPage {
            items: places
                .iter()
                .filter_map(|place| self.summary(actor, place.conversation))
                .collect(),
            gone: since
                .filter(|_| after.is_none())
                .map_or_else(Vec::new, |since| {
                    self.revisions.ended_since(actor.user, since)
                }),
            extent: if since.is_some() {
                OverviewExtent::Changed
            } else {
                OverviewExtent::All
            },
            as_of: self.revisions.moment(),
            next_after,
        }
    }

    /// A conversation as one member's device sees it, without its last entry, which the state does
    /// not hold.
    #[must_use]
    pub fn summary(&self, actor: Actor, id: ConversationId) -> Option<conversation::Conversation> {
        let (found, member) = self.membership(actor.user, id).ok()?;
        let kind = match &found.record.kind {
            KindRecord::Direct => {
                let (low, high) = id.direct_users()?;
                ConversationKind::Direct {
                    peer: self.user_info(if low == actor.user { high } else { low })?,
                }
            }
            KindRecord::Group { name } => ConversationKind::Group { name: name.clone() },
            KindRecord::Queue => ConversationKind::Queue {
                name: self.queue_name(id)?,
            },
            KindRecord::Inquiry => ConversationKind::Inquiry {
                queue: self.desk.inquiry(id)?.queue,
                visitor: self
                    .desk
                    .askers
                    .get(&id)
                    .and_then(|asker| asker.name.clone()),
            },
            &KindRecord::Back { of } => ConversationKind::Back { of },
        };
        let (base, _, unread) = found.unread(&member.record);
        Some(conversation::Conversation {
            id,
            kind,
            role: member.record.role,
            head: found.record.head,
            floor: found.floor(&member.record),
            read: member.record.own_read(),
            delivered: member.delivered(actor.device),
            unread,
            mentions: found.mentions(actor.user, &member.record, base),
            last: None,
            settings: found.settings_of(&member.record.details),
        })
    }

    /// Where push resumes for a device, in each of its user's conversations.
    pub(crate) fn feeds(&self, actor: Actor) -> Vec<Feed> {
        let ids = self
            .users
            .get(&actor.user)
            .into_iter()
            .flat_map(|found| &found.conversations);
        ids.filter_map(|&id| self.feed(actor, id)).collect()
    }

    /// Where push resumes for a device: after what it acked, and not before its floor.
    #[must_use]
    pub fn feed(&self, actor: Actor, conversation: ConversationId) -> Option<Feed> {
        let (found, member) = self.membership(actor.user, conversation).ok()?;
        let floor = found.floor(&member.record);
        let position = member
            .delivered(actor.device)
            .max(member.record.joined.prev())
            .max(floor);
        Some(Feed {
            conversation,
            position,
            floor,
        })
    }
}
