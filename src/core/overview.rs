//! What a user sees at a glance: the conversations, where he is in each, and who people are.

use std::ops::Bound;

use cairn_proto::error::ErrorCode;
use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::limits;
use cairn_proto::response::{self, ConversationKind, ConversationPage, Response};
use cairn_proto::text::UserName;

use super::command::{Actor, Feed};
use super::record::KindRecord;
use super::state::State;

impl State {
    /// The conversations that a page of the overview shows, or all of them.
    pub(super) fn overview_ids(&self, user: UserId, all: bool, after: Option<ConversationId>) -> impl Iterator<Item = ConversationId> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let most = if all { usize::MAX } else { limits::CONVERSATIONS_PER_PAGE_MAX };
        let ids = self.users.get(&user).into_iter().flat_map(move |found| found.conversations.range((from, Bound::Unbounded)));
        ids.take(most).copied()
    }

    pub(super) fn overview_page(&self, actor: Actor, after: Option<ConversationId>) -> ConversationPage {
        let ids: Vec<_> = self.overview_ids(actor.user, false, after).collect();
        let items = ids.iter().filter_map(|&id| self.summary(actor, id)).collect();
        let last = ids.last().copied().filter(|&last| self.overview_ids(actor.user, false, Some(last)).next().is_some());
        ConversationPage { items, next_after: last }
    }

    /// A conversation as one member's device sees it, but for its last entry, which is not in here.
    #[must_use]
    pub fn summary(&self, actor: Actor, id: ConversationId) -> Option<response::Conversation> {
        let (found, member) = self.membership(actor.user, id).ok()?;
        let kind = match &found.record.kind {
            KindRecord::Direct => {
                let (low, high) = id.direct_users()?;
                ConversationKind::Direct { peer: self.user_info(if low == actor.user { high } else { low })? }
            }
            KindRecord::Group { name } => ConversationKind::Group { name: name.clone() },
        };
        let (base, _, unread) = found.unread(&member.record);
        Some(response::Conversation {
            id,
            kind,
            role: member.record.role,
            head: found.record.head,
            floor: found.floor(&member.record),
            read: member.record.read,
            delivered: member.delivered(actor.device),
            unread,
            mentions: found.mentions(actor.user, base),
            last: None,
            settings: found.settings_of(&member.record.terms),
        })
    }

    /// Where push resumes for a device, in every conversation of its user.
    pub(super) fn feeds(&self, actor: Actor) -> Vec<Feed> {
        self.overview_ids(actor.user, true, None).filter_map(|id| self.feed(actor, id)).collect()
    }

    /// Where push resumes for a device in one conversation: behind what it acked, and not before it could see anything.
    #[must_use]
    pub fn feed(&self, actor: Actor, conversation: ConversationId) -> Option<Feed> {
        let (found, member) = self.membership(actor.user, conversation).ok()?;
        let position = member.delivered(actor.device).max(member.record.joined.prev()).max(found.floor(&member.record));
        Some(Feed { conversation, position })
    }

    pub(super) fn find_users(&self, names: &[UserName]) -> Result<Response, ErrorCode> {
        if names.len() > limits::USERS_PER_REQUEST_MAX {
            return Err(ErrorCode::BadRequest);
        }
        let found = names.iter().filter_map(|name| self.user_info(self.user_named(name)?));
        Ok(Response::Users(found.collect()))
    }

    pub(super) fn users_by_id(&self, ids: &[UserId]) -> Result<Response, ErrorCode> {
        if ids.len() > limits::USERS_PER_REQUEST_MAX {
            return Err(ErrorCode::BadRequest);
        }
        Ok(Response::Users(ids.iter().filter_map(|&id| self.user_info(id)).collect()))
    }
}
