//! Sending: the one command that everything else is built around.

use cairn_proto::body::Body;
use cairn_proto::error::ErrorCode;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp};
use cairn_proto::message::{Draft, pack_content};
use cairn_proto::response::{Response, Role};
use xxhash_rust::xxh3::xxh3_64;

use super::batch::{Batch, Effect};
use super::change::{Change, MemberCounts, Origin};
use super::command::Actor;
use super::execute::NewEntry;
use super::mention;
use super::permission::Action;
use super::record::{ConversationRecord, KindRecord};
use super::send_stream::{Seen, SendStream};
use super::state::State;

impl State {
    pub(super) fn send(&mut self, actor: Actor, draft: &Draft, now: Timestamp, batch: &mut Batch) -> Result<Response, ErrorCode> {
        check_body(&draft.body)?;
        mention::check_sort(&draft.extras)?;
        let mut content = std::mem::take(&mut self.scratch);
        content.clear();
        pack_content(&draft.body, &draft.extras, &mut content);
        let answer = self.send_encoded(actor, draft, &content, now, batch);
        self.scratch = content;
        answer
    }

    fn send_encoded(
        &mut self,
        actor: Actor,
        draft: &Draft,
        content: &[u8],
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        let (conversation, seq) = (draft.conversation, draft.seq.get());
        if seq == 0 {
            return Err(ErrorCode::BadRequest);
        }
        // Half of the hash is enough to notice a mistake, and keeps what is remembered small.
        let fingerprint = xxh3_64(content) as u32;
        // A retry comes before every other question: what was accepted stays accepted, even if its sender was removed since.
        let stream = self.streams.get(&(actor.device, actor.stream));
        let place = stream.map(SendStream::next_place);
        match stream.map_or(Seen::New, |stream| stream.seen(conversation, seq, fingerprint)) {
            Seen::New => {}
            Seen::Accepted(msgid) => return Ok(Response::Accepted { msgid }),
            Seen::Conflict => return Err(ErrorCode::SeqConflict),
            Seen::Forgotten => return Err(ErrorCode::RetryTooOld),
        }
        if !self.conversations.contains_key(&conversation) {
            self.check_begin(actor.user, conversation)?;
            self.check_extras(&draft.extras, MsgId::ZERO, MsgId::ZERO)?;
            if draft.extras.mentions_all() {
                return Err(ErrorCode::Forbidden);
            }
            draft.body.attachment().map_or(Ok(()), |attachment| self.check_attachment(actor.user, attachment))?;
            self.open_direct(conversation, now, batch)?;
        }
        let (found, member) = self.permit(actor.user, conversation, Action::Post, now)?;
        if draft.extras.mentions_all() {
            self.check(actor.user, conversation, Action::MentionAll, now)?;
        }
        self.check_extras(&draft.extras, found.floor(&member.record), found.record.head)?;
        let sent_at = found.not_before_last(now);
        draft.body.attachment().map_or(Ok(()), |attachment| self.check_attachment(actor.user, attachment))?;
        let place = match place {
            Some(place) => place,
            None => self.reopen_stream(actor, batch),
        };
        let origin = Origin::Sent { device: actor.device, stream: actor.stream, place, seq, body: fingerprint };
        let msgid = self.append(conversation, NewEntry { sender: actor.user, sent_at, origin, content }, batch);
        self.note_mentions(conversation, msgid, &draft.extras, batch);
        if let Some(attachment) = draft.body.attachment() {
            self.begin_use(conversation, msgid, actor.user, attachment, batch);
        }
        Ok(Response::Accepted { msgid })
    }

    /// The direct chat of two users comes into being with its first message.
    fn open_direct(&mut self, id: ConversationId, now: Timestamp, batch: &mut Batch) -> Result<(), ErrorCode> {
        let (low, high) = id.direct_users().ok_or(ErrorCode::NotFound)?;
        let record = ConversationRecord::new(KindRecord::Direct, now);
        self.make(&Change::Conversation(id, record), batch);
        for (user, members) in [(low, 1), (high, 2)] {
            let counts = MemberCounts { members, owners: 0 };
            self.make(&Change::Member { conversation: id, user, role: Role::Member, joined: MsgId::ZERO.next(), counts }, batch);
            batch.effect(Effect::Joined { conversation: id, user });
        }
        Ok(())
    }
}

fn check_body(body: &Body) -> Result<(), ErrorCode> {
    match body {
        Body::Text(text) | Body::Emote(text) if text.is_empty() => Err(ErrorCode::EmptyMessage),
        Body::Text(_) | Body::Emote(_) | Body::Emoji(_) | Body::Image(_) | Body::Video(_) | Body::File(_) => Ok(()),
        Body::System(_) | Body::Recalled { .. } | Body::Amendment(_) | Body::Unknown => Err(ErrorCode::BadRequest),
    }
}
