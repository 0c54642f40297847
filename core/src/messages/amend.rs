//! Recalls and reactions: an entry in the log records the amendment, and the message itself
//! is rewritten in place.

use cairn_proto::content::body::{Amendment, Body};
use cairn_proto::content::extras::{Extras, Reaction};
use cairn_proto::content::message::Entry;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp};
use cairn_proto::limits::{REACTION_KINDS_MAX, REACTIONS_MAX};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::message::{React, Recall, Unreact};

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::command::{Context, Handle};
use crate::permission::{Action, Authorship};
use crate::prefetch::Load;
use crate::state::State;

impl Handle for Recall {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.message_with_file(actor.user, self.conversation, self.msgid, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self {
            conversation,
            msgid,
        } = self;
        let entry = state.message(actor, conversation, msgid)?;
        let authorship = match state.authorship(&entry, entry.sender == actor.user, now) {
            // Recalling a recalled message again always succeeds, so a retry after the window does
            // not fail.
            Authorship::OwnExpired if !entry.body.is_message() => Authorship::Own,
            authorship => authorship,
        };
        state.check(actor.user, conversation, Action::Recall(authorship), now)?;
        if matches!(entry.body, Body::Recalled { .. }) {
            return Ok(());
        }
        if !entry.body.is_message() {
            return Err(ErrorCode::NoSuchMessage);
        }
        state.append_amendment(
            actor,
            conversation,
            Amendment::Recalled { msgid },
            now,
            batch,
        );
        state.supersede_edit(conversation, msgid, &entry, batch);
        state.drop_pin(conversation, msgid, batch);
        state.drop_ref(conversation, msgid, batch);
        let body = Body::Recalled { by: actor.user };
        state.rewrite(
            conversation,
            msgid,
            &Entry {
                body,
                extras: Extras::NONE,
                ..entry
            },
            batch,
        );
        Ok(())
    }
}

impl Handle for React {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.message_of(actor.user, self.conversation, self.msgid, loads);
        state.relations_in(self.conversation, actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self {
            conversation,
            msgid,
            emoji,
        } = self;
        state.check(actor.user, conversation, Action::React, now)?;
        let entry = state.message(actor, conversation, msgid)?;
        check_is_message(&entry.body)?;
        let mut reactions = entry.extras.reactions().to_vec();
        let (kinds, count) = (
            reactions.len(),
            reactions
                .iter()
                .map(|reaction| reaction.users.len())
                .sum::<usize>(),
        );
        match reactions
            .iter_mut()
            .find(|reaction| reaction.emoji == emoji)
        {
            Some(reaction) if reaction.users.contains(&actor.user) => return Ok(()),
            _ if count >= REACTIONS_MAX => return Err(ErrorCode::LimitReached),
            Some(reaction) => reaction.users.push(actor.user),
            None if kinds >= REACTION_KINDS_MAX => return Err(ErrorCode::LimitReached),
            None => reactions.push(Reaction {
                emoji: emoji.clone(),
                users: vec![actor.user],
            }),
        }
        let extras = entry.extras.with_reactions(reactions);
        state.append_amendment(
            actor,
            conversation,
            Amendment::Reacted { msgid, emoji },
            now,
            batch,
        );
        state.rewrite(conversation, msgid, &Entry { extras, ..entry }, batch);
        Ok(())
    }
}

impl Handle for Unreact {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.message_of(actor.user, self.conversation, self.msgid, loads);
        state.relations_in(self.conversation, actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self {
            conversation,
            msgid,
            emoji,
        } = self;
        state.check(actor.user, conversation, Action::React, now)?;
        let entry = state.message(actor, conversation, msgid)?;
        if matches!(entry.body, Body::Recalled { .. }) {
            return Err(ErrorCode::Recalled);
        }
        let mut reactions = entry.extras.reactions().to_vec();
        let is_own =
            |reaction: &Reaction| reaction.emoji == emoji && reaction.users.contains(&actor.user);
        let Some(own) = reactions.iter_mut().find(|reaction| is_own(reaction)) else {
            return Ok(());
        };
        own.users.retain(|&user| user != actor.user);
        reactions.retain(|reaction| !reaction.users.is_empty());
        let extras = entry.extras.with_reactions(reactions);
        state.append_amendment(
            actor,
            conversation,
            Amendment::Unreacted { msgid, emoji },
            now,
            batch,
        );
        state.rewrite(conversation, msgid, &Entry { extras, ..entry }, batch);
        Ok(())
    }
}

/// Checks that an entry is a message, and was not recalled.
pub(crate) const fn check_is_message(body: &Body) -> Result<(), ErrorCode> {
    match body {
        Body::Recalled { .. } => Err(ErrorCode::Recalled),
        body if body.is_message() => Ok(()),
        _ => Err(ErrorCode::NoSuchMessage),
    }
}

impl State {
    pub(crate) fn message(
        &self,
        actor: Actor,
        conversation: ConversationId,
        msgid: MsgId,
    ) -> Result<Entry, ErrorCode> {
        let (found, member) = self.membership(actor.user, conversation)?;
        found.check_unexpired(msgid)?;
        let entry = self
            .entries
            .get(&(conversation, msgid))
            .filter(|_| found.shows(&member.record, msgid));
        entry.cloned().ok_or(ErrorCode::NoSuchMessage)
    }

    pub(crate) fn append_amendment(
        &mut self,
        actor: Actor,
        conversation: ConversationId,
        amendment: Amendment,
        now: Timestamp,
        batch: &mut Batch,
    ) -> (MsgId, Timestamp) {
        self.append_amendment_with(actor, conversation, amendment, &Extras::NONE, now, batch)
    }

    /// As [`State::append_amendment`], with extras of the entry.
    pub(crate) fn append_amendment_with(
        &mut self,
        actor: Actor,
        conversation: ConversationId,
        amendment: Amendment,
        extras: &Extras,
        now: Timestamp,
        batch: &mut Batch,
    ) -> (MsgId, Timestamp) {
        let at = self
            .conversations
            .get(&conversation)
            .map_or(now, |found| found.not_before_last(now));
        (
            self.append_system_with(
                conversation,
                actor.user,
                now,
                (&Body::Amendment(amendment), extras),
                batch,
            ),
            at,
        )
    }

    /// Authorship of an entry for the user who wants to change it. A message from the future, sent
    /// under a wrong clock, counts as sent now.
    pub(crate) fn authorship(&self, entry: &Entry, is_own: bool, now: Timestamp) -> Authorship {
        let minutes = now.get().saturating_sub(entry.sent_at.get()) / 60_000;
        match is_own {
            false => Authorship::Others,
            true if minutes >= self.settings().amend_minutes.get() as u64 => Authorship::OwnExpired,
            true => Authorship::Own,
        }
    }

    /// Replaces the text in the entry of an earlier edit, so that it does not outlive the next
    /// edit.
    pub(crate) fn supersede_edit(
        &mut self,
        conversation: ConversationId,
        msgid: MsgId,
        edited: &Entry,
        batch: &mut Batch,
    ) {
        if let Some((sent_at, edit)) = edited.extras.edited() {
            let body = Body::Amendment(Amendment::Edited { msgid, text: None });
            self.rewrite(
                conversation,
                edit,
                &Entry {
                    sender: edited.sender,
                    sent_at,
                    body,
                    extras: Extras::NONE,
                },
                batch,
            );
        }
    }

    pub(crate) fn rewrite(
        &mut self,
        conversation: ConversationId,
        msgid: MsgId,
        entry: &Entry,
        batch: &mut Batch,
    ) {
        batch.push_rewritten(conversation, msgid, entry);
        self.apply(&Change::Rewritten {
            conversation,
            msgid,
            is_message: entry.body.is_message(),
        });
    }
}

/// Entries loaded for the current command.
impl State {
    /// Installs an entry as the open batch leaves it.
    pub fn install_entry(&mut self, conversation: ConversationId, msgid: MsgId, entry: Entry) {
        self.entries.entry((conversation, msgid)).or_insert(entry);
    }

    /// Evicts all entries. The next command reloads them, because the batch may have rewritten
    /// them.
    pub fn evict_entries(&mut self) {
        self.entries.clear();
    }
}
