//! One conversation, kept up to date by the entries of its log and by events about the user.

mod details;
pub(crate) mod entries;
mod entry;
pub(crate) mod mentions;
pub(crate) mod own;
mod read_mark;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{MsgId, UserId};
use cairn_client::proto::model::conversation::Conversation as Summary;
use cairn_client::proto::model::group::MemberSettings;

use self::entries::{Entries, WHOLE};
use self::mentions::{Mentions, Statement};
use self::own::Own;
use crate::error::ReplicaError;

pub use self::details::{Details, Membership};
pub use self::entry::{Edited, Entry, Forwarded, amended};

/// A conversation as the user sees it.
///
/// It is current once its log has been appended up to the server's head; until then, details may
/// repeat an older state that the log is about to change.
#[derive(Clone, Debug)]
pub struct Conversation {
    me: UserId,
    details: Details,
    entries: Entries,
    entries_max: usize,
    evicted_through: MsgId,
    /// The last entry that was appended.
    last: MsgId,
    floor: MsgId,
    /// Whether entries expired before they were appended, and with them changes to the details.
    has_gap: bool,
    own: Own,
    mentions: Mentions,
    /// The mentions in the last overview that listed the conversation.
    listed: Statement,
}

/// How much of a conversation the user has not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// Messages of others.
    pub messages: u64,
    /// How many of them mention the user, by name or with everyone. A mention by a user whom this
    /// one had blocked does not count.
    pub mentions: u64,
    /// Whether there may be more: unread entries were evicted and are not counted, or it is unknown
    /// which of them mention the user.
    pub is_lower_bound: bool,
}

impl Conversation {
    pub(crate) fn new(me: UserId, summary: &Summary, details: Details, entries_max: usize) -> Self {
        let base = base(me, &details, summary.read.max(summary.floor));
        let stated = Statement::new(summary, base);
        Self {
            me,
            details,
            entries: Entries::new(),
            entries_max,
            evicted_through: MsgId::ZERO,
            last: summary.floor,
            floor: summary.floor,
            has_gap: false,
            own: Own::new(summary),
            mentions: Mentions::new(me, stated, summary.floor),
            listed: stated,
        }
    }

    /// Name, topic, group settings, retention, members and pins.
    #[must_use]
    pub const fn details(&self) -> &Details {
        &self.details
    }

    /// The entries held, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = (MsgId, &Entry)> {
        let entries = self.entries.after(MsgId::ZERO);
        entries.map(|(msgid, entry)| (msgid, &**entry))
    }

    /// One entry. `None` if it expired, was evicted, or has not been appended yet.
    #[must_use]
    pub fn entry(&self, msgid: MsgId) -> Option<&Entry> {
        self.entries.get(msgid).map(|entry| &**entry)
    }

    /// Entries up to this one are not held: they expired, were sent before the user could see them,
    /// or were evicted. Those above [`Conversation::floor`] can be pulled from the server.
    #[must_use]
    pub fn held_after(&self) -> MsgId {
        self.floor.max(self.evicted_through)
    }

    /// Entries up to this one do not exist for the user.
    #[must_use]
    pub const fn floor(&self) -> MsgId {
        self.floor
    }

    /// The last entry of the log, as far as it was appended.
    #[must_use]
    pub fn head(&self) -> MsgId {
        self.last.max(self.floor)
    }

    /// The entry from which to follow the log.
    #[must_use]
    pub fn next(&self) -> MsgId {
        self.head().next()
    }

    /// The read position: messages above it are unread. At least the floor, and the entry before
    /// the user joined.
    #[must_use]
    pub fn read(&self) -> MsgId {
        base(self.me, &self.details, self.own.read().max(self.floor))
    }

    /// Counts what is unread. Takes time in proportion to the entries above
    /// [`Conversation::read`].
    #[must_use]
    pub fn unread(&self) -> Unread {
        let read = self.read();
        let entries = self.entries.after(read);
        let unread = entries
            .filter(|(_, entry)| entry.body.is_message() && entry.sender != self.me)
            .count() as u64;
        Unread {
            messages: unread,
            // The entries that a statement counts may be still to come.
            mentions: self.mentions.count().min(unread),
            is_lower_bound: read < self.evicted_through || !self.mentions.is_known(),
        }
    }

    /// The user's own settings. A hidden conversation shows again with the next message.
    #[must_use]
    pub fn settings(&self) -> MemberSettings {
        self.own.settings()
    }

    /// Whether entries expired unseen. Details may be wrong until the user's client enters the
    /// conversation again ([`crate::Replica::enter`]).
    #[must_use]
    pub const fn has_gap(&self) -> bool {
        self.has_gap
    }

    /// Whether the log alone brings this up to date: nothing expired unseen, and no older entries
    /// became visible.
    pub(crate) fn continues(&self, floor: MsgId) -> bool {
        !self.has_gap && floor <= self.last && floor >= self.floor
    }

    /// Applies the user's own state from an event or an overview.
    pub(crate) fn apply_summary(&mut self, summary: &Summary) {
        self.raise_floor(summary.floor);
        self.own.apply(summary);
        self.mentions.state(self.statement(summary));
        self.move_mentions();
    }

    pub(crate) fn list(&mut self, summary: &Summary) {
        self.own.list(summary);
        self.listed = self.statement(summary);
    }

    pub(crate) fn revert_to_listed(&mut self) {
        self.own.revert_to_listed();
        self.mentions.state(self.listed);
        self.move_mentions();
    }

    pub(crate) fn set_read(&mut self, read: MsgId, head: MsgId) {
        self.own.set_read(read, head);
        self.move_mentions();
    }

    /// Whether the count of mentions depends on what only the server knows.
    pub(crate) fn lacks_mentions(&self) -> bool {
        self.read() >= self.evicted_through && !self.mentions.is_known()
    }

    fn statement(&self, summary: &Summary) -> Statement {
        let read = summary.read.max(self.floor);
        Statement::new(summary, base(self.me, &self.details, read))
    }

    fn move_mentions(&mut self) {
        self.mentions.move_to(self.read());
    }

    /// Everything up to `floor` expired.
    pub(crate) fn expire(&mut self, floor: MsgId) {
        self.has_gap |= floor > self.last;
        self.raise_floor(floor);
    }

    fn raise_floor(&mut self, floor: MsgId) {
        if floor > self.floor {
            self.floor = floor;
            self.entries.expire(floor);
            self.details.expire_pins(floor);
            self.mentions.forget(floor);
            self.move_mentions();
        }
    }

    fn push(&mut self, message: &Message) {
        self.entries.put(message.msgid, Entry::from(message));
        while self.entries.len() > self.entries_max
            && let Some(oldest) = self.entries.pop_first()
        {
            self.evicted_through = oldest;
            self.mentions.forget(oldest);
        }
    }

    /// Appends the next entry of the log.
    pub(crate) fn append(&mut self, message: &Message) -> Result<(), ReplicaError> {
        let msgid = message.msgid;
        if msgid <= self.floor {
            return Ok(());
        }
        if msgid < self.next() {
            return Err(ReplicaError::Repeated {
                conversation: message.conversation,
                msgid,
            });
        }
        if msgid > self.next() {
            // A log has no holes: numbers that are skipped belong to entries that expired.
            self.has_gap = true;
            self.raise_floor(msgid.prev());
        }
        self.last = msgid;
        self.mentions.follow(message);
        self.push(message);
        match &message.body {
            Body::System(entry) => self.details.apply_system(msgid, message.sender, entry),
            Body::Amendment(amendment) => {
                // Messages below the user's floor are pinned for others only.
                if amendment.msgid() > self.floor {
                    self.details.apply_amendment(amendment);
                }
                let by = Entry::from(message);
                let amended = self.entries.amend(msgid, &by, amendment, &WHOLE);
                amended.map_err(|_| ReplicaError::UnfitEdit {
                    conversation: message.conversation,
                    entry: msgid,
                    msgid: amendment.msgid(),
                })?;
            }
            body if body.is_message() || matches!(body, Body::Recalled { .. }) => {
                self.own.note_message(msgid, message.sender == self.me);
            }
            _ => {}
        }
        self.move_mentions();
        Ok(())
    }
}

/// The entry above which messages are unread, if the user read up to `read`.
fn base(me: UserId, details: &Details, read: MsgId) -> MsgId {
    let joined = details.members.get(&me).map(|member| member.joined);
    read.max(joined.map_or(MsgId::ZERO, MsgId::prev))
}
