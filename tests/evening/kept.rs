//! One conversation as a device keeps it: brought up to date by the entries of the log and by the events about the user himself, and by
//! nothing else.

use std::collections::{BTreeMap, BTreeSet};

use cairn_client::proto::content::body::{Amendment, Body, SystemEntry};
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{MsgId, Timestamp, UserId};
use cairn_client::proto::model::conversation::{Conversation, ConversationKind, Member};
use cairn_client::proto::model::group::{GroupDetails, GroupSettings, MemberSettings, Role};
use cairn_client::proto::model::retention::Retention;
use cairn_client::proto::text::{GroupName, Topic};

use super::held::{Held, amend};

/// A conversation.
#[derive(Clone, Debug)]
pub struct Kept {
    me: UserId,
    about: About,
    entries: BTreeMap<MsgId, Held>,
    last: MsgId,
    floor: MsgId,
    /// Whether entries are gone that nobody told about, and with them what they told.
    has_gap: bool,
    read: MsgId,
    /// How far the log went when the cursor stood there.
    read_as_of: MsgId,
    /// The same two by the last overview: a server that is killed may forget what it told of cursors in its last moment.
    looked_up: (MsgId, MsgId),
    own: MemberSettings,
    /// How far the log went when the user hid it.
    hidden_at: MsgId,
}

/// What holds for all members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// A direct chat has none of the first three.
    pub name: Option<GroupName>,
    pub topic: Option<Topic>,
    pub agreed: Option<GroupSettings>,
    /// How long messages stay, when that was said.
    pub retention: Option<Retention>,
    pub members: BTreeMap<UserId, Membership>,
    pub pins: BTreeSet<MsgId>,
}

/// A member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    pub role: Role,
    pub joined: MsgId,
    pub muted_until: Timestamp,
}

/// What two devices, or a device and the server, must agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    pub about: About,
    pub own: MemberSettings,
    pub floor: MsgId,
    pub head: MsgId,
    /// What lies above it is unread.
    pub base: MsgId,
    pub unread: u64,
    pub mentions: u64,
    pub entries: BTreeMap<MsgId, Held>,
}

impl About {
    /// As the server tells it when it is asked.
    pub fn told(
        kind: &ConversationKind,
        group: Option<GroupDetails>,
        retention: Option<Retention>,
        members: &[Member],
        pins: Vec<MsgId>,
    ) -> Self {
        let name = match kind {
            ConversationKind::Direct { .. } => None,
            ConversationKind::Group { name } => Some(name.clone()),
        };
        let (topic, agreed) = group
            .map(|details| (details.topic, details.settings))
            .unzip();
        let members = members.iter().map(|member| {
            let &Member {
                role,
                joined,
                muted_until,
                ..
            } = member;
            (
                member.user.id,
                Membership {
                    role,
                    joined,
                    muted_until,
                },
            )
        });
        Self {
            name,
            topic,
            agreed,
            retention,
            members: members.collect(),
            pins: pins.into_iter().collect(),
        }
    }

    fn put(&mut self, user: UserId, role: Role, joined: MsgId) {
        self.members.insert(
            user,
            Membership {
                role,
                joined,
                muted_until: Timestamp::new(0),
            },
        );
    }

    fn change(&mut self, user: UserId, change: impl FnOnce(&mut Membership)) {
        if let Some(member) = self.members.get_mut(&user) {
            change(member);
        }
    }

    fn heard(&mut self, msgid: MsgId, sender: UserId, entry: &SystemEntry) {
        match entry {
            SystemEntry::Created { name } => {
                self.name = Some(name.clone());
                self.put(sender, Role::Owner, msgid);
            }
            SystemEntry::Added { users } => users
                .iter()
                .for_each(|&user| self.put(user, Role::Member, msgid)),
            SystemEntry::Removed { users } | SystemEntry::Banned { users } => {
                self.members.retain(|user, _| !users.contains(user))
            }
            SystemEntry::Unbanned { .. } => {}
            SystemEntry::Renamed { name } => self.name = Some(name.clone()),
            SystemEntry::TopicSet { topic } => self.topic = Some(topic.clone()),
            SystemEntry::RetentionSet { retention } => self.retention = *retention,
            SystemEntry::SettingsSet { settings } => self.agreed = Some(*settings),
            &SystemEntry::RoleSet { user, role } => self.change(user, |member| member.role = role),
            &SystemEntry::HandedOver { user } => {
                self.change(user, |member| member.role = Role::Owner);
                self.change(sender, |member| member.role = Role::Admin);
            }
            &SystemEntry::Muted { user, until } => {
                self.change(user, |member| member.muted_until = until)
            }
        }
    }

    fn pinned(&mut self, amendment: &Amendment) {
        match amendment {
            Amendment::Pinned { msgid } => drop(self.pins.insert(*msgid)),
            Amendment::Unpinned { msgid } | Amendment::Recalled { msgid } => {
                let _ = self.pins.remove(msgid);
            }
            Amendment::Edited { .. } | Amendment::Reacted { .. } | Amendment::Unreacted { .. } => {}
        }
    }
}

impl Kept {
    /// A conversation that is new here.
    pub fn new(me: UserId, found: &Conversation, about: About) -> Self {
        let mut kept = Self {
            me,
            about,
            entries: BTreeMap::new(),
            last: MsgId::ZERO,
            floor: found.floor,
            has_gap: false,
            read: MsgId::ZERO,
            read_as_of: MsgId::ZERO,
            looked_up: (found.read, found.head),
            own: MemberSettings::default(),
            hidden_at: MsgId::ZERO,
        };
        kept.told(found);
        kept
    }

    /// The first entry that is not here.
    pub fn next(&self) -> MsgId {
        self.last.max(self.floor).next()
    }

    /// Whether what is here can be brought up to date by the log alone: nothing is gone behind it, and nothing more is to be had before it.
    pub fn goes_on(&self, floor: MsgId) -> bool {
        !self.has_gap && floor <= self.last && floor >= self.floor
    }

    pub const fn has_gap(&self) -> bool {
        self.has_gap
    }

    /// How the user stands, by an event or an overview.
    pub fn told(&mut self, found: &Conversation) {
        self.raise_floor(found.floor);
        self.read(found.read, found.head);
        self.own = found.settings;
        self.hidden_at = found.head;
    }

    /// It is in an overview.
    pub fn is_listed(&mut self, found: &Conversation) {
        self.looked_up = (found.read, found.head);
    }

    /// It is not in an overview of what changed since the last one: everything is as it was then.
    pub fn is_unlisted(&mut self) {
        let (read, head) = self.looked_up;
        self.read(read, head);
    }

    /// The read cursor stood here when the log went up to `head`. What the user said later has moved it.
    pub fn read(&mut self, read: MsgId, head: MsgId) {
        let later = self
            .entries
            .range(head.next()..)
            .filter(|(_, held)| held.was_message() && held.sender == self.me);
        self.read = later
            .map(|(&msgid, _)| msgid)
            .next_back()
            .unwrap_or(read)
            .max(read);
        self.read_as_of = head;
    }

    /// Everything up to here is gone. What of it was not read here told nothing.
    pub fn expired(&mut self, floor: MsgId) {
        self.has_gap |= floor > self.last;
        self.raise_floor(floor);
    }

    fn raise_floor(&mut self, floor: MsgId) {
        if floor > self.floor {
            self.floor = floor;
            self.entries = self.entries.split_off(&floor.next());
            self.about.pins = self.about.pins.split_off(&floor.next());
        }
    }

    /// The next entry of the log.
    pub fn take(&mut self, message: &Message) -> Result<(), String> {
        let msgid = message.msgid;
        if msgid < self.next() {
            return if msgid <= self.floor {
                Ok(())
            } else {
                Err(format!("entry {msgid} comes again"))
            };
        }
        if msgid > self.next() {
            // The only numbers that are left out are those of entries that are gone on purpose.
            self.has_gap = true;
            self.raise_floor(msgid.prev());
        }
        self.last = msgid;
        self.entries.insert(msgid, Held::from(message));
        match &message.body {
            Body::System(entry) => self.about.heard(msgid, message.sender, entry),
            Body::Amendment(amendment) => {
                amend(&mut self.entries, msgid, amendment);
                // Nothing below the floor is pinned for the member.
                if amendment.msgid() > self.floor {
                    self.about.pinned(amendment);
                }
            }
            _ if message.sender == self.me && msgid > self.read_as_of => {
                self.read = self.read.max(msgid)
            }
            _ => {}
        }
        Ok(())
    }

    /// What there is to see. `unread = messages of others above max(read, floor, joined - 1)`.
    pub fn view(&self) -> View {
        let joined = self
            .about
            .members
            .get(&self.me)
            .map_or(MsgId::ZERO, |member| member.joined);
        let base = self.read.max(self.floor).max(joined.prev());
        let above = self.entries.range(base.next()..).map(|(_, held)| held);
        let unread: Vec<&Held> = above
            .filter(|held| held.body.is_message() && held.sender != self.me)
            .collect();
        let is_news = |(_, held): (&MsgId, &Held)| held.was_message();
        View {
            about: self.about.clone(),
            own: MemberSettings {
                hidden: self.own.hidden
                    && !self.entries.range(self.hidden_at.next()..).any(is_news),
                ..self.own
            },
            floor: self.floor,
            head: self.last.max(self.floor),
            base,
            unread: unread.len() as u64,
            mentions: unread.iter().filter(|held| held.mentions(self.me)).count() as u64,
            entries: self.entries.clone(),
        }
    }
}
