//! Edits and recalls of the model.

use std::collections::BTreeSet;

use cairn_core::api::actor::Actor;
use cairn_proto::content::body::{Amendment, Body};
use cairn_proto::content::extras::{Extra, Extras, Reaction};
use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_proto::limits::{EXTRAS_SENT_MAX, REACTION_KINDS_MAX};
use cairn_proto::model::group::Role;
use cairn_proto::text::{Caption, EmojiName, Text};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::List;

use super::{LogEntry, Naive};

impl Naive {
    pub(in crate::model) fn edit(
        &mut self,
        actor: Actor,
        (id, msgid): (ConversationId, MsgId),
        text: &Text,
        mentions: Option<&Extras>,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        let is_mention = |extra: &Extra| matches!(extra, Extra::Mention(_) | Extra::MentionAll);
        if mentions.is_some_and(|mentions| !mentions.iter().all(is_mention)) {
            return Err(ErrorCode::BadRequest);
        }
        let entry = self.entry(actor, id, msgid)?;
        let (mut body, caption) = (entry.body.clone(), Caption::new(text.as_str()));
        let file = match &mut body {
            Body::Text(words) | Body::Emote(words) => {
                *words = text.clone();
                None
            }
            Body::Image(picture) => Some(&mut picture.file),
            Body::Video(video) => Some(&mut video.media.file),
            Body::File(file) => Some(&mut **file),
            Body::Recalled { .. } => return Err(ErrorCode::Recalled),
            _ => return Err(ErrorCode::NoSuchMessage),
        };
        self.may_post(actor.user, id, now)?;
        if entry.sender != actor.user || entry.extras.forwarded().is_some() {
            return Err(ErrorCode::Forbidden);
        }
        self.check_age(entry, now)?;
        match file {
            Some(file) => file.caption = caption.map_err(|_| ErrorCode::BadRequest)?,
            None if text.is_blank() => return Err(ErrorCode::EmptyMessage),
            None => {}
        }
        let before = entry.extras.clone();
        let mentions = match mentions {
            Some(mentions) => {
                self.check_new_mentions(actor.user, id, &before, mentions)?;
                mentions.clone()
            }
            None => before.mentions(),
        };
        let entry = self.entry(actor, id, msgid)?;
        if entry.body != body || before.mentions() != mentions {
            self.clear_edits(id, msgid);
            let edit = self.push(
                id,
                actor.user,
                now,
                Body::Amendment(Amendment::Edited {
                    msgid,
                    text: Some(words(text)),
                }),
            );
            self.at(id, edit).extras = mentions.clone();
            let at = self.at(id, edit).sent_at;
            let extras = before.with_mentions(&mentions);
            let notified = self.notified(actor.user, id, &extras);
            let members: BTreeSet<UserId> =
                self.conversations[&id].members.keys().copied().collect();
            let entry = self.at(id, msgid);
            match (before.mentions_all(), extras.mentions_all()) {
                (true, true) => {}
                (true, false) => {
                    // Nothing is recorded about former members.
                    let is_former = |user| user != UserId::SERVER && !members.contains(&user);
                    entry.mentioned.retain(|&user| is_former(user));
                    entry.mentioned.extend(notified);
                }
                (false, true) => entry.mentioned = notified,
                // What was decided when they were mentioned stays.
                (false, false) => {
                    let is_old = |user| before.mentioned().any(|other| other == user);
                    let is_new = |user| extras.mentioned().any(|other| other == user);
                    entry.mentioned.retain(|&user| is_new(user));
                    let added = notified.into_iter().filter(|&user| !is_old(user));
                    entry.mentioned.extend(added);
                }
            }
            if !(before.mentions_all() && extras.mentions_all()) {
                let is_new =
                    |user| before.mentions_all() || before.mentioned().all(|other| other != user);
                self.silenced(id, actor.user, &extras, is_new);
            }
            let entry = self.at(id, msgid);
            entry.body = body;
            entry.extras = extras.with_edit(at, edit);
        }
        Ok(())
    }

    fn check_new_mentions(
        &self,
        sender: UserId,
        id: ConversationId,
        before: &Extras,
        mentions: &Extras,
    ) -> Result<(), ErrorCode> {
        if mentions.iter().count() + usize::from(before.replied().is_some()) > EXTRAS_SENT_MAX {
            return Err(ErrorCode::BadRequest);
        }
        let found = self.inside(sender, id)?;
        let is_manager = found.name.is_some() && found.members[&sender].role != Role::Member;
        if mentions.mentions_all() && !before.mentions_all() && !is_manager {
            return Err(ErrorCode::Forbidden);
        }
        let is_known = |user| before.mentioned().any(|other| other == user);
        let mut new = mentions.mentioned().filter(|&user| !is_known(user));
        new.all(|user| self.is_acquainted(sender, user))
            .then_some(())
            .ok_or(ErrorCode::NoSuchUser)
    }

    pub(in crate::model) fn recall(
        &mut self,
        actor: Actor,
        id: ConversationId,
        msgid: MsgId,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        let entry = self.entry(actor, id, msgid)?;
        let found = self.inside(actor.user, id)?;
        let manages = found.name.is_some() && found.members[&actor.user].role != Role::Member;
        if entry.sender != actor.user && !manages {
            return Err(ErrorCode::Forbidden);
        }
        if matches!(entry.body, Body::Recalled { .. }) {
            return Ok(());
        }
        if !entry.body.is_message() {
            return Err(ErrorCode::NoSuchMessage);
        }
        if !manages {
            self.check_age(entry, now)?;
        }
        self.clear_edits(id, msgid);
        self.push(
            id,
            actor.user,
            now,
            Body::Amendment(Amendment::Recalled { msgid }),
        );
        self.conversations.get_mut(&id).unwrap().pins.remove(&msgid);
        let entry = self.at(id, msgid);
        (entry.body, entry.extras) = (Body::Recalled { by: actor.user }, Extras::NONE);
        Ok(())
    }

    pub(in crate::model) fn react(
        &mut self,
        actor: Actor,
        id: ConversationId,
        msgid: MsgId,
        emoji: &EmojiName,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        self.may_speak(actor.user, id, Role::Member, now)?;
        let entry = self.entry(actor, id, msgid)?;
        check_is_message(&entry.body)?;
        let mut reactions = entry.extras.reactions().to_vec();
        match reactions
            .iter()
            .position(|reaction| reaction.emoji == *emoji)
        {
            Some(at) if reactions[at].users.contains(&actor.user) => return Ok(()),
            Some(at) => reactions[at].users.push(actor.user),
            None if reactions.len() == REACTION_KINDS_MAX => return Err(ErrorCode::LimitReached),
            None => reactions.push(Reaction {
                emoji: emoji.clone(),
                users: vec![actor.user],
            }),
        }
        self.push(
            id,
            actor.user,
            now,
            Body::Amendment(Amendment::Reacted {
                msgid,
                emoji: emoji.clone(),
            }),
        );
        let entry = self.at(id, msgid);
        entry.extras = entry.extras.with_reactions(reactions);
        Ok(())
    }

    pub(in crate::model) fn unreact(
        &mut self,
        actor: Actor,
        id: ConversationId,
        msgid: MsgId,
        emoji: &EmojiName,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        self.may_speak(actor.user, id, Role::Member, now)?;
        let entry = self.entry(actor, id, msgid)?;
        if matches!(entry.body, Body::Recalled { .. }) {
            return Err(ErrorCode::Recalled);
        }
        let before = entry.extras.reactions().to_vec();
        let mut after = before.clone();
        for reaction in after.iter_mut().filter(|reaction| reaction.emoji == *emoji) {
            reaction.users.retain(|&user| user != actor.user);
        }
        after.retain(|reaction| !reaction.users.is_empty());
        if after != before {
            self.push(
                id,
                actor.user,
                now,
                Body::Amendment(Amendment::Unreacted {
                    msgid,
                    emoji: emoji.clone(),
                }),
            );
            let entry = self.at(id, msgid);
            entry.extras = entry.extras.with_reactions(after);
        }
        Ok(())
    }

    pub(in crate::model) fn pin(
        &mut self,
        actor: Actor,
        id: ConversationId,
        msgid: MsgId,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        self.may_speak(
            actor.user,
            id,
            self.inside(actor.user, id)?.settings.pin,
            now,
        )?;
        check_is_message(&self.entry(actor, id, msgid)?.body)?;
        if self.conversations.get_mut(&id).unwrap().pins.insert(msgid) {
            self.push(
                id,
                actor.user,
                now,
                Body::Amendment(Amendment::Pinned { msgid }),
            );
        }
        Ok(())
    }

    pub(in crate::model) fn unpin(
        &mut self,
        actor: Actor,
        id: ConversationId,
        msgid: MsgId,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        self.may_speak(
            actor.user,
            id,
            self.inside(actor.user, id)?.settings.pin,
            now,
        )?;
        let found = self.inside(actor.user, id)?;
        if found.has_expired(msgid) {
            return Err(ErrorCode::Expired);
        }
        if msgid <= found.floor_of(actor.user) {
            return Err(ErrorCode::NoSuchMessage);
        }
        if self.conversations.get_mut(&id).unwrap().pins.remove(&msgid) {
            self.push(
                id,
                actor.user,
                now,
                Body::Amendment(Amendment::Unpinned { msgid }),
            );
        }
        Ok(())
    }

    pub(in crate::model) fn pins(
        &self,
        actor: Actor,
        id: ConversationId,
    ) -> Result<List<MsgId>, ErrorCode> {
        let found = self.inside(actor.user, id)?;
        let floor = found.members[&actor.user].floor;
        Ok(List(
            found
                .pins
                .iter()
                .copied()
                .filter(|&pin| pin > floor)
                .collect(),
        ))
    }

    fn check_age(&self, entry: &LogEntry, now: Timestamp) -> Result<(), ErrorCode> {
        let minutes: u64 = self
            .setting("amend-minutes")
            .map_or(15, |value| value.parse().unwrap());
        let is_late = now.get() >= entry.sent_at.get() + minutes * 60_000;
        if is_late {
            Err(ErrorCode::TooLate)
        } else {
            Ok(())
        }
    }

    pub(in crate::model) fn entry(
        &self,
        actor: Actor,
        id: ConversationId,
        msgid: MsgId,
    ) -> Result<&LogEntry, ErrorCode> {
        let found = self.inside(actor.user, id)?;
        if found.has_expired(msgid) {
            return Err(ErrorCode::Expired);
        }
        found
            .above(found.floor_of(actor.user))
            .find(|&(at, _)| at == msgid)
            .map(|(_, entry)| entry)
            .ok_or(ErrorCode::NoSuchMessage)
    }

    fn at(&mut self, id: ConversationId, msgid: MsgId) -> &mut LogEntry {
        &mut self.conversations.get_mut(&id).unwrap().log[msgid.get() as usize - 1]
    }

    /// Removes former texts of a message from its edits.
    fn clear_edits(&mut self, id: ConversationId, of: MsgId) {
        for entry in &mut self.conversations.get_mut(&id).unwrap().log {
            match &mut entry.body {
                Body::Amendment(Amendment::Edited { msgid, text }) if *msgid == of => {
                    *text = None;
                    entry.extras = Extras::NONE;
                }
                _ => {}
            }
        }
    }
}

/// Blank texts count as empty ones.
fn words(text: &Text) -> Text {
    if text.is_blank() {
        Text::none()
    } else {
        text.clone()
    }
}

/// Messages can be changed, other entries and recalled messages cannot.
pub(super) fn check_is_message(body: &Body) -> Result<(), ErrorCode> {
    match body {
        Body::Recalled { .. } => Err(ErrorCode::Recalled),
        body if body.is_message() => Ok(()),
        _ => Err(ErrorCode::NoSuchMessage),
    }
}
