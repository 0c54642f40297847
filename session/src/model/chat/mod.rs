//! One conversation of the model.

mod unread;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cairn_client::proto::content::body::{Body, SystemEntry};
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_client::proto::model::conversation::{Conversation as Summary, ConversationKind};
use cairn_client::proto::model::group::Role;

use self::unread::statement;
use super::{RequestId, SavedConversation};
use crate::conversation::mentions::Mentions;
use crate::conversation::own::Own;
use crate::conversation::{Details, Entry, Unread, amended};
use crate::limits;
use crate::log::{Log, Segments};
use crate::time::plus;
use crate::timeline::{Cursors, Want, Window};

/// A conversation, from what overviews, events and entries say of it.
#[derive(Clone, Debug)]
pub(super) struct Chat {
    pub(super) me: UserId,
    pub(super) id: ConversationId,
    pub(super) kind: ConversationKind,
    pub(super) role: Role,
    pub(super) own: Own,
    /// The last entry that is known to exist.
    pub(super) head: MsgId,
    pub(super) floor: MsgId,
    /// The last entry that this device acknowledged.
    pub(super) delivered: MsgId,
    pub(super) unread: Unread,
    mentions: Mentions,
    /// Entries up to this one are counted.
    counted: MsgId,
    /// Entries up to this one do not notify.
    pub(super) noticed: MsgId,
    pub(super) log: Log,
    /// When the last message was sent. Its number decides which one that is: the clock of a server
    /// may have been ahead before.
    pub(super) active_at: Timestamp,
    active: MsgId,
    /// The last entry that lists show, as of an entry up to which nothing is missing after it.
    latest: Option<(MsgId, Arc<Entry>, MsgId)>,
    /// The time of the last message is known as of this entry.
    active_as_of: MsgId,
    /// The last entry that was seen.
    noted: MsgId,
    /// The request for entries before those that are held, to find it.
    pub(super) preview: Option<RequestId>,
    /// Requests that did not find it.
    pub(super) previews_failed: u32,
    /// The entry as of which the name is known.
    named: MsgId,
    /// Whether the server knows the conversation. A direct chat begins with its first message.
    pub(super) exists: bool,
    pub(super) details: Option<Details>,
    /// The entries up to this one are in the details.
    pub(super) details_as_of: MsgId,
    pub(super) details_asked: bool,
    pub(super) typing: BTreeMap<UserId, Timestamp>,
    /// Who sent a message just now, and until when indicators count as older than it.
    wrote: BTreeMap<UserId, Timestamp>,
    pub(super) cursors: Cursors,
    pub(super) window: Option<Window>,
    /// Everything that is stored is current as of this entry.
    pub(super) checked: Option<MsgId>,
    pub(super) catch_up: Option<RequestId>,
    /// Senders of entries, whose names may be unknown.
    pub(super) senders: BTreeSet<UserId>,
}

impl Chat {
    pub(super) fn new(me: UserId, summary: &Summary) -> Self {
        let mut chat = Self {
            me,
            id: summary.id,
            kind: summary.kind.clone(),
            role: summary.role,
            own: Own::new(summary),
            head: summary.head,
            floor: summary.floor,
            delivered: summary.delivered,
            unread: Unread::default(),
            mentions: Mentions::new(me, statement(summary), summary.floor),
            counted: MsgId::ZERO,
            noticed: MsgId::ZERO,
            log: Log::new(),
            active_at: Timestamp::new(0),
            active: MsgId::ZERO,
            latest: None,
            active_as_of: MsgId::ZERO,
            noted: MsgId::ZERO,
            preview: None,
            previews_failed: 0,
            named: MsgId::ZERO,
            exists: true,
            details: None,
            details_as_of: MsgId::ZERO,
            details_asked: false,
            typing: BTreeMap::new(),
            wrote: BTreeMap::new(),
            cursors: Cursors::default(),
            window: None,
            checked: None,
            catch_up: None,
            senders: BTreeSet::new(),
        };
        chat.apply(summary);
        chat
    }

    /// Applies the conversation as the server lists it.
    pub(super) fn apply(&mut self, summary: &Summary) {
        self.exists = true;
        if summary.head >= self.named {
            self.kind = summary.kind.clone();
            self.named = summary.head;
        }
        self.role = summary.role;
        self.own.apply(summary);
        self.head = self.head.max(summary.head);
        self.delivered = self.delivered.max(summary.delivered);
        // A lower floor: older entries became visible.
        self.floor = self.floor.min(summary.floor);
        self.raise_floor(summary.floor);
        if let Some(last) = &summary.last
            && summary.head > self.floor
        {
            let last = Message {
                conversation: self.id,
                msgid: summary.head,
                sender: last.sender,
                sent_at: last.sent_at,
                body: last.body.clone(),
                extras: last.extras.clone(),
            };
            self.note(&last);
            self.log.insert(&[last], summary.head);
            self.note_latest();
            self.evict(limits::ENTRIES_MAX);
        }
        self.take_counts(summary);
    }

    /// The conversation as the store keeps it.
    pub(super) fn saved(&self) -> SavedConversation {
        SavedConversation {
            summary: self.summary(),
            listed: self.own.listed(),
            checked: self.checked,
        }
    }

    /// The conversation as the server would list it.
    pub(super) fn summary(&self) -> Summary {
        let last = self.log.get(self.head).map(|entry| {
            let last = entry.to_message(self.id, self.head);
            cairn_client::proto::content::message::Entry {
                sender: last.sender,
                sent_at: last.sent_at,
                body: last.body,
                extras: last.extras,
            }
        });
        Summary {
            id: self.id,
            kind: self.kind.clone(),
            role: self.role,
            head: self.head,
            floor: self.floor,
            read: self.own.read(),
            delivered: self.delivered,
            unread: self.unread.messages,
            mentions: self.unread.mentions,
            last,
            settings: self.own.settings(),
        }
    }

    /// Entries up to this one are read, or do not exist for the user.
    pub(super) fn read(&self) -> MsgId {
        self.own.read().max(self.floor)
    }

    /// Returns where the log begins and ends, and what is held of it.
    pub(super) fn extent(&self) -> (MsgId, MsgId, Segments) {
        (self.floor, self.head, self.log.segments().clone())
    }

    /// Returns what the window lacks, the most urgent first.
    pub(super) fn wants(&self) -> Vec<Want> {
        let window = self.window.as_ref();
        window.map_or_else(Vec::new, |window| {
            window.wants(&self.log, self.floor, self.head)
        })
    }

    /// Returns whether the window lacks `msgid` most.
    pub(super) fn lacks(&self, msgid: MsgId) -> bool {
        let first = self.wants().into_iter().next();
        first.is_some_and(|want| want.wanted == msgid)
    }

    /// The log of the server ends before what was seen of it.
    pub(super) fn shorten(&mut self, head: MsgId) {
        self.head = head;
        self.active = self.active.min(head);
    }

    pub(super) fn raise_floor(&mut self, floor: MsgId) {
        if floor > self.floor {
            self.floor = floor;
            self.head = self.head.max(floor);
            self.log.expire(floor);
            self.mentions.forget(floor);
            self.latest.take_if(|(msgid, ..)| *msgid <= floor);
            if let Some(details) = &mut self.details {
                details.expire_pins(floor);
            }
            self.checked = self.checked.map(|checked| checked.max(floor));
        }
    }

    /// Adds consecutive pushed entries. Returns whether the unread count is known.
    pub(super) fn append(&mut self, run: &[Message]) -> bool {
        self.log.append(run);
        let mut is_known = true;
        for message in run {
            self.note(message);
            is_known &= self.count(message);
        }
        self.note_latest();
        self.count_all(is_known)
    }

    /// A message ends the typing of its sender. An indicator may be overtaken by the message.
    pub(super) fn end_typing_of(&mut self, run: &[Message], now: Timestamp) {
        self.wrote.retain(|_, until| now < *until);
        for message in run.iter().filter(|message| message.body.is_message()) {
            self.typing.remove(&message.sender);
            if self.wrote.len() < limits::TYPING_USERS_MAX {
                let until = plus(now, limits::TYPING_OVERTAKEN_TIME);
                self.wrote.insert(message.sender, until);
            }
        }
    }

    /// A user is typing, until some time. Returns whether that is new.
    pub(super) fn begin_typing(&mut self, user: UserId, now: Timestamp) -> bool {
        let is_full = self.typing.len() >= limits::TYPING_USERS_MAX;
        let is_overtaken = self.wrote.get(&user).is_some_and(|until| now < *until);
        if is_overtaken || is_full && !self.typing.contains_key(&user) {
            return false;
        }
        let until = plus(now, limits::TYPING_TIME);
        self.typing.insert(user, until).is_none()
    }

    /// Entries arrive while the user is away from the window.
    pub(super) fn miss(&mut self, run: &[Message], noticed: MsgId) {
        let read = self.read().max(noticed);
        let missed = run.iter().filter(|message| {
            message.msgid > read && message.sender != self.me && message.body.is_message()
        });
        if let Some(window) = &mut self.window {
            missed.for_each(|message| window.divider.missed(message.msgid));
        }
    }

    /// Adds consecutive entries that were loaded from the store, current as of `as_of`.
    pub(super) fn insert_stored(&mut self, messages: &[Message], as_of: MsgId) {
        self.log.insert_stored(messages, as_of);
        self.note_all(messages);
    }

    /// Adds consecutive entries that were pulled when the log ended at `as_of`.
    pub(super) fn insert(&mut self, messages: &[Message], as_of: MsgId) {
        self.log.insert(messages, as_of);
        self.note_all(messages);
    }

    fn note_all(&mut self, messages: &[Message]) {
        for message in messages {
            self.note(message);
        }
        self.note_latest();
        self.recount();
    }

    /// Notes the last entry that lists show, before it is evicted.
    fn note_latest(&mut self) {
        let Some(segment) = self.log.segments().covering(self.head) else {
            return;
        };
        let first = segment.first;
        let mut held = self.log.after(first.prev()).rev();
        if let Some((msgid, entry)) = held.find(|(_, entry)| is_listed(entry)) {
            self.latest = Some((msgid, Arc::clone(entry), self.head));
        } else if let Some((_, _, as_of)) = &mut self.latest
            && as_of.next() >= first
        {
            *as_of = self.head;
        }
        let mut held = self.log.after(first.prev());
        if self.active_as_of.next() >= first || held.any(|(_, entry)| is_activity(entry)) {
            self.active_as_of = self.head;
        }
    }

    /// Whether the last entry that lists show, or the time of the last message, may be unknown.
    pub(super) fn lacks_latest(&self) -> bool {
        let is_known = |(_, _, as_of): &(MsgId, Arc<Entry>, MsgId)| *as_of >= self.head;
        let is_at_start = || self.log.covers(self.floor.next(), self.head);
        self.exists
            && self.head > self.floor
            // Without the last entry, an overview that has it is on its way.
            && self.noted >= self.head
            && (!self.latest.as_ref().is_some_and(is_known) || self.active_as_of < self.head)
            && !is_at_start()
    }

    /// Where the entries before those that are held at the end of the log end.
    pub(super) fn held_since(&self) -> MsgId {
        let segment = self.log.segments().covering(self.head);
        segment.map_or(self.head.next(), |segment| segment.first)
    }

    /// Notes what an entry says about the conversation, whenever it comes.
    fn note(&mut self, message: &Message) {
        let msgid = message.msgid;
        self.head = self.head.max(msgid);
        self.noted = self.noted.max(msgid);
        let author = message.extras.forwarded().map(|(author, _)| author);
        let senders = [Some(message.sender), author, message.extras.imported_by()];
        self.senders.extend(senders.into_iter().flatten());
        let is_recalled = matches!(message.body, Body::Recalled { .. });
        if message.body.is_message() || is_recalled {
            self.own.note_message(msgid, message.sender == self.me);
        }
        if let Body::Amendment(amendment) = &message.body {
            self.amend_latest(amendment.msgid(), message);
        }
        let is_shown = !matches!(message.body, Body::Amendment(_) | Body::System(_));
        if is_shown && message.extras.imported_by().is_none() && msgid > self.active {
            self.active = msgid;
            self.active_at = message.sent_at;
        }
        if let Body::System(SystemEntry::Renamed { name }) = &message.body
            && let ConversationKind::Group { name: own } = &mut self.kind
            && msgid > self.named
        {
            self.named = msgid;
            own.clone_from(name);
        }
    }

    /// Applies an amendment to the last entry that lists show, if it is not held any more.
    fn amend_latest(&mut self, of: MsgId, by: &Message) {
        if let Some((msgid, entry, as_of)) = &mut self.latest
            && *msgid == of
            && *as_of < by.msgid
            && !self.log.contains(of)
        {
            match amended(&entry.to_message(self.id, of), by) {
                Some(message) => *entry = Arc::new(Entry::from(&message)),
                None => self.latest = None,
            }
        }
    }

    /// Applies entries that were appended after the details were requested. Returns whether the
    /// details are current.
    pub(super) fn advance_details(&mut self) -> bool {
        let Some(details) = &mut self.details else {
            return false;
        };
        let from = self.details_as_of.max(self.floor).next();
        if let Some(through) = self.log.segments().held_through(from) {
            let later = self.log.after(from.prev());
            for (msgid, entry) in later.take_while(|(msgid, _)| *msgid <= through) {
                match &entry.body {
                    Body::System(change) => details.apply_system(msgid, entry.sender, change),
                    Body::Amendment(amendment) if amendment.msgid() > self.floor => {
                        details.apply_amendment(amendment);
                    }
                    _ => {}
                }
            }
            self.details_as_of = through;
        }
        self.details_as_of >= self.head
    }

    /// The last entry that lists show: a message or a change of the conversation.
    pub(super) fn last_shown(&self) -> Option<(MsgId, &Arc<Entry>)> {
        let mut newest = self.log.entries().rev();
        let held = newest.find(|(_, entry)| is_listed(entry));
        let latest = self.latest.as_ref();
        let latest = latest.map(|(msgid, entry, _)| (*msgid, entry));
        match (held, latest) {
            (Some(held), Some(latest)) if latest.0 > held.0 => Some(latest),
            (None, latest) => latest,
            (held, _) => held,
        }
    }

    /// Evicts what neither the window nor lists need. Returns whether there was anything.
    pub(super) fn evict(&mut self, entries_max: usize) -> bool {
        let (max, center) = match &self.window {
            Some(window) => (entries_max, window.center(self.head)),
            None => (limits::PREVIEW_ENTRIES, self.head),
        };
        let before = self.log.len();
        self.log.evict(max, center);
        self.forget_mentions();
        self.log.len() < before
    }
}

/// Whether an entry counts for the order of lists.
fn is_activity(entry: &Entry) -> bool {
    let is_message = !matches!(entry.body, Body::Amendment(_) | Body::System(_));
    is_message && entry.imported_by.is_none()
}

/// Whether lists show an entry: a message or a change of the conversation.
fn is_listed(entry: &Entry) -> bool {
    !matches!(entry.body, Body::Amendment(_)) && entry.is_shown()
}
