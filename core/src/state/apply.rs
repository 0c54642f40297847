//! Applying changes: the only code that moves state, live and during recovery alike.
//!
//! Recovery replays the log over trees that may already hold later changes. Every arm must
//! therefore be idempotent and tolerate rows that are newer than the change; cursors only go up.

use cairn_proto::ids::{
    ConversationId, DeviceId, ImportSource, MsgId, Revision, SendStreamId, UserId, VisitorId,
};
use cairn_proto::model::group::Role;

use crate::api::change::{Appended, Change, Origin};
use crate::record::{
    ConversationRecord, KindRecord, MemberCounts, MemberDetails, MemberRecord, MembershipRecord,
    RecentSend, UsedStream, UserRecord,
};
use crate::state::conversation::{Conversation, Member};
use crate::state::relations::Relations;
use crate::state::send_stream::{SendSlots, SendStream};
use crate::state::{State, User};

impl State {
    /// Applies a change. Applying it again, alone or with all later changes, ends in the same
    /// state.
    pub fn apply(&mut self, change: &Change) {
        // Stamped last: the conversation or member that a change adds must exist to take the stamp.
        self.apply_unstamped(change);
        self.stamp(change);
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each change")]
    fn apply_unstamped(&mut self, change: &Change) {
        match change {
            Change::Appended(appended) => self.apply_appended(SendSlots::default(), appended),
            &Change::Read {
                conversation,
                user,
                msgid,
            } => self.apply_read(conversation, user, msgid),
            &Change::Delivered {
                conversation,
                user,
                device,
                msgid,
            } => self.apply_delivered(conversation, user, device, msgid),
            Change::User(id, record) => self.apply_user(*id, record.clone()),
            Change::Device(user, id, record) => {
                self.dirty.devices.insert((*user, *id));
                self.install_device(*user, *id, record.clone());
            }
            &Change::DeviceRemoved(user, device) => self.apply_device_removed(user, device),
            &Change::StreamOpened {
                user,
                device,
                stream,
                forgotten,
            } => self.apply_stream_opened(user, device, stream, forgotten),
            Change::Audited(record) => self.audit.push(record.clone()),
            &Change::AuditTrimmed { first } => self.audit.trim(first),
            // Batches are read with `Change::current`.
            Change::UserFormat3(..)
            | Change::InviteFormat3(..)
            | Change::MemberDetailsFormat3 { .. } => {}
            &Change::Link(token, record) => {
                self.dirty.links.insert(token);
                self.links.insert(token, record);
            }
            Change::LinkRemoved(token) => {
                self.dirty.links.insert(*token);
                self.links.remove(token);
            }
            Change::Conversation(id, record) => self.apply_conversation(*id, record),
            &Change::Member {
                conversation,
                user,
                role,
                joined,
                counts,
            } => {
                let record = MemberRecord {
                    role,
                    joined,
                    read: MsgId::ZERO,
                    details: MemberDetails::default(),
                    marker: None,
                    changed: Revision::default(),
                };
                self.apply_member(conversation, user, record, counts);
            }
            &Change::MemberRemoved {
                conversation,
                user,
                counts,
            } => self.apply_member_removed(conversation, user, counts),
            &Change::Imported {
                conversation,
                source,
                cursor,
            } => self.apply_imported(conversation, source, cursor),
            &Change::Rewritten {
                conversation,
                msgid,
                is_message,
            } => self.apply_rewritten(conversation, msgid, is_message),
            Change::Attachment(hash, record) => self.attachments.set_record(*hash, record.as_ref()),
            &Change::Attached {
                conversation,
                msgid,
                hash,
            } => self.attachments.set_ref(conversation, msgid, hash),
            &Change::AttachmentRefs { hash, uses } => self.attachments.set_refs(hash, uses),
            &Change::AttachmentBytes { user, bytes } => self.attachments.set_bytes(user, bytes),
            Change::Pins { conversation, pins } => self.apply_pins(*conversation, pins),
            &Change::Retention {
                conversation,
                retention,
            } => self.apply_retention(conversation, retention),
            &Change::FloorRaised {
                conversation,
                floor,
            } => self.apply_floor_raised(conversation, floor),
            Change::Mentioned {
                conversation,
                msgid,
                users,
            } => {
                if let Some(found) = self.touch(*conversation) {
                    found.mention(*msgid, users);
                }
            }
            Change::Unmentioned {
                conversation,
                msgid,
                users,
            } => {
                if let Some(found) = self.touch(*conversation) {
                    found.unmention(*msgid, users);
                }
            }
            Change::Renamed(id, name) => self.apply_renamed(*id, name),
            Change::Group(id, record) => self.apply_group(*id, record),
            &Change::MemberDetails {
                conversation,
                user,
                details,
            } => self.apply_details(conversation, user, details),
            &Change::Relation {
                user,
                other,
                relation,
            } => self.apply_relation(user, other, relation),
            Change::Profile(user, profile) => self.apply_profile(*user, profile.clone()),
            Change::Setting { name, value } => self.apply_setting(name, value),
            Change::MarkedUnread {
                conversation,
                user,
                read,
                marker,
            } => self.apply_marked_unread(*conversation, *user, *read, marker),
            Change::Queue(..)
            | Change::QueueHours(..)
            | Change::Agent(..)
            | Change::AgentStand(..)
            | Change::Inquiry(..)
            | Change::Asker(..)
            | Change::InquiryErased(_)
            | Change::Visitor(..)
            | Change::DeskKey(..)
            | Change::Canned(..)
            | Change::RouteRules(_) => self.apply_desk(change),
            // Only stamped.
            Change::EpochBegun(_) | Change::Named { .. } => {}
            &Change::Clock(time) => self.apply_clock(time),
        }
    }

    fn apply_conversation(&mut self, id: ConversationId, record: &ConversationRecord) {
        let mut conversation = Conversation::new(record.clone());
        // A new conversation has no stored members, so memory holds all of them.
        conversation.members_complete = true;
        self.conversations.insert(id, conversation);
        self.note_numbered(id);
        self.touch(id);
    }

    pub(crate) fn apply_appended(&mut self, slots: SendSlots, appended: &Appended) {
        let &Appended {
            conversation,
            msgid,
            sender,
            sent_at,
            origin,
        } = appended;
        let open = self.revisions.open;
        let Some(found) = self.touch_at(slots.membership.conversation, conversation) else {
            return;
        };
        let is_stamped = found.record.changed >= open;
        found.record.changed = open.max(found.record.changed);
        // Compared before the head moves: an old entry replayed over newer trees must not turn back
        // the time of the last one.
        let is_newest = msgid >= found.record.head;
        let is_inquiry = found.record.kind == KindRecord::Inquiry;
        found.record.head = found.record.head.max(msgid);
        if origin != Origin::System {
            found.record.last_message = found.record.last_message.max(msgid);
        }
        if origin != Origin::Imported && is_newest {
            found.record.last_sent_at = sent_at;
        }
        match origin {
            Origin::Sent { .. } => found.raise_read(slots.membership.member, sender, msgid),
            Origin::System => found.note_uncounted(msgid),
            Origin::Imported => {}
        }
        if is_inquiry && origin != Origin::System {
            self.desk
                .note_said(conversation, sent_at, sender == UserId::VISITOR);
            self.desk.note_inquiry(conversation);
        }
        // Most entries of a batch find their conversation stamped by an earlier one.
        if !is_stamped {
            self.stamp_conversation(conversation);
        }
        if let Origin::Sent {
            device,
            stream,
            place,
            seq,
            body,
        } = origin
        {
            // A replay over newer trees meets sends of removed devices and streams. They cannot
            // be retried.
            let Some(stream_of) = self.streams.get_mut_at(slots.stream, &(device, stream)) else {
                return;
            };
            if stream_of.accept(RecentSend {
                place,
                conversation,
                seq,
                msgid,
                body,
            }) {
                self.dirty.streams.push((device, stream));
            }
        }
    }

    fn apply_rewritten(&mut self, conversation: ConversationId, msgid: MsgId, is_message: bool) {
        if let Some(found) = self.touch(conversation)
            && !is_message
        {
            found.note_uncounted(msgid);
        }
    }

    fn apply_pins(&mut self, conversation: ConversationId, pins: &[MsgId]) {
        if let Some(found) = self.touch(conversation) {
            found.pins = pins.to_vec();
            found.dirty.pins = true;
        }
    }

    fn apply_imported(&mut self, conversation: ConversationId, source: ImportSource, cursor: u64) {
        let Some(found) = self.touch(conversation) else {
            return;
        };
        let known = found.imports.entry(source).or_default();
        *known = cursor.max(*known);
        found.dirty.imports.push(source);
    }

    fn apply_member(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        record: MemberRecord,
        counts: MemberCounts,
    ) {
        let MemberRecord { role, joined, .. } = record;
        let Some(found) = self.touch(conversation) else {
            return;
        };
        found.record.counts = counts;
        let member = found
            .members
            .get_or_insert_with(user, || Member::new(record));
        member.record.role = role;
        member.record.joined = joined;
        found.note_member(user);
        if user == UserId::VISITOR {
            return;
        }
        self.dirty.memberships.insert((user, conversation));
        self.install_membership(
            user,
            conversation,
            MembershipRecord {
                owns: role == Role::Owner,
            },
        );
    }

    fn apply_member_removed(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        counts: MemberCounts,
    ) {
        let Some(found) = self.touch(conversation) else {
            return;
        };
        found.record.counts = counts;
        found.members.remove(&user);
        found.note_member(user);
        self.dirty.memberships.insert((user, conversation));
        if let Some(user) = self.users.get_mut(&user) {
            user.conversations.remove(&conversation);
            user.owned.remove(&conversation);
        }
    }

    fn apply_read(&mut self, conversation: ConversationId, user: UserId, msgid: MsgId) {
        if let Some(found) = self.touch(conversation) {
            found.raise_read(None, user, msgid);
        }
    }

    fn apply_delivered(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        device: DeviceId,
        msgid: MsgId,
    ) {
        let Some(found) = self.touch(conversation) else {
            return;
        };
        let Some(member) = found.members.get_mut(&user) else {
            return;
        };
        let at = member
            .delivered
            .iter()
            .position(|&(of, _)| of == device)
            .unwrap_or_else(|| {
                member.delivered.push((device, MsgId::ZERO));
                member.delivered.len() - 1
            });
        let (_, cursor) = &mut member.delivered[at];
        if msgid > *cursor {
            *cursor = msgid;
            found.note_member(user);
        }
    }

    fn apply_user(&mut self, id: UserId, mut record: UserRecord) {
        self.dirty.users.insert(id);
        let open = self.revisions.open;
        if let Some(User { record: before, .. }) = self.users.get(&id) {
            let looks_the_same = before.looks_like(&record);
            record.changed = record.changed.max(before.changed);
            if !looks_the_same {
                record.changed = record.changed.max(open);
            }
        } else {
            record.changed = record.changed.max(open);
            // New users have no relations to load.
            self.relations.insert(id, Relations::default());
        }
        self.install_user(id, record);
    }

    fn apply_device_removed(&mut self, user: UserId, device: DeviceId) {
        let Some(found) = self.users.get_mut(&user) else {
            return;
        };
        self.dirty.devices.insert((user, device));
        // Stored delivered cursors stay until their row is written for another reason; loading
        // skips them.
        for conversation in &found.conversations {
            let member = self
                .conversations
                .get_mut(conversation)
                .and_then(|found| found.members.get_mut(&user));
            if let Some(member) = member {
                member.delivered.retain(|&(of, _)| of != device);
            }
        }
        let Some(record) = found.devices.remove(&device) else {
            return;
        };
        self.tokens.remove(&record.token);
        for UsedStream { stream, .. } in record.streams {
            self.streams.remove(&(device, stream));
            self.dirty.streams_removed.insert((device, stream));
        }
    }

    fn apply_stream_opened(
        &mut self,
        user: UserId,
        device: DeviceId,
        stream: SendStreamId,
        forgotten: Option<SendStreamId>,
    ) {
        if user == UserId::VISITOR {
            return self.apply_visitor_stream(device, stream, forgotten);
        }
        let Some(record) = self
            .users
            .get_mut(&user)
            .and_then(|found| found.devices.get_mut(&device))
        else {
            return;
        };
        let streams = std::mem::take(&mut record.streams);
        let streams = self.with_stream(streams, device, stream, forgotten);
        let record = self
            .users
            .get_mut(&user)
            .and_then(|found| found.devices.get_mut(&device));
        if let Some(record) = record {
            record.streams = streams;
        }
        self.dirty.devices.insert((user, device));
    }

    fn apply_visitor_stream(
        &mut self,
        device: DeviceId,
        stream: SendStreamId,
        forgotten: Option<SendStreamId>,
    ) {
        let id = VisitorId::new(device.get());
        let Some(visitor) = self.desk.visitors.get_mut(&id) else {
            return;
        };
        let streams = std::mem::take(&mut visitor.streams);
        let streams = self.with_stream(streams, device, stream, forgotten);
        if let Some(visitor) = self.desk.visitors.get_mut(&id) {
            visitor.streams = streams;
        }
        self.desk.note_visitor(id);
    }

    /// Makes a stream the most recently used one of its device.
    fn with_stream(
        &mut self,
        mut streams: Vec<UsedStream>,
        device: DeviceId,
        stream: SendStreamId,
        forgotten: Option<SendStreamId>,
    ) -> Vec<UsedStream> {
        if !streams.iter().any(|used| used.stream == stream) {
            // Starts empty, even if the trees still hold rows from before the eviction.
            self.streams.insert((device, stream), SendStream::default());
        }
        if let Some(latest) = streams.iter().find(|used| !used.stream.is_named())
            && let Some(found) = self.streams.get_mut(&(device, latest.stream))
        {
            found.is_latest = false;
        }
        streams.retain(|used| used.stream != stream && Some(used.stream) != forgotten);
        let used_at = self.revisions.open;
        streams.insert(0, UsedStream { stream, used_at });
        if let Some(forgotten) = forgotten {
            self.streams.remove(&(device, forgotten));
            self.dirty.streams_removed.insert((device, forgotten));
        }
        streams
    }
}
