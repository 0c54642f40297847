//! Sending: exactly once, and in one order for all readers.

use cairn_proto::content::attachment::{Attachment, Media};
use cairn_proto::content::body::Kind;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::Draft;
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{ClientSeq, ConversationId, MsgId, Timestamp, UserId};
use cairn_proto::model::group::Role;
use cairn_proto::wire::error::ErrorCode;
use xxhash_rust::xxh3::xxh3_64;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::{Change, Origin};
use crate::command::{Context, Handle, Visits};
use crate::messages::mention;
use crate::permission::Action;
use crate::prefetch::Load;
use crate::record::{ConversationRecord, KindRecord, MemberCounts};
use crate::state::State;
use crate::state::make::NewEntry;
use crate::state::send_stream::{Seen, SendSlots};

pub(crate) struct Sending<'a> {
    pub(crate) found: SendSlots,
    pub(crate) conversation: ConversationId,
    pub(crate) seq: ClientSeq,
    /// Fingerprint of the request, to detect a changed body under the same client seq. 32 bits
    /// suffice for that and keep the remembered sends small.
    pub(crate) fingerprint: u32,
    pub(crate) extras: &'a Extras,
    /// The attachment, once the sender's permission was checked.
    pub(crate) attachment: Option<&'a Attachment>,
}

/// Whether a send was tried before.
pub(crate) enum Tried {
    Accepted(MsgId),
    /// The ordinal that it takes on its stream; `None` if the device's list of streams must be
    /// updated first.
    Never(Option<u64>),
}

impl Handle for Draft {
    type Found = SendSlots;

    fn visits(&self) -> Visits {
        Visits::In(self.conversation)
    }

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) -> SendSlots {
        let found = state.sending(actor, self.conversation, loads);
        let extras = self.content.extras();
        if !extras.is_empty() {
            state.mentioning(self.conversation, actor.user, extras, loads);
        }
        let attachment = self.content.attachment();
        loads.extend(attachment.and_then(|attachment| state.record_of(attachment.hash)));
        found
    }

    fn execute(
        self,
        state: &mut State,
        context: Context<'_, SendSlots>,
    ) -> Result<MsgId, ErrorCode> {
        let Context {
            actor, found, now, ..
        } = context;
        let extras = self.content.extras();
        check_body(&self.content)?;
        mention::check_client_extras(extras)?;
        let attachment = self.content.attachment();
        let sending = Sending {
            found,
            conversation: self.conversation,
            seq: self.seq,
            fingerprint: xxh3_64(self.content.packed()) as u32,
            extras,
            attachment,
        };
        // The retry check comes first. After the permission checks, the retry of an accepted
        // message would be refused once its sender lost access; after `accept`, it would be
        // appended again.
        let place = match state.seen(actor, &sending)? {
            Tried::Accepted(msgid) => return Ok(msgid),
            Tried::Never(place) => place,
        };
        if let Some(attachment) = attachment {
            state.check_attachment(actor.user, attachment)?;
        }
        if let Some(&Media { width, height, .. }) = self.content.media()
            && !Media::is_possible(width, height)
        {
            return Err(ErrorCode::BadDimensions);
        }
        let visitor = actor.user == UserId::VISITOR;
        if visitor {
            state.check_visitor_message(actor, self.conversation, &self.content)?;
        }
        let content = self.content.packed();
        let msgid = state.accept(actor, &sending, place, content, now, context.batch)?;
        if visitor || state.is_inquiry(found, self.conversation) {
            let id = self.conversation;
            state.said_in_inquiry(actor.user, id, &self.content, now, context.batch);
        }
        Ok(msgid)
    }
}

impl State {
    /// Looks for an earlier try, whatever happened to the sender's access since.
    pub(crate) fn seen(&self, actor: Actor, sending: &Sending<'_>) -> Result<Tried, ErrorCode> {
        let &Sending {
            found,
            conversation,
            seq,
            fingerprint,
            ..
        } = sending;
        if seq.get() == 0 {
            return Err(ErrorCode::BadRequest);
        }
        let stream = (actor.device, actor.stream);
        let Some(stream) = self.streams.get_at(found.stream, &stream) else {
            if self.may_have_forgotten(actor) {
                return Err(ErrorCode::RetryTooOld);
            }
            return Ok(Tried::Never(None));
        };
        match stream.seen(conversation, seq.get(), fingerprint) {
            Seen::New => Ok(Tried::Never(stream.is_latest.then(|| stream.next_place()))),
            Seen::Accepted(msgid) => Ok(Tried::Accepted(msgid)),
            Seen::Conflict => Err(ErrorCode::SeqConflict),
            Seen::Forgotten => Err(ErrorCode::RetryTooOld),
        }
    }

    /// Appends a message that is not a retry, at this ordinal of its send stream. `content` is
    /// packed as it is stored.
    pub(crate) fn accept(
        &mut self,
        actor: Actor,
        sending: &Sending<'_>,
        place: Option<u64>,
        content: &[u8],
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<MsgId, ErrorCode> {
        let &Sending {
            found: slots,
            conversation,
            seq,
            fingerprint,
            extras,
            attachment,
        } = sending;
        if self.is_disk_low {
            return Err(ErrorCode::DiskFull);
        }
        let SendSlots { membership, .. } = slots;
        let known = self
            .conversations
            .get_at(membership.conversation, &conversation);
        let is_new = known.is_none();
        if is_new {
            self.check_begin(actor.user, conversation)?;
            self.check_extras(actor.user, extras, MsgId::ZERO, MsgId::ZERO)?;
            if extras.mentions_all() {
                return Err(ErrorCode::Forbidden);
            }
            self.check_memberships([actor.user])?;
            self.open_direct(conversation, now, batch)?;
        }
        let (found, member) =
            self.permit_at(membership, actor.user, conversation, Action::Post, now)?;
        if extras.mentions_all() {
            self.check(actor.user, conversation, Action::MentionAll, now)?;
        }
        extras
            .replied()
            .map_or(Ok(()), |msgid| found.check_unexpired(msgid))?;
        self.check_extras(
            actor.user,
            extras,
            found.floor(&member.record),
            found.record.head,
        )?;
        let sent_at = found.not_before_last(now);
        let place = place.unwrap_or_else(|| self.use_stream(actor, batch));
        // The entry carries its own send cursor, so that no crash can separate the two. A cursor
        // without its entry would lose the message, because its retry counts as known; an entry
        // without its cursor would be appended a second time by the retry.
        let origin = Origin::Sent {
            device: actor.device,
            stream: actor.stream,
            place,
            seq: seq.get(),
            body: fingerprint,
        };
        let msgid = self.append_at(
            slots,
            conversation,
            NewEntry {
                sender: actor.user,
                sent_at,
                origin,
                content,
            },
            batch,
        );
        self.note_mentions(conversation, msgid, actor.user, extras, batch);
        // After the mentions, which the summaries count.
        if is_new && let Some((low, high)) = conversation.direct_users() {
            self.publish_joined(conversation, low, batch);
            self.publish_joined(conversation, high, batch);
        }
        // In the batch of the message: with a reference that came later, gc could remove the file
        // in between.
        if let Some(attachment) = attachment {
            self.add_ref(conversation, msgid, actor.user, attachment, batch);
        }
        Ok(msgid)
    }

    fn is_inquiry(&self, found: SendSlots, id: ConversationId) -> bool {
        self.conversations
            .get_at(found.membership.conversation, &id)
            .is_some_and(|found| found.record.kind == KindRecord::Inquiry)
    }

    /// Creates a direct chat, which starts with its first message.
    fn open_direct(
        &mut self,
        id: ConversationId,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), ErrorCode> {
        let (low, high) = id.direct_users().ok_or(ErrorCode::NotFound)?;
        let record = ConversationRecord::new(KindRecord::Direct, now);
        self.make(&Change::Conversation(id, record), batch);
        for (user, members) in [(low, 1), (high, 2)] {
            let counts = MemberCounts { members, owners: 0 };
            self.make(
                &Change::Member {
                    conversation: id,
                    user,
                    role: Role::Member,
                    joined: MsgId::ZERO.next(),
                    counts,
                },
                batch,
            );
        }
        Ok(())
    }
}

fn check_body(content: &Content) -> Result<(), ErrorCode> {
    match content.kind() {
        Kind::Text | Kind::Emote if content.is_blank() => Err(ErrorCode::EmptyMessage),
        Kind::Emoji if !content.is_valid_emoji() => Err(ErrorCode::BadRequest),
        Kind::Text | Kind::Emote | Kind::Emoji | Kind::Image | Kind::Video | Kind::File => Ok(()),
        Kind::System
        | Kind::Recalled
        | Kind::Edit
        | Kind::Recall
        | Kind::React
        | Kind::Unreact
        | Kind::Pin
        | Kind::Unpin
        | Kind::Unknown => Err(ErrorCode::BadRequest),
    }
}
