//! Sends, forwards and retries of the model.

use std::collections::BTreeSet;

use cairn_core::api::actor::Actor;
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::{Extra, Extras};
use cairn_proto::content::message::{Draft, Forward};
use cairn_proto::ids::{ClientSeq, ConversationId, MsgId, Timestamp, UserId};
use cairn_proto::limits::SENDS_IN_FLIGHT_MAX;
use cairn_proto::model::group::Role;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::Request;

use super::amend::check_is_message;
use super::{LogEntry, Naive, Send};

impl Naive {
    pub(in crate::model) fn send(
        &mut self,
        actor: Actor,
        draft: &Draft,
        now: Timestamp,
    ) -> Result<MsgId, ErrorCode> {
        let Draft {
            conversation,
            seq,
            content,
        } = draft.clone();
        let (body, extras) = content.into_parts();
        match &body {
            Body::Text(text) | Body::Emote(text) if text.is_blank() => {
                return Err(ErrorCode::EmptyMessage);
            }
            Body::Text(_)
            | Body::Emote(_)
            | Body::Emoji(_)
            | Body::Image(_)
            | Body::Video(_)
            | Body::File(_) => {}
            Body::System(_) | Body::Recalled { .. } | Body::Amendment(_) | Body::Unknown => {
                return Err(ErrorCode::BadRequest);
            }
        }
        if extras
            .iter()
            .filter(|extra| matches!(extra, Extra::ReplyTo(_)))
            .count()
            > 1
        {
            return Err(ErrorCode::BadRequest);
        }
        if seq.get() == 0 {
            return Err(ErrorCode::BadRequest);
        }
        if let Some(answer) = self.seen(actor, conversation, seq, &draft.clone().into()) {
            return answer;
        }
        self.check_attachment(actor.user, &body)?;
        let send = draft.clone().into();
        self.accept(actor, (conversation, seq, send), (body, extras), now)
    }

    fn seen(
        &self,
        actor: Actor,
        conversation: ConversationId,
        seq: ClientSeq,
        request: &Request,
    ) -> Option<Result<MsgId, ErrorCode>> {
        if self.may_have_forgotten(actor) {
            return Some(Err(ErrorCode::RetryTooOld));
        }
        let on_stream = self
            .sends
            .iter()
            .rev()
            .filter(|send| (send.device, send.stream) == (actor.device, actor.stream));
        let here: Vec<(usize, &Send)> = on_stream
            .enumerate()
            .filter(|(_, send)| send.conversation == conversation)
            .collect();
        let remembered = here
            .iter()
            .find(|&&(back, send)| send.seq == seq.get() && back < SENDS_IN_FLIGHT_MAX);
        let is_old = here.iter().any(|(_, send)| seq.get() <= send.seq);
        is_old.then(|| match remembered {
            Some((_, send)) if send.request == *request => Ok(send.msgid),
            Some(_) => Err(ErrorCode::SeqConflict),
            None => Err(ErrorCode::RetryTooOld),
        })
    }

    pub(in crate::model) fn forward(
        &mut self,
        actor: Actor,
        forward: Forward,
        now: Timestamp,
    ) -> Result<MsgId, ErrorCode> {
        let Forward {
            to,
            seq,
            from,
            msgid,
        } = forward;
        if seq.get() == 0 {
            return Err(ErrorCode::BadRequest);
        }
        if let Some(answer) = self.seen(actor, to, seq, &forward.into()) {
            return answer;
        }
        let LogEntry {
            sender,
            sent_at,
            body,
            extras,
            ..
        } = self.entry(actor, from, msgid)?.clone();
        check_is_message(&body)?;
        let (author, at) = extras.forwarded().unwrap_or((sender, sent_at));
        self.accept(
            actor,
            (to, seq, forward.into()),
            (body, Extras::forward_of(author, at, extras.imported_by())),
            now,
        )
    }

    fn accept(
        &mut self,
        actor: Actor,
        send: (ConversationId, ClientSeq, Request),
        said: (Body, Extras),
        now: Timestamp,
    ) -> Result<MsgId, ErrorCode> {
        let ((conversation, seq, request), (body, extras)) = (send, said);
        let is_new = !self.conversations.contains_key(&conversation);
        if !is_new {
            self.may_post(actor.user, conversation, now)?;
            let found = self.inside(actor.user, conversation)?;
            let member = &found.members[&actor.user];
            if extras.mentions_all() && member.role == Role::Member {
                return Err(ErrorCode::Forbidden);
            }
            if extras
                .replied()
                .is_some_and(|msgid| found.has_expired(msgid))
            {
                return Err(ErrorCode::Expired);
            }
            self.check_extras(
                actor.user,
                &extras,
                found.floor_of(actor.user),
                found.head(),
            )?;
        } else {
            self.may_open_direct(actor, conversation)?;
            self.check_direct(actor.user, conversation)?;
            self.check_extras(actor.user, &extras, MsgId::ZERO, MsgId::ZERO)?;
            if extras.mentions_all() {
                return Err(ErrorCode::Forbidden);
            }
            self.check_membership_quota(actor.user)?;
            self.open_direct(conversation, now);
        }
        self.sent_attachment(actor.user, &body);
        self.use_stream(actor);
        let msgid = self.push(conversation, actor.user, now, body.clone());
        let mentioned = self.notified(actor.user, conversation, &extras);
        let found = self.conversations.get_mut(&conversation).unwrap();
        let entry = found.log.last_mut().unwrap();
        (entry.extras, entry.mentioned) = (extras.clone(), mentioned);
        let Actor {
            user,
            device,
            stream,
            ..
        } = actor;
        found.members.get_mut(&user).unwrap().read_to(msgid);
        self.sends.push(Send {
            device,
            stream,
            conversation,
            seq: seq.get(),
            msgid,
            request,
        });
        self.silenced(conversation, user, &extras, |_| true);
        if is_new {
            self.opened_direct(conversation);
        }
        Ok(msgid)
    }

    /// Whom a message notifies: members who have not blocked its sender; or the server for all,
    /// with the members who have.
    pub(super) fn notified(
        &self,
        sender: UserId,
        id: ConversationId,
        extras: &Extras,
    ) -> BTreeSet<UserId> {
        let members = &self.conversations[&id].members;
        match extras.mentions_all() {
            true => members
                .keys()
                .copied()
                .filter(|&user| self.check_blocks(sender, &BTreeSet::from([user])).is_err())
                .chain([UserId::SERVER])
                .collect(),
            false => extras
                .mentioned()
                .filter(|user| members.contains_key(user))
                .filter(|&user| self.check_blocks(sender, &BTreeSet::from([user])).is_ok())
                .collect(),
        }
    }

    /// Tells members whom `extras` name, and who have blocked the sender, their count: no entry
    /// tells it.
    pub(super) fn silenced(
        &mut self,
        id: ConversationId,
        sender: UserId,
        extras: &Extras,
        is_new: impl Fn(UserId) -> bool,
    ) {
        let members = self.conversations[&id].members.keys().copied();
        let silenced = members
            .filter(|&user| extras.names(user) && (extras.mentions_all() || is_new(user)))
            .filter(|&user| self.check_blocks(sender, &BTreeSet::from([user])).is_err());
        for user in silenced.collect::<Vec<_>>() {
            self.changed(id, user);
        }
    }

    pub(in crate::model) fn may_post(
        &self,
        user: UserId,
        id: ConversationId,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        self.may_speak(user, id, self.inside(user, id)?.settings.post, now)
    }

    /// In a group, a sender needs a role and must not be muted; in a direct chat, neither user may
    /// block the other.
    pub(in crate::model) fn may_speak(
        &self,
        user: UserId,
        id: ConversationId,
        least: Role,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        let is_group = self.inside(user, id)?.name.is_some();
        if is_group {
            self.heard(user, id, least, now).map(drop)
        } else {
            self.check_direct(user, id)
        }
    }

    fn check_extras(
        &self,
        sender: UserId,
        extras: &Extras,
        floor: MsgId,
        head: MsgId,
    ) -> Result<(), ErrorCode> {
        if extras
            .replied()
            .is_some_and(|msgid| msgid <= floor || msgid > head)
        {
            return Err(ErrorCode::NoSuchMessage);
        }
        extras
            .mentioned()
            .all(|user| self.is_acquainted(sender, user))
            .then_some(())
            .ok_or(ErrorCode::NoSuchUser)
    }
}
