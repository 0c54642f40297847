//! Notes about an inquiry, in a log of their own.

use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::packed::pack_content;
use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::model::desk::InquiryState;
use cairn_proto::text::{DeskText, Text};
use cairn_proto::wire::error::ErrorCode;

use crate::api::change::{Change, Origin};
use crate::desk::turn::Turn;
use crate::permission::desk::{DeskAction, DeskRole};
use crate::record::{ConversationRecord, InquiryRecord, KindRecord};
use crate::state::State;
use crate::state::make::NewEntry;

impl State {
    pub(super) fn open_back(
        &mut self,
        user: UserId,
        id: ConversationId,
        turn: &mut Turn<'_>,
    ) -> Result<ConversationId, ErrorCode> {
        let record = self.check_desk(user, id, DeskAction::See)?;
        let standing = self.standing(user, record);
        if standing < DeskRole::Holder && !self.is_member(user, id) {
            return Err(ErrorCode::NotFound);
        }
        let back = self.back(id, turn)?;
        if self.is_member(user, id) && !self.is_member(user, back) {
            self.add_to_desk(back, user, turn);
            self.publish_joined(back, user, turn.batch);
        }
        Ok(back)
    }

    /// The log of notes about an inquiry, which is made when first needed.
    fn back(
        &mut self,
        id: ConversationId,
        turn: &mut Turn<'_>,
    ) -> Result<ConversationId, ErrorCode> {
        let record = self.desk.inquiry(id).ok_or(ErrorCode::NotFound)?;
        if let Some(back) = record.back {
            return Ok(back);
        }
        let back = self.next_numbered();
        if !back.is_numbered() {
            return Err(ErrorCode::LimitReached);
        }
        let record = InquiryRecord {
            back: Some(back),
            ..record.clone()
        };
        let members: Vec<UserId> = record
            .joined
            .iter()
            .copied()
            .chain(match record.state {
                InquiryState::Held { agent, .. } => Some(agent),
                _ => None,
            })
            .collect();
        let log = ConversationRecord::new(KindRecord::Back { of: id }, turn.now);
        self.make(&Change::Conversation(back, log), turn.batch);
        self.put_inquiry(id, record, turn);
        for user in members {
            self.add_to_desk(back, user, turn);
            self.publish_joined(back, user, turn.batch);
        }
        Ok(back)
    }

    /// Adds a note about an inquiry.
    pub(super) fn add_note(
        &mut self,
        user: UserId,
        id: ConversationId,
        note: &DeskText,
        turn: &mut Turn<'_>,
    ) {
        if note.is_empty() {
            return;
        }
        let (Ok(back), Ok(text)) = (self.back(id, turn), Text::new(note.as_str())) else {
            return;
        };
        let mut content = Vec::new();
        pack_content(&Body::Text(text), &Extras::NONE, &mut content);
        let sent_at: Timestamp = self
            .conversation(back)
            .map_or(turn.now, |found| found.not_before_last(turn.now));
        let entry = NewEntry {
            sender: user,
            sent_at,
            origin: Origin::Imported,
            content: &content,
        };
        self.append(back, entry, turn.batch);
    }
}
