//! What messages in an inquiry do: a visitor's opens it again, an agent's may be the first reply.

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{ConversationId, Timestamp, UserId, VisitorId};
use cairn_proto::limits::{OFFER_LINE_BYTES_MAX, VISITOR_TEXT_BYTES_MAX};
use cairn_proto::model::desk::{DeskEntry, InquiryState, RouteStep};
use cairn_proto::text::DeskText;
use cairn_proto::wire::error::ErrorCode;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::attachment::charged_bytes;
use crate::desk::turn::Turn;
use crate::limits::INQUIRY_FILES_MAX;
use crate::record::{AskerRecord, InquiryRecord};
use crate::state::State;

/// What a packed text has beside its bytes, with a reply.
const PACKED_OVERHEAD_BYTES: usize = 32;

impl State {
    /// Checks a message of a visitor, which may open their inquiry again.
    pub(crate) fn check_visitor_message(
        &self,
        actor: Actor,
        id: ConversationId,
        content: &Content,
    ) -> Result<(), ErrorCode> {
        let extras = content.extras();
        let is_reply = extras.mentioned().next().is_none() && !extras.mentions_all();
        let is_long = content.attachment().is_none()
            && content.packed().len() > VISITOR_TEXT_BYTES_MAX + PACKED_OVERHEAD_BYTES;
        if is_long || !is_reply {
            return Err(ErrorCode::BadRequest);
        }
        let record = self.desk.inquiry(id).ok_or(ErrorCode::NotFound)?;
        if let Some(file) = content.attachment()
            && !(matches!(record.state, InquiryState::Held { .. })
                && self.desk.has_uploaded(actor.device, file.hash))
        {
            return Err(ErrorCode::NoSuchAttachment);
        }
        if record.state.is_open() {
            return Ok(());
        }
        // Only the last one opens again: a visitor has at most one open inquiry.
        if self.last_inquiry(VisitorId::new(actor.device.get())) != Some(id) {
            return Err(ErrorCode::InquiryClosed);
        }
        self.begins(self.queue_to_return(record)).map(drop)
    }

    /// Visitors upload files only while an agent holds their inquiry.
    pub(crate) fn check_visitor_upload(&self, actor: Actor) -> Result<(), ErrorCode> {
        if actor.user != UserId::VISITOR {
            return Ok(());
        }
        let last = self.last_inquiry(VisitorId::new(actor.device.get()));
        let record = last.and_then(|id| self.desk.inquiry(id));
        match record.map(|record| record.state) {
            Some(InquiryState::Held { .. }) => Ok(()),
            _ => Err(ErrorCode::Forbidden),
        }
    }

    /// How much a visitor may upload in their inquiry; users any number.
    pub(crate) fn inquiry_quota_left(&self, actor: Actor) -> u64 {
        if actor.user != UserId::VISITOR {
            return u64::MAX;
        }
        let last = self.last_inquiry(VisitorId::new(actor.device.get()));
        let record = last.and_then(|id| self.desk.inquiry(id));
        let used = record.map_or(u64::MAX, |record| record.file_bytes);
        let largest = self.settings.visitor_upload_bytes.get();
        let quota = charged_bytes(largest).saturating_mul(INQUIRY_FILES_MAX);
        quota.saturating_sub(used)
    }

    /// Notes that a visitor had all bytes of a file, and charges them to their inquiry.
    pub(crate) fn note_visitor_upload(
        &mut self,
        actor: Actor,
        hash: AttachmentHash,
        bytes: u64,
        batch: &mut Batch,
    ) {
        let is_known = self.desk.has_uploaded(actor.device, hash);
        self.desk.note_upload(actor.device, hash);
        let last = self.last_inquiry(VisitorId::new(actor.device.get()));
        let found = last.and_then(|id| Some((id, self.desk.inquiry(id)?)));
        if let Some((id, record)) = found.filter(|_| !is_known) {
            let record = InquiryRecord {
                file_bytes: record.file_bytes.saturating_add(charged_bytes(bytes)),
                ..record.clone()
            };
            self.make(&Change::Inquiry(id, Box::new(record)), batch);
        }
    }

    /// The queue in which a closed inquiry opens again: the same one, or the first one if that was
    /// removed.
    fn queue_to_return(&self, record: &InquiryRecord) -> ConversationId {
        match self.desk.queue(record.queue) {
            Some(_) => record.queue,
            None => self
                .desk
                .queues
                .keys()
                .next()
                .copied()
                .unwrap_or(record.queue),
        }
    }

    /// What follows from a message in an inquiry: the visitor's opens it again, an agent's may be
    /// the first reply.
    pub(crate) fn said_in_inquiry(
        &mut self,
        user: UserId,
        id: ConversationId,
        content: &Content,
        now: Timestamp,
        batch: &mut Batch,
    ) {
        let Some(record) = self.desk.inquiry(id) else {
            return;
        };
        let mut turn = Turn::new(now, batch);
        if user == UserId::VISITOR {
            if !record.state.is_open() {
                self.reopen_by_visitor(id, content, &mut turn);
                self.route(&mut turn);
            }
            return;
        }
        let (is_first, queue) = (record.first_reply_at.is_none(), record.queue);
        if is_first {
            let after_ms = now.get().saturating_sub(record.opened_at.get());
            let record = InquiryRecord {
                first_reply_at: Some(now),
                ..record.clone()
            };
            self.put_inquiry(id, record, &mut turn);
            let step = RouteStep::FirstReply {
                agent: user,
                after_ms,
            };
            self.note_step(queue, user, id, step, &mut turn);
        }
        self.note_active(user, &mut turn);
    }

    fn reopen_by_visitor(&mut self, id: ConversationId, content: &Content, turn: &mut Turn<'_>) {
        let Some(record) = self.desk.inquiry(id) else {
            return;
        };
        let queue = self.queue_to_return(record);
        let state = self.begins(queue).unwrap_or(InquiryState::Left);
        let record = InquiryRecord {
            queue,
            state,
            waiting_since: self.desk.clock.time(),
            has_overflowed: false,
            rating: None,
            ..record.clone()
        };
        if let Some(asker) = self.desk.askers.get(&id) {
            let (body, _) = content.clone().into_parts();
            let first = body.words().unwrap_or_default();
            let asker = AskerRecord {
                first: DeskText::first_line(first, OFFER_LINE_BYTES_MAX),
                ..asker.clone()
            };
            self.make(&Change::Asker(id, Box::new(asker)), turn.batch);
        }
        self.put_inquiry(id, record, turn);
        self.note_change(id, UserId::VISITOR, DeskEntry::Reopened, turn);
        self.note_step(queue, UserId::VISITOR, id, RouteStep::Reopened, turn);
        if state == InquiryState::Left {
            self.note_step(queue, UserId::SERVER, id, RouteStep::Left, turn);
        }
        turn.touched.insert(queue);
        self.tell_visitor(id, turn);
    }
}
