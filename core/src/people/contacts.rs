//! Contacts: following, friendship and blocking, and their effect on direct chats.

use cairn_proto::ids::{Timestamp, UserId};
use cairn_proto::limits::CONTACTS_PER_PAGE_MAX;
use cairn_proto::model::people::{Contact, ContactPage, Friendship, Relation, RelationAct};
use cairn_proto::model::receipts::Reads;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::people::{ListContacts, Relate};

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::command::GrantFocus;
use crate::api::update::Update;
use crate::command::{Command, Context, Handle, Visits};
use crate::limits::BLOCKS_MAX;
use crate::permission::{Action, DirectChatBlock};
use crate::prefetch::Load;
use crate::record::{RelationChunk, Row, StoredRelation};
use crate::state::State;
use crate::state::relations::Relations;
use crate::state::settings::values::DirectChats;

impl Handle for Relate {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.relations_of([actor.user, self.user], loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<Contact, ErrorCode> {
        let Context { actor, batch, .. } = context;
        let Self { user: other, act } = self;
        let user = actor.user;
        if other == user {
            return Err(ErrorCode::BadRequest);
        }
        if !state.may_see(user, other) {
            return Err(ErrorCode::NoSuchUser);
        }
        let (before, theirs) = (state.relation(user, other), state.relation(other, user));
        let is_delivered = !theirs.blocks && (theirs.is_contact() || state.may_add_contact(other));
        let (own, theirs) = decide(act, before, theirs, is_delivered)?;
        let begins = matches!(
            act,
            RelationAct::Follow | RelationAct::AskFriend | RelationAct::AcceptFriend
        );
        if begins && own != before && !state.is_active(other) {
            return Err(ErrorCode::Deactivated);
        }
        let is_full = own.is_contact() && !before.is_contact() && !state.may_add_contact(user);
        if is_full || (own.blocks && !before.blocks && !state.may_add_block(user)) {
            return Err(ErrorCode::LimitReached);
        }
        for (whose, with, relation) in [(user, other, own), (other, user, theirs)] {
            if state.relation(whose, with) != relation {
                state.make(
                    &Change::Relation {
                        user: whose,
                        other: with,
                        relation,
                    },
                    batch,
                );
                if let Some(contact) = state.contact(whose, with) {
                    batch.publish(Update::Related {
                        user: whose,
                        contact: Box::new(contact),
                    });
                }
            }
        }
        state.contact(user, other).ok_or(ErrorCode::NoSuchUser)
    }
}

impl Handle for ListContacts {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.relations_of([actor.user], loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<ContactPage, ErrorCode> {
        let Context { actor, .. } = context;
        let Self { after } = self;
        let mut ids: Vec<UserId> = Vec::new();
        if let Some(relations) = state.relations(actor.user) {
            ids.extend(
                relations
                    .after(after)
                    .map(|(other, _)| other)
                    .take(CONTACTS_PER_PAGE_MAX + 1),
            );
        }
        let is_last = ids.len() <= CONTACTS_PER_PAGE_MAX;
        ids.truncate(CONTACTS_PER_PAGE_MAX);
        let next_after = ids.last().copied().filter(|_| !is_last);
        Ok(ContactPage {
            items: ids
                .iter()
                .filter_map(|&other| state.contact(actor.user, other))
                .collect(),
            next_after,
        })
    }
}

impl Command for GrantFocus {
    type Answer = Reads;
    type Found = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        if let Some(conversation) = self.conversation {
            state.own_membership(conversation, self.actor.user, loads);
            state.relations_in(conversation, self.actor.user, loads);
            state.visiting(self.actor, Visits::In(conversation), loads);
        }
    }

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        _: &mut Batch,
    ) -> Result<Reads, ErrorCode> {
        let Self {
            actor,
            conversation,
        } = self;
        state.check_requester(actor, conversation.map_or(Visits::Own, Visits::In))?;
        if let Some(conversation) = conversation {
            state.check(actor.user, conversation, Action::Focus, now)?;
        }
        Ok(state.reads(actor.user))
    }
}

impl State {
    fn may_add_contact(&self, user: UserId) -> bool {
        let is_contact = |&(_, relation): &(UserId, Relation)| relation.is_contact();
        let count = self.relations(user).map_or(0, |relations| {
            relations.after(None).filter(is_contact).count()
        });
        count < self.settings().contacts_max.get()
    }

    /// Blocks have a limit of their own, so that a user flooded with requests can always block the
    /// senders.
    fn may_add_block(&self, user: UserId) -> bool {
        let blocks = |&(_, relation): &(UserId, Relation)| relation.blocks;
        self.relations(user)
            .map_or(0, |relations| relations.after(None).filter(blocks).count())
            < BLOCKS_MAX
    }

    /// The relation of `user` to `other`, as shown to `user`.
    #[must_use]
    pub fn contact(&self, user: UserId, other: UserId) -> Option<Contact> {
        Some(Contact {
            user: self.user_info(other)?,
            relation: self.relation(user, other),
        })
    }

    /// What prevents `user` from writing to `other`.
    pub(crate) fn direct_chat_block(&self, user: UserId, other: UserId) -> DirectChatBlock {
        let (own, theirs) = (self.relation(user, other), self.relation(other, user));
        if own.blocks {
            DirectChatBlock::BlockedByAsker
        } else if !theirs.blocks && !self.is_active(other) {
            DirectChatBlock::Deactivated
        } else if self.settings().direct_chats == DirectChats::Friends
            && own.friendship != Friendship::Friends
        {
            DirectChatBlock::NoFriends {
                is_blocked: theirs.blocks,
            }
        } else if theirs.blocks {
            DirectChatBlock::BlockedByOther
        } else {
            DirectChatBlock::None
        }
    }
}

/// Both sides of a relation after an act of the first. `is_delivered` is whether the other side
/// sees a request.
///
/// Neither side of a block learns about it: the user who blocks sees no request, and the blocked
/// user's request stays unanswered. It still counts if the other side sends a request in turn, and
/// is delivered when repeated after the block. The same goes for a request to a user with too many
/// contacts.
fn decide(
    act: RelationAct,
    own: Relation,
    theirs: Relation,
    is_delivered: bool,
) -> Result<(Relation, Relation), ErrorCode> {
    use Friendship::{Asked, Friends, Invited, None};
    let both = |mine, yours| {
        (
            Relation {
                friendship: mine,
                ..own
            },
            Relation {
                friendship: yours,
                ..theirs
            },
        )
    };
    Ok(match act {
        RelationAct::Follow if own.blocks => return Err(ErrorCode::Blocked),
        RelationAct::Follow => (
            Relation {
                follows: true,
                ..own
            },
            theirs,
        ),
        RelationAct::Unfollow => (
            Relation {
                follows: false,
                ..own
            },
            theirs,
        ),
        RelationAct::AskFriend if own.blocks => return Err(ErrorCode::Blocked),
        RelationAct::AskFriend => match (own.friendship, theirs.friendship) {
            (Friends, _) => (own, theirs),
            (Invited, _) | (None | Asked, Asked) => both(Friends, Friends),
            (None | Asked, _) if is_delivered => both(Asked, Invited),
            (None | Asked, _) => both(Asked, theirs.friendship),
        },
        RelationAct::AcceptFriend => match own.friendship {
            Friends => (own, theirs),
            Invited => both(Friends, Friends),
            None | Asked => return Err(ErrorCode::NotAsked),
        },
        RelationAct::DeclineFriend if own.friendship == Invited => both(None, None),
        RelationAct::DeclineFriend => (own, theirs),
        RelationAct::RemoveFriend => match own.friendship {
            Friends | Asked => both(None, None),
            None | Invited => (own, theirs),
        },
        RelationAct::Block => {
            let left = if theirs.friendship == Asked {
                Asked
            } else {
                None
            };
            (
                Relation {
                    follows: false,
                    friendship: None,
                    blocks: true,
                },
                Relation {
                    friendship: left,
                    ..theirs
                },
            )
        }
        RelationAct::Unblock => (
            Relation {
                blocks: false,
                ..own
            },
            theirs,
        ),
    })
}

impl State {
    /// A user's relations, if in memory.
    #[must_use]
    pub fn relations(&self, user: UserId) -> Option<&Relations> {
        self.relations.get(&user)
    }

    /// The relation of `user` to `other`.
    pub(crate) fn relation(&self, user: UserId, other: UserId) -> Relation {
        self.relations
            .get(&user)
            .map(|relations| relations.to(other))
            .unwrap_or_default()
    }

    /// Returns whether a user's relations are in memory. Unknown users have none to load.
    pub(crate) fn knows_relations(&self, user: UserId) -> bool {
        self.relations.contains_key(&user) || !self.users.contains_key(&user)
    }

    pub(crate) fn apply_relation(&mut self, user: UserId, other: UserId, relation: Relation) {
        self.blockers.note(user, other, relation.blocks);
        let Some(relations) = self.relations.get_mut(&user) else {
            return;
        };
        relations.set(other, relation);
        self.dirty
            .relations
            .insert((user, RelationChunk::of(other)));
    }

    /// Installs the blocks among stored relations.
    pub fn install_blocks(&mut self, user: UserId, stored: &[StoredRelation]) {
        for &(other, _) in stored.iter().filter(|(_, relation)| relation.blocks) {
            self.blockers.note(user, other, true);
        }
    }

    /// Installs stored relations. Those in memory stay: they may be newer.
    pub fn install_relations(&mut self, user: UserId, stored: Vec<StoredRelation>) {
        self.relations
            .entry(user)
            .or_insert_with(|| Relations::from_stored(stored));
    }

    pub(crate) fn take_relations(&mut self, rows: &mut Vec<Row>) {
        for (user, chunk) in std::mem::take(&mut self.dirty.relations) {
            rows.extend(
                self.relations
                    .get(&user)
                    .map(|relations| Row::Relations(user, chunk, relations.stored(chunk))),
            );
        }
    }

    pub(crate) fn relations_bytes(&self) -> usize {
        self.relations.values().map(Relations::memory_bytes).sum()
    }

    /// Evicts the relations that are stored.
    pub(crate) fn evict_relations(&mut self) {
        let dirty = &self.dirty.relations;
        let chunks_of = |user| (user, RelationChunk::new(0))..=(user, RelationChunk::new(u32::MAX));
        self.relations
            .retain(|&user, _| dirty.range(chunks_of(user)).next().is_some());
    }
}
