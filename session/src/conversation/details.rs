//! What holds for all members of a conversation: name, topic, settings, members and pins.

use std::collections::{BTreeMap, BTreeSet};

use cairn_client::proto::content::body::{Amendment, SystemEntry};
use cairn_client::proto::ids::{MsgId, Timestamp, UserId};
use cairn_client::proto::model::conversation::{ConversationKind, Member};
use cairn_client::proto::model::group::Role;
use cairn_client::proto::model::group::{GroupDetails, GroupSettings};
use cairn_client::proto::model::retention::Retention;
use cairn_client::proto::text::{GroupName, Topic};

/// What all members of a conversation share besides its log. Its system entries keep this up to
/// date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// `None` for a direct chat.
    pub name: Option<GroupName>,
    /// `None` for a direct chat.
    pub topic: Option<Topic>,
    /// `None` for a direct chat, and for a group whose settings were not fetched.
    pub settings: Option<GroupSettings>,
    /// How long messages stay; `None` where the server's default applies.
    pub retention: Option<Retention>,
    /// The members.
    pub members: BTreeMap<UserId, Membership>,
    /// The pinned messages, those above the user's floor.
    pub pins: BTreeSet<MsgId>,
}

/// A member's place in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// What the member may do.
    pub role: Role,
    /// The entry that made the user a member.
    pub joined: MsgId,
    /// Until when the member cannot send; 0 if not muted.
    pub muted_until: Timestamp,
}

impl Details {
    /// Combines what the server returned for a conversation.
    #[must_use]
    pub fn new(
        kind: &ConversationKind,
        group: Option<GroupDetails>,
        retention: Option<Retention>,
        members: &[Member],
        pins: Vec<MsgId>,
    ) -> Self {
        let name = kind.group().cloned();
        let (topic, settings) = group
            .map(|details| (details.topic, details.settings))
            .unzip();
        let members = members.iter().map(|member| {
            let membership = Membership {
                role: member.role,
                joined: member.joined,
                muted_until: member.muted_until,
            };
            (member.user.id, membership)
        });
        Self {
            name,
            topic,
            settings,
            retention,
            members: members.collect(),
            pins: pins.into_iter().collect(),
        }
    }

    pub(crate) fn apply_system(&mut self, msgid: MsgId, sender: UserId, entry: &SystemEntry) {
        match entry {
            SystemEntry::Created { name } => {
                self.name = Some(name.clone());
                self.add_member(sender, Role::Owner, msgid);
            }
            SystemEntry::Added { users } => {
                for &user in users {
                    self.add_member(user, Role::Member, msgid);
                }
            }
            SystemEntry::Removed { users } | SystemEntry::Banned { users } => {
                for user in users {
                    self.members.remove(user);
                }
            }
            SystemEntry::Unbanned { .. } => {}
            SystemEntry::Renamed { name } => self.name = Some(name.clone()),
            SystemEntry::TopicSet { topic } => self.topic = Some(topic.clone()),
            SystemEntry::RetentionSet { retention } => self.retention = *retention,
            SystemEntry::SettingsSet { settings } => self.settings = Some(*settings),
            SystemEntry::RoleSet { user, role } => self.set_role(*user, *role),
            SystemEntry::HandedOver { user } => {
                self.set_role(*user, Role::Owner);
                self.set_role(sender, Role::Admin);
            }
            SystemEntry::Desk(_) | SystemEntry::Route(_) => {}
            SystemEntry::Muted { user, until } => {
                if let Some(member) = self.members.get_mut(user) {
                    member.muted_until = *until;
                }
            }
        }
    }

    pub(crate) fn apply_amendment(&mut self, amendment: &Amendment) {
        match amendment {
            Amendment::Pinned { msgid } => {
                self.pins.insert(*msgid);
            }
            // A recalled message is unpinned without an entry of its own.
            Amendment::Unpinned { msgid } | Amendment::Recalled { msgid } => {
                self.pins.remove(msgid);
            }
            Amendment::Edited { .. } | Amendment::Reacted { .. } | Amendment::Unreacted { .. } => {}
        }
    }

    pub(crate) fn expire_pins(&mut self, floor: MsgId) {
        self.pins = self.pins.split_off(&floor.next());
    }

    fn add_member(&mut self, user: UserId, role: Role, joined: MsgId) {
        let membership = Membership {
            role,
            joined,
            muted_until: Timestamp::new(0),
        };
        self.members.insert(user, membership);
    }

    fn set_role(&mut self, user: UserId, role: Role) {
        if let Some(member) = self.members.get_mut(&user) {
            member.role = role;
        }
    }
}
