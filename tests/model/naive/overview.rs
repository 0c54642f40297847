//! Overviews of the model: the state is compared before and after each command, and changes are
//! recorded by batch.

use std::collections::BTreeMap;

use cairn_core::api::actor::Actor;
use cairn_core::limits::EPOCHS_MAX;
use cairn_proto::ids::{ConversationId, EpochId, MsgId, Revision, Timestamp, UserId};
use cairn_proto::limits::CONVERSATIONS_PER_PAGE_MAX;
use cairn_proto::model::conversation::Conversation;
use cairn_proto::model::group::Role;
use cairn_proto::model::notification::Notifications;
use cairn_proto::model::user::UserInfo;
use cairn_proto::wire::overview::{ConversationPage, Moment, OverviewExtent, OverviewPlace};
use proptest::prop_assert_eq;
use proptest::test_runner::TestCaseError;

use super::{Member, Naive};

/// Change stamps, as batch numbers.
#[derive(Clone, Debug)]
pub(in crate::model) struct Changes {
    /// The batch that is being filled.
    pub(in crate::model) open: u64,
    /// By server start, its epoch and first batch.
    pub(in crate::model) epochs: Vec<(EpochId, u64)>,
    conversations: BTreeMap<ConversationId, u64>,
    memberships: BTreeMap<(UserId, ConversationId), u64>,
    pub(in crate::model) users: BTreeMap<UserId, u64>,
    pub(in crate::model) ended: BTreeMap<(UserId, ConversationId), u64>,
    /// Heads and floors of each log, and the state of its members.
    seen: BTreeMap<ConversationId, Seen>,
    /// What others see of each user.
    shown: BTreeMap<UserId, UserInfo>,
}

type Seen = ((usize, MsgId), BTreeMap<UserId, Standing>);

type Standing = (
    Role,
    [MsgId; 4],
    Timestamp,
    (Notifications, bool),
    Option<MsgId>,
);

fn standing(member: &Member) -> Standing {
    let &Member {
        role,
        joined,
        read,
        told,
        floor,
        muted_until,
        notifications,
        favourite,
        hidden_at,
        ..
    } = member;
    (
        role,
        [joined, read, told, floor],
        muted_until,
        (notifications, favourite),
        hidden_at,
    )
}

impl Default for Changes {
    fn default() -> Self {
        let (conversations, memberships) = (BTreeMap::new(), BTreeMap::new());
        Self {
            open: 1,
            epochs: Vec::new(),
            conversations,
            memberships,
            users: BTreeMap::new(),
            ended: BTreeMap::new(),
            seen: BTreeMap::new(),
            shown: BTreeMap::new(),
        }
    }
}

impl Naive {
    pub(in crate::model) fn begin_epoch(&mut self, epoch: EpochId) {
        self.changes.epochs.push((epoch, self.changes.open));
        let excess = self.changes.epochs.len().saturating_sub(EPOCHS_MAX);
        self.changes.epochs.drain(..excess);
    }

    /// Records the changes of the last command.
    pub(in crate::model) fn note_changes(&mut self) {
        let infos: Vec<_> = self.users.keys().filter_map(|&id| self.info(id)).collect();
        for info in infos {
            if self.changes.shown.get(&info.id) != Some(&info) {
                self.changes.users.insert(info.id, self.changes.open);
                self.changes.shown.insert(info.id, info);
            }
        }
        let Changes {
            open,
            conversations,
            memberships,
            ended,
            seen,
            ..
        } = &mut self.changes;
        for (&id, found) in &self.conversations {
            let (extent, members) = seen.entry(id).or_default();
            if *extent != (found.log.len(), found.floor) {
                *extent = (found.log.len(), found.floor);
                conversations.insert(id, *open);
            }
            let now: BTreeMap<_, _> = found
                .members
                .iter()
                .map(|(&user, member)| (user, standing(member)))
                .collect();
            for &user in now.keys().filter(|user| now.get(user) != members.get(user)) {
                memberships.insert((user, id), *open);
                ended.remove(&(user, id));
            }
            for &user in members.keys().filter(|user| !now.contains_key(user)) {
                memberships.remove(&(user, id));
                ended.insert((user, id), *open);
            }
            *members = now;
        }
    }

    /// Records that entries name a user who is no member.
    pub(in crate::model) fn name_sender(&mut self, id: ConversationId, user: UserId) {
        if id.is_numbered() && !self.conversations[&id].members.contains_key(&user) {
            let at = self.changes.open;
            self.changes.ended.entry((user, id)).or_insert(at);
        }
    }

    /// Returns the batch of a moment, if the server knows it.
    pub(super) fn past(&self, moment: Moment) -> Option<u64> {
        let Changes { open, epochs, .. } = &self.changes;
        let at = epochs
            .iter()
            .position(|&(epoch, _)| epoch == moment.epoch)?;
        let end = epochs.get(at + 1).map_or(*open, |&(_, first)| first);
        let revision = moment.revision.get();
        (revision + 1 >= epochs[at].1 && revision < end).then_some(revision)
    }

    pub(in crate::model) fn overview(
        &self,
        actor: Actor,
        since: Option<Moment>,
        after: Option<OverviewPlace>,
    ) -> ConversationPage {
        let since = since.and_then(|moment| self.past(moment));
        let Changes {
            open,
            epochs,
            conversations,
            memberships,
            users,
            ended,
            ..
        } = &self.changes;
        let user = actor.user;
        let peer_changed = |id: ConversationId| {
            id.direct_users().map_or(0, |(low, high)| {
                users[if low == user { &high } else { &low }]
            })
        };
        let changed = |id: ConversationId| {
            let own = conversations[&id].max(memberships[&(user, id)]);
            own.max(peer_changed(id))
        };
        let mut places = Vec::new();
        for id in self
            .conversations_of(user)
            .into_iter()
            .filter(|&id| since.is_none_or(|since| changed(id) > since))
        {
            let place = OverviewPlace {
                revision: Revision::new(conversations[&id]),
                conversation: id,
            };
            if after.is_none_or(|after| place < after) {
                places.push(place);
            }
        }
        assert!(
            places.len() <= CONVERSATIONS_PER_PAGE_MAX,
            "the model has one page only"
        );
        places.sort_unstable();
        let gone = ended.iter().filter(|&(&(of, _), &at)| {
            of == user && after.is_none() && since.is_some_and(|since| at > since)
        });
        let epoch = epochs.last().map_or(EpochId::new(0), |&(epoch, _)| epoch);
        ConversationPage {
            items: places
                .into_iter()
                .rev()
                .filter_map(|place| self.summary(actor, place.conversation))
                .collect(),
            gone: gone.map(|(&(_, id), _)| id).collect(),
            extent: if since.is_some() {
                OverviewExtent::Changed
            } else {
                OverviewExtent::All
            },
            as_of: Moment {
                epoch,
                revision: Revision::new(open - 1),
            },
            next_after: None,
        }
    }
}

/// The overview that a device stores, maintained from changes alone.
#[derive(Clone, Debug, Default)]
pub(in crate::model) struct Kept {
    pub(in crate::model) as_of: Option<Moment>,
    conversations: BTreeMap<ConversationId, Conversation>,
}

impl Kept {
    pub(in crate::model) fn take(&mut self, page: ConversationPage) {
        if page.extent == OverviewExtent::All {
            self.conversations.clear();
        }
        self.conversations.retain(|id, _| !page.gone.contains(id));
        self.conversations
            .extend(page.items.into_iter().map(|item| (item.id, item)));
        self.as_of = Some(page.as_of);
    }

    /// Checks that it equals a full overview, except for the device's own delivered cursors.
    pub(in crate::model) fn check(&self, actor: Actor, naive: &Naive) -> Result<(), TestCaseError> {
        let everything = naive
            .overview(actor, None, None)
            .items
            .into_iter()
            .map(|item| (item.id, item));
        let mut expected: BTreeMap<_, _> = everything.collect();
        for (id, item) in &mut expected {
            let Some(kept) = self.conversations.get(id) else {
                continue;
            };
            item.delivered = kept.delivered;
        }
        prop_assert_eq!(&self.conversations, &expected, "what {:?} keeps", actor);
        Ok(())
    }
}
