//! Edits: the words of a message, and whom it mentions. An entry in the log records the edit, and
//! the message itself is rewritten in place.

use cairn_proto::content::body::Amendment;
use cairn_proto::content::extras::{Extra, Extras};
use cairn_proto::content::message::Entry;
use cairn_proto::ids::Timestamp;
use cairn_proto::text::Text;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::message::{Edit, EditMentioning};

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::command::{Context, Handle};
use crate::messages::amend::check_is_message;
use crate::permission::Action;
use crate::prefetch::Load;
use crate::state::State;

impl Handle for Edit {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.message_of(actor.user, self.conversation, self.msgid, loads);
        state.relations_in(self.conversation, actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        state.edit(actor, self, None, now, batch)
    }
}

impl Handle for EditMentioning {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        let &Self {
            conversation,
            msgid,
            ..
        } = self;
        state.message_of(actor.user, conversation, msgid, loads);
        state.relations_in(conversation, actor.user, loads);
        state.mentioning(conversation, actor.user, &self.mentions, loads);
        if let Some(entry) = state.entries.get(&(conversation, msgid)) {
            state.mentioning(conversation, actor.user, &entry.extras, loads);
            if entry.extras.mentions_all() && !self.mentions.mentions_all() {
                state.mentions_of_all(actor.user, conversation, loads);
            }
        }
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self {
            conversation,
            msgid,
            text,
            mentions,
        } = self;
        let is_mention = |extra: &Extra| matches!(extra, Extra::Mention(_) | Extra::MentionAll);
        if !mentions.iter().all(is_mention) {
            return Err(ErrorCode::BadRequest);
        }
        let edit = Edit {
            conversation,
            msgid,
            text,
        };
        state.edit(actor, edit, Some(&mentions), now, batch)
    }
}

impl State {
    /// Edits a message. `mentions` replaces those of the message, if it is given.
    fn edit(
        &mut self,
        actor: Actor,
        edit: Edit,
        mentions: Option<&Extras>,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), ErrorCode> {
        let Edit {
            conversation,
            msgid,
            text,
        } = edit;
        let entry = self.message(actor, conversation, msgid)?;
        check_is_message(&entry.body)?;
        let text = if text.is_blank() { Text::none() } else { text };
        let body = entry
            .body
            .with_words(&text)
            .ok_or(ErrorCode::NoSuchMessage)?;
        // Forwarded text belongs to its first author.
        let is_own = entry.sender == actor.user && entry.extras.forwarded().is_none();
        self.check(
            actor.user,
            conversation,
            Action::Edit(self.authorship(&entry, is_own, now)),
            now,
        )?;
        let body = body.map_err(|_| ErrorCode::BadRequest)?;
        // A file needs no caption.
        if text.is_blank() && body.attachment().is_none() {
            return Err(ErrorCode::EmptyMessage);
        }
        let mentions = match mentions {
            Some(mentions) => {
                self.check_new_mentions(actor.user, conversation, &entry.extras, mentions, now)?;
                mentions.clone()
            }
            None => entry.extras.mentions(),
        };
        if entry.body == body && entry.extras.mentions() == mentions {
            return Ok(());
        }
        let amendment = Amendment::Edited {
            msgid,
            text: Some(text),
        };
        let (edit, at) =
            self.append_amendment_with(actor, conversation, amendment, &mentions, now, batch);
        self.supersede_edit(conversation, msgid, &entry, batch);
        let extras = entry.extras.with_mentions(&mentions);
        self.change_mentions(conversation, msgid, (&entry, &extras), batch);
        let extras = extras.with_edit(at, edit);
        self.rewrite(
            conversation,
            msgid,
            &Entry {
                body,
                extras,
                ..entry
            },
            batch,
        );
        Ok(())
    }
}
