//! Drafts and the outbox.

use cairn_client::MentionNames;
use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::limits::CAPTION_BYTES_MAX;
use cairn_client::proto::model::conversation::ConversationKind;
use cairn_client::proto::model::group::Role;
use cairn_client::proto::text::Text;

use super::{Effect, Model, Part, StoreOp};
use crate::limits;
use crate::outbox::{Aim, Draft, DraftFile, Failure, LocalId, Outgoing};

/// Drafts
impl Model {
    pub(super) fn set_draft(&mut self, draft: Draft) {
        let draft = draft.bounded();
        let id = draft.conversation;
        let is_full = self.drafts.len() >= limits::DRAFTS_MAX && !self.drafts.contains_key(&id);
        if draft.is_empty() || is_full {
            self.drop_draft(id);
        } else if self.drafts.get(&id) != Some(&draft) {
            self.effects
                .push(Effect::Store(StoreOp::Draft(draft.clone())));
            self.drafts.insert(id, draft);
        }
        self.touch_listed(id);
    }

    fn drop_draft(&mut self, id: ConversationId) {
        if self.drafts.remove(&id).is_some() {
            self.store_no_draft(id);
        }
    }

    /// The composer is empty. An edit on its way stays in the store.
    fn store_no_draft(&mut self, id: ConversationId) {
        let mut newest = self.edits.iter().rev();
        let edit = newest.find(|edit| edit.conversation == id);
        let op = match edit {
            Some(edit) => StoreOp::Draft(edit.clone()),
            None => StoreOp::NoDraft(id),
        };
        self.effects.push(Effect::Store(op));
    }

    /// Requests an edit. Until the server has it, it is stored as the draft that it was: the next
    /// start finds it again.
    fn edit(&mut self, draft: Draft, msgid: MsgId) {
        let id = draft.conversation;
        if self.edits.len() == limits::EDITS_MAX {
            return self.keep(draft, Failure::OutboxFull);
        }
        if self.drafts.remove(&id).as_ref() != Some(&draft) {
            let stored = StoreOp::Draft(draft.clone());
            self.effects.push(Effect::Store(stored));
        }
        let mentions = self.mentions_after_edit(id, msgid, &draft.words);
        self.edits.push(draft.clone());
        let draft = Box::new(draft);
        self.effects.push(Effect::Edit { draft, mentions });
        self.touch(Part::Draft(id));
        self.touch_listed(id);
    }

    fn end_edit(&mut self, draft: &Draft) {
        let at = self.edits.iter().position(|edit| edit == draft);
        at.map(|at| self.edits.remove(at));
    }

    /// The server has an edit.
    pub(super) fn edited(&mut self, draft: &Draft) {
        self.end_edit(draft);
        if !self.drafts.contains_key(&draft.conversation) {
            self.store_no_draft(draft.conversation);
        }
    }

    /// The client has ended: whether the server has the edits on their way is not known.
    pub(super) fn refuse_edits(&mut self) {
        for edit in std::mem::take(&mut self.edits) {
            self.refuse(edit, Failure::Ended);
        }
    }

    /// A draft cannot be sent: it stays, unless another one was begun.
    pub(super) fn refuse(&mut self, draft: Draft, why: Failure) {
        self.end_edit(&draft);
        let conversation = draft.conversation;
        if !self.drafts.contains_key(&conversation) {
            self.set_draft(draft);
        }
        self.effects.push(Effect::Refuse { conversation, why });
        self.touch(Part::Draft(conversation));
    }

    /// Sends a draft: as an edit, or as one message for the words and one for each file.
    pub(super) fn send(&mut self, draft: Draft) {
        let draft = draft.bounded();
        let id = draft.conversation;
        let messages = match self.messages(&draft) {
            Ok(messages) if self.outbox.fits(messages.len()) => messages,
            Ok(_) => return self.keep(draft, Failure::OutboxFull),
            Err(why) => return self.keep(draft, why),
        };
        if let Aim::Edit(msgid) = draft.aim {
            return self.edit(draft, msgid);
        }
        self.drop_draft(id);
        let head = self.head(id);
        for what in messages {
            let kept = self.outbox.push(id, what, self.now, head);
            self.effects.extend(kept);
        }
        self.touch(Part::Draft(id));
        self.touch_listed(id);
        self.touch_outbox();
    }

    /// A draft cannot be sent: it is the draft of its conversation again.
    fn keep(&mut self, draft: Draft, why: Failure) {
        let conversation = draft.conversation;
        self.set_draft(draft);
        self.effects.push(Effect::Refuse { conversation, why });
        self.touch(Part::Draft(conversation));
    }

    fn messages(&self, draft: &Draft) -> Result<Vec<Outgoing>, Failure> {
        let id = draft.conversation;
        if !self.chats.contains_key(&id) {
            let code = cairn_client::ErrorCode::NotFound;
            return Err(Failure::Refused(code));
        }
        let words = Text::new(draft.words.as_str()).map_err(|_| Failure::TooLong)?;
        if words.is_blank() && draft.files.is_empty() && !self.is_of_caption(draft) {
            return Err(Failure::Empty);
        }
        let mut reply_to = match draft.aim {
            Aim::Edit(_) => return Ok(Vec::new()),
            Aim::Reply(msgid) => Some(msgid),
            Aim::New | Aim::Emote => None,
        };
        // One file carries the words; several follow them.
        let is_caption = draft.files.len() == 1 && draft.words.len() <= CAPTION_BYTES_MAX;
        let mut messages = Vec::new();
        if !words.is_blank() && !is_caption {
            let extras = self.mentions(id, words.as_str(), reply_to.take());
            let body = match draft.aim {
                Aim::Emote => Body::Emote(words),
                _ => Body::Text(words),
            };
            messages.push(Outgoing::Message { body, extras });
        }
        for file in &draft.files {
            let caption = match is_caption {
                true => draft.words.clone(),
                false => String::new(),
            };
            messages.push(outgoing_file(file, caption, reply_to.take()));
        }
        Ok(messages)
    }

    /// Whether a draft edits the caption of a file, which may be removed.
    fn is_of_caption(&self, draft: &Draft) -> bool {
        let Aim::Edit(msgid) = draft.aim else {
            return false;
        };
        let entry = self.entry(draft.conversation, msgid);
        entry.is_some_and(|entry| entry.body.attachment().is_some())
    }

    fn names(&self, id: ConversationId) -> Option<MentionNames> {
        let chat = self.chats.get(&id)?;
        if let ConversationKind::Direct { peer } = &chat.kind {
            let me = self.users.get(&self.options.me);
            let names = [Some(peer), me].into_iter().flatten();
            let names = names.map(|user| (user.name.as_str(), user.id));
            return Some(MentionNames::new(names, false));
        }
        let members = chat.details.as_ref()?.members.keys();
        let users = members.filter_map(|user| self.users.get(user));
        let names = users.map(|user| (user.name.as_str(), user.id));
        Some(MentionNames::new(names, chat.role >= Role::Admin))
    }

    fn mentions(&self, id: ConversationId, words: &str, reply_to: Option<MsgId>) -> Extras {
        let extras = reply_to.map_or(Extras::NONE, Extras::reply_to);
        match self.names(id).filter(|_| words.contains('@')) {
            Some(names) => names.add(&names.find(words).found, &extras),
            None => extras,
        }
    }

    fn mentions_after_edit(&self, id: ConversationId, msgid: MsgId, words: &str) -> Extras {
        let before = self.chats.get(&id).and_then(|chat| {
            let entry = chat.log.get(msgid)?;
            Some(entry.to_message(id, msgid))
        });
        match (self.names(id), before) {
            (Some(names), before) => names.after_edit(before.as_ref(), &names.find(words).found),
            (None, Some(before)) => before.extras.mentions(),
            (None, None) => Extras::NONE,
        }
    }
}

fn outgoing_file(file: &DraftFile, caption: String, reply_to: Option<MsgId>) -> Outgoing {
    Outgoing::File {
        file: file.clone(),
        caption,
        reply_to,
    }
}

/// The outbox
impl Model {
    pub(super) fn advance_outbox(&mut self) {
        if self.link.is_online() {
            let effects = self.outbox.advance();
            if !effects.is_empty() {
                self.effects.extend(effects);
                self.touch_outbox();
            }
        }
        for id in self.windows.clone() {
            self.place_divider(id);
        }
    }

    pub(super) fn touch_outbox(&mut self) {
        self.touch(Part::Outbox);
        self.touch(Part::List);
        let mut changed: Vec<_> = self
            .outbox
            .items()
            .map(|item| item.saved.conversation)
            .collect();
        changed.sort_unstable();
        changed.dedup();
        for id in changed {
            self.touch_listed(id);
            self.touch_window(id);
        }
    }

    pub(super) fn forward(&mut self, from: ConversationId, msgid: MsgId, to: ConversationId) {
        if !self.outbox.fits(1) {
            let why = Failure::OutboxFull;
            let conversation = to;
            return self.effects.push(Effect::Refuse { conversation, why });
        }
        let what = Outgoing::Forward { from, msgid };
        let head = self.head(to);
        let kept = self.outbox.push(to, what, self.now, head);
        self.effects.extend(kept);
        self.touch_outbox();
    }

    pub(super) fn accepted(&mut self, id: LocalId, result: Result<MsgId, Failure>) {
        let conversation = self.conversation_of(id);
        let effects = self.outbox.accepted(id, result);
        self.effects.extend(effects);
        if let Some(conversation) = conversation {
            self.settle_sent(conversation);
            self.touch_window(conversation);
            self.touch_listed(conversation);
        }
        self.touch(Part::Outbox);
    }

    pub(super) fn probed(&mut self, id: LocalId, is_used: bool) {
        let effects = self.outbox.probed(id, is_used);
        self.effects.extend(effects);
        self.touch_outbox();
    }

    pub(super) fn uploading(&mut self, id: LocalId, done: u64, of: u64) {
        self.outbox.uploading(id, done, of);
        let conversation = self.conversation_of(id);
        conversation
            .into_iter()
            .for_each(|id| self.touch_window(id));
        self.touch(Part::Outbox);
    }

    pub(super) fn uploaded(&mut self, id: LocalId, result: Result<Body, Failure>) {
        let conversation = self.conversation_of(id);
        let extras = conversation.map_or(Extras::NONE, |conversation| {
            self.caption_mentions(conversation, id)
        });
        let effects = self.outbox.uploaded(id, result, extras);
        self.effects.extend(effects);
        self.touch_outbox();
    }

    /// The reply and the mentions of a file's message.
    fn caption_mentions(&self, conversation: ConversationId, id: LocalId) -> Extras {
        let item = self
            .outbox
            .of(conversation)
            .find(|item| item.saved.id == id);
        match item.map(|item| &item.saved.what) {
            Some(Outgoing::File {
                caption, reply_to, ..
            }) => self.mentions(conversation, caption, *reply_to),
            _ => Extras::NONE,
        }
    }

    pub(super) fn again(&mut self, id: LocalId) {
        let effects = self.outbox.again(id);
        self.effects.extend(effects);
        self.touch_outbox();
    }

    pub(super) fn withdraw(&mut self, id: LocalId) {
        let conversation = self.conversation_of(id);
        let effects = self.outbox.withdraw(id);
        self.effects.extend(effects);
        self.touch(Part::Outbox);
        if let Some(id) = conversation {
            self.touch_listed(id);
            self.touch_window(id);
        }
    }

    /// Removes own messages from the outbox that their log shows. Without a window, none needs to
    /// be shown.
    pub(super) fn settle_sent(&mut self, id: ConversationId) {
        let Some(chat) = self.chats.get_mut(&id) else {
            return;
        };
        let (has_window, log) = (chat.window.is_some(), &chat.log);
        let is_shown = |msgid| !has_window || log.contains(msgid);
        let settled = self.outbox.settle(id, is_shown);
        if !settled.is_empty() {
            if let Some(window) = &mut chat.window {
                window.settle(settled);
            }
            self.touch(Part::Outbox);
            self.touch_listed(id);
            self.touch_window(id);
        }
    }

    fn head(&self, id: ConversationId) -> MsgId {
        self.chats.get(&id).map_or(MsgId::ZERO, |chat| chat.head)
    }

    fn conversation_of(&self, id: LocalId) -> Option<ConversationId> {
        let mut items = self.outbox.items();
        let item = items.find(|item| item.saved.id == id)?;
        Some(item.saved.conversation)
    }
}
