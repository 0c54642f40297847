//! Visitors: logging in, opening an inquiry, and what their messages do.

mod messages;
mod requests;
mod route_rules;

use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId, VisitorId};
use cairn_proto::limits::{ATTRS_MAX, OFFER_LINE_BYTES_MAX, VISITOR_TEXT_BYTES_MAX};
use cairn_proto::model::desk::{
    Attr, DeskEntry, DeskInfo, InquiryState, RouteStep, VisitorInquiry,
};
use cairn_proto::model::group::Role;
use cairn_proto::model::retention::Retention;
use cairn_proto::text::DeskText;
use cairn_proto::wire::error::ErrorCode;
use xxhash_rust::xxh3::xxh3_64;

use self::route_rules::chosen;
use super::turn::Turn;
use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::command::Feed;
use crate::api::desk::{FindDesk, FoundDesk, OpenVisit, VisitorIn, VisitorLogin};
use crate::api::update::Update;
use crate::command::{Command, Visits};
use crate::limits::{DAY_MS, INQUIRIES_PER_VISITOR_MAX};
use crate::messages::send::{Sending, Tried};
use crate::prefetch::Load;
use crate::record::{
    AskerRecord, ConversationRecord, InquiryRecord, KindRecord, MemberCounts, SecretHash,
    VisitorRecord,
};
use crate::state::State;
use crate::state::send_stream::SendSlots;

impl Command for FindDesk {
    type Answer = FoundDesk;
    type Found = ();

    fn prefetch(&self, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        (): (),
        state: &mut State,
        _: Timestamp,
        _: &mut Batch,
    ) -> Result<FoundDesk, ErrorCode> {
        let found = state.desk.keys.get(&self.0);
        let found = found.ok_or(ErrorCode::NoSuchQueue)?;
        Ok(FoundDesk {
            id: self.0.link_id(),
            queue: found.queue,
            secret: found.secret,
            requires_signature: found.requires_signature,
        })
    }
}

impl Command for VisitorLogin {
    type Answer = VisitorIn;
    type Found = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        state.visitor_with_last(self.visitor, loads);
    }

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        _: &mut Batch,
    ) -> Result<VisitorIn, ErrorCode> {
        let found = state.desk.keys.get(&self.desk);
        let queue = found
            .map(|found| found.queue)
            .ok_or(ErrorCode::NoSuchQueue)?;
        state.check_key(self.visitor, self.key)?;
        let inquiry = state.last_inquiry(self.visitor);
        let position = |id| {
            let (found, member) = state.membership(UserId::VISITOR, id).ok()?;
            Some(Feed {
                conversation: id,
                position: member.delivered(self.visitor.device()),
                floor: found.record.floor,
            })
        };
        let feed = inquiry.filter(|_| self.push).and_then(position);
        Ok(VisitorIn {
            actor: Actor {
                user: UserId::VISITOR,
                device: self.visitor.device(),
                stream: self.stream,
                stream_began: state.stream_began(self.stream_past),
            },
            desk: state.desk_info(queue).ok_or(ErrorCode::NoSuchQueue)?,
            inquiry: inquiry.and_then(|id| state.visitor_inquiry(id)),
            feeds: feed.into_iter().collect(),
            as_of: state.revisions.moment(),
            now,
        })
    }
}

impl Command for OpenVisit {
    type Answer = VisitorInquiry;
    type Found = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        let visitor = VisitorId::new(self.actor.device.get());
        state.visitor_with_last(visitor, loads);
        state.stream(UserId::VISITOR, self.actor.device, self.actor.stream, loads);
    }

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<VisitorInquiry, ErrorCode> {
        let visitor = VisitorId::new(self.actor.device.get());
        state.check_key(visitor, self.key)?;
        let text = &self.request.text;
        if text.as_str().len() > VISITOR_TEXT_BYTES_MAX || self.request.attrs.len() > ATTRS_MAX {
            return Err(ErrorCode::BadRequest);
        }
        if text.is_blank() {
            return Err(ErrorCode::EmptyMessage);
        }
        let content = Content::new(Body::Text(text.clone()), Extras::NONE);
        let last = state.last_inquiry(visitor);
        // A repetition is one of a message in the last inquiry, whether that is open or not, or in
        // an earlier one, if another process of the visitor has opened the last one since.
        if let Some(id) = last {
            let tried = state.tried_in(id, &self, &content);
            if state.was_asked_before(id, &self, &content) || matches!(tried?, Tried::Accepted(_)) {
                return state.visitor_inquiry(id).ok_or(ErrorCode::NotFound);
            }
        }
        // After that: the repetition of an accepted question must not be refused.
        if state.is_disk_low {
            return Err(ErrorCode::DiskFull);
        }
        let is_open = |id: &ConversationId| {
            let record = state.desk.inquiry(*id);
            record.is_some_and(|record| record.state.is_open() && !record.is_erased)
        };
        let mut turn = Turn::new(now, batch);
        let id = match last.filter(is_open) {
            Some(id) => id,
            None => state.open_inquiry(visitor, &self, &mut turn)?,
        };
        let place = state.use_stream(self.actor, turn.batch);
        let sending = state.visit_sending(id, &self, &content);
        state.accept(
            self.actor,
            &sending,
            Some(place),
            content.packed(),
            now,
            turn.batch,
        )?;
        state.route(&mut turn);
        if last != Some(id) {
            // The visitor's other sessions get no answer.
            state.tell_visitor(id, &mut turn);
        }
        state.visitor_inquiry(id).ok_or(ErrorCode::NotFound)
    }
}

impl State {
    fn visit_sending<'a>(
        &self,
        conversation: ConversationId,
        visit: &OpenVisit,
        content: &'a Content,
    ) -> Sending<'a> {
        Sending {
            found: SendSlots::default(),
            conversation,
            seq: visit.request.seq,
            fingerprint: xxh3_64(content.packed()) as u32,
            extras: content.extras(),
            attachment: None,
        }
    }

    /// Looks for an earlier try of a question in an inquiry.
    fn tried_in(
        &self,
        conversation: ConversationId,
        visit: &OpenVisit,
        content: &Content,
    ) -> Result<Tried, ErrorCode> {
        self.seen(
            visit.actor,
            &self.visit_sending(conversation, visit, content),
        )
    }

    /// Returns whether a question was accepted in an earlier inquiry than the last one.
    fn was_asked_before(&self, last: ConversationId, visit: &OpenVisit, content: &Content) -> bool {
        let visitor = VisitorId::new(visit.actor.device.get());
        let known = self.desk.visitors.get(&visitor);
        let all = known.into_iter().flat_map(|known| &known.record.inquiries);
        let mut earlier = all.filter(|id| **id != last);
        earlier.any(|&id| matches!(self.tried_in(id, visit, content), Ok(Tried::Accepted(_))))
    }

    /// Loads a visitor and their last inquiry.
    fn visitor_with_last(&self, visitor: VisitorId, loads: &mut Vec<Load>) {
        if !self.desk.visitors.contains_key(&visitor) {
            loads.push(Load::Visitor(visitor));
        }
        if let Some(id) = self.last_inquiry(visitor) {
            self.whole_inquiry(id, loads);
        }
    }

    /// Loads an inquiry with its log.
    pub(crate) fn whole_inquiry(&self, id: ConversationId, loads: &mut Vec<Load>) {
        if self.desk.inquiry(id).is_none() {
            loads.push(Load::Inquiry(id));
        }
        self.members_alone(id, loads);
    }

    pub(crate) fn last_inquiry(&self, visitor: VisitorId) -> Option<ConversationId> {
        let found = self.desk.visitors.get(&visitor)?;
        found.record.inquiries.last().copied()
    }

    /// Loads what is needed to let a visitor do something.
    pub(crate) fn visiting(&self, actor: Actor, visits: Visits, loads: &mut Vec<Load>) {
        if actor.user != UserId::VISITOR {
            return;
        }
        let visitor = VisitorId::new(actor.device.get());
        match visits {
            Visits::Refused => {}
            Visits::Own => self.visitor_with_last(visitor, loads),
            Visits::In(id) => {
                if !self.desk.visitors.contains_key(&visitor) {
                    loads.push(Load::Visitor(visitor));
                }
                // Nothing of what is not theirs.
                let found = self.desk.visitors.get(&visitor);
                if found.is_some_and(|found| found.record.inquiries.contains(&id)) {
                    self.whole_inquiry(id, loads);
                }
            }
        }
    }

    /// Checks that a visitor may make a request.
    pub(crate) fn check_visit(&self, actor: Actor, visits: Visits) -> Result<(), ErrorCode> {
        let visitor = VisitorId::new(actor.device.get());
        match visits {
            Visits::Refused => Err(ErrorCode::Forbidden),
            Visits::Own => Ok(()),
            Visits::In(id) => {
                let record = self.desk.inquiry(id).filter(|record| !record.is_erased);
                let is_own = record.is_some_and(|record| record.visitor == visitor);
                is_own.then_some(()).ok_or(ErrorCode::NotFound)
            }
        }
    }

    /// Checks that a visitor is who they say. One who is not known can be anybody.
    fn check_key(&self, visitor: VisitorId, key: SecretHash) -> Result<(), ErrorCode> {
        let [a, b, c, d, e, f, g, h, ..] = key.0;
        let is_of_key = visitor.get() == u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        let known = self.desk.visitors.get(&visitor);
        let is_same = known.is_none_or(|known| known.record.key == key);
        (is_of_key && is_same)
            .then_some(())
            .ok_or(ErrorCode::AuthFailed)
    }

    fn desk_info(&self, id: ConversationId) -> Option<DeskInfo> {
        let queue = self.desk.queue(id)?;
        let config = &queue.record.config;
        Some(DeskInfo {
            queue: id,
            name: config.name.clone(),
            is_open: queue.hours.is_open,
            greeting: config.greeting.clone(),
            offline: config.offline.clone(),
            takes_messages: config.takes_messages,
            topics: config.topics.clone(),
        })
    }

    /// How an inquiry begins in a queue: it waits, or is left as a message.
    fn begins(&self, queue: ConversationId) -> Result<InquiryState, ErrorCode> {
        let found = self.desk.queue(queue).ok_or(ErrorCode::NoSuchQueue)?;
        let refusal = if !found.hours.is_open {
            ErrorCode::QueueClosed
        } else if found.waiting.len() >= found.record.config.waiting_max as usize {
            ErrorCode::QueueFull
        } else {
            return Ok(InquiryState::Waiting);
        };
        match found.record.config.takes_messages {
            true => Ok(InquiryState::Left),
            false => Err(refusal),
        }
    }

    /// Creates the log of an inquiry, with its visitor as a member.
    fn begin_log(&mut self, id: ConversationId, retention_days: u32, turn: &mut Turn<'_>) {
        let log = ConversationRecord::new(KindRecord::Inquiry, turn.now);
        self.make(&Change::Conversation(id, log), turn.batch);
        self.make(
            &Change::Member {
                conversation: id,
                user: UserId::VISITOR,
                role: Role::Member,
                joined: MsgId::ZERO.next(),
                counts: MemberCounts {
                    members: 1,
                    owners: 0,
                },
            },
            turn.batch,
        );
        if retention_days > 0 {
            let retention = Some(Retention::Days(retention_days));
            let conversation = id;
            self.make(
                &Change::Retention {
                    conversation,
                    retention,
                },
                turn.batch,
            );
        }
    }

    fn open_inquiry(
        &mut self,
        visitor: VisitorId,
        visit: &OpenVisit,
        turn: &mut Turn<'_>,
    ) -> Result<ConversationId, ErrorCode> {
        let key = self.desk.keys.get(&visit.desk);
        let key = key.ok_or(ErrorCode::NoSuchQueue)?;
        if key.requires_signature && visit.claims.is_none() {
            return Err(ErrorCode::BadIdentity);
        }
        let asker = asker_of(visit);
        let rule = chosen(&self.desk.rules, &asker);
        let rule = rule.filter(|(_, rule)| self.desk.queue(rule.queue).is_some());
        let queue = rule.map_or(key.queue, |(_, rule)| rule.queue);
        let priority = rule.map_or(cairn_proto::limits::PRIORITY_NORMAL, |(_, rule)| {
            rule.priority
        });
        let rule = rule.map(|(at, _)| at);
        let state = self.begins(queue)?;
        let id = self.next_numbered();
        if !id.is_numbered() {
            return Err(ErrorCode::LimitReached);
        }
        let known = self.desk.visitors.get(&visitor).map(|known| &known.record);
        let mut record = known.cloned().unwrap_or(VisitorRecord {
            key: visit.key,
            inquiries: Vec::new(),
            last_agent: None,
            last_held_at: Timestamp::new(0),
        });
        if record.inquiries.len() >= INQUIRIES_PER_VISITOR_MAX {
            return Err(ErrorCode::LimitReached);
        }
        record.inquiries.push(id);
        let config = self.desk.queue(queue).map(|queue| &queue.record.config);
        let (sticky_days, retention_days, name) = config
            .map(|config| {
                (
                    config.sticky_days,
                    config.retention_days,
                    config.name.clone(),
                )
            })
            .ok_or(ErrorCode::NoSuchQueue)?;
        let sticky_ms = u64::from(sticky_days) * DAY_MS;
        let inquiry = InquiryRecord {
            queue,
            visitor,
            state,
            priority,
            rule,
            opened_at: turn.now,
            waiting_since: self.desk.clock.time(),
            refused: Vec::new(),
            forget_at: None,
            last_offered: None,
            last_agent: record.last_agent,
            sticky_until: Timestamp::new(record.last_held_at.get().saturating_add(sticky_ms)),
            first_reply_at: None,
            said: None,
            tags: Vec::new(),
            rating: None,
            back: None,
            joined: Vec::new(),
            file_bytes: 0,
            has_overflowed: false,
            is_erased: false,
        };
        self.begin_log(id, retention_days, turn);
        self.make(&Change::Asker(id, Box::new(asker)), turn.batch);
        self.make(
            &Change::Visitor(visitor, Some(Box::new(record))),
            turn.batch,
        );
        self.put_inquiry(id, inquiry, turn);
        self.note_change(id, UserId::VISITOR, DeskEntry::Opened { queue: name }, turn);
        let step = match state {
            InquiryState::Left => RouteStep::Left,
            _ => RouteStep::Opened { priority, rule },
        };
        self.note_step(queue, UserId::SERVER, id, step, turn);
        turn.touched.insert(queue);
        turn.batch.publish(Update::VisitorFollows {
            visitor,
            feed: Feed {
                conversation: id,
                position: MsgId::ZERO,
                floor: MsgId::ZERO,
            },
        });
        Ok(id)
    }
}

fn asker_of(visit: &OpenVisit) -> AskerRecord {
    let claims = visit.claims.as_ref();
    let signed = claims.into_iter().flat_map(|claims| &claims.attrs);
    let signed = signed.map(|(name, value)| (name, value, true));
    let said = visit.request.attrs.iter();
    let said = said.map(|(name, value)| (name, value, false));
    let mut attrs: Vec<Attr> = Vec::new();
    for (name, value, is_signed) in signed.chain(said) {
        if attrs.len() < ATTRS_MAX && attrs.iter().all(|known| known.name != *name) {
            attrs.push(Attr {
                name: name.clone(),
                value: value.clone(),
                is_signed,
            });
        }
    }
    // Pages of inquiries must fit into a frame.
    let mut bytes = 0;
    attrs.retain(|attr| {
        bytes += attr.name.as_str().len() + attr.value.as_str().len();
        bytes <= crate::limits::ATTRS_BYTES_MAX
    });
    let name = claims.and_then(|claims| claims.name.clone());
    AskerRecord {
        name: name.or_else(|| visit.name.clone()),
        sub: claims.map(|claims| claims.sub.clone()),
        attrs,
        language: visit.language.clone(),
        page: visit.request.page.clone(),
        topic: visit.request.topic.clone(),
        first: DeskText::first_line(visit.request.text.as_str(), OFFER_LINE_BYTES_MAX),
    }
}
