//! Relations, profiles and settings of the model.

use std::collections::{BTreeMap, BTreeSet};

use cairn_core::api::actor::Actor;
use cairn_core::api::command::GrantFocus;
use cairn_core::api::update::Update;
use cairn_core::state::settings::{Settings, TABLE};
use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::model::audit::AuditAct;
use cairn_proto::model::people::{
    Contact, ContactPage, Friendship, Profile, Relation, RelationAct, UserPage, UserProfile,
};
use cairn_proto::model::presence::UserPresence;
use cairn_proto::model::receipts::Reads;
use cairn_proto::model::settings::Setting;
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::{SettingName, SettingValue, UserName};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::AccountUpdate;
use cairn_proto::wire::request::List;

use super::Naive;

/// Acts that are still in effect.
#[derive(Clone, Debug, Default)]
pub(in crate::model) struct Facts {
    follows: BTreeSet<(UserId, UserId)>,
    blocks: BTreeSet<(UserId, UserId)>,
    /// Pending friend requests, and whether they were delivered.
    asked: BTreeMap<(UserId, UserId), bool>,
    /// Each pair in both directions.
    friends: BTreeSet<(UserId, UserId)>,
}

impl Facts {
    pub(in crate::model) fn relation(&self, user: UserId, other: UserId) -> Relation {
        let friendship = if self.friends.contains(&(user, other)) {
            Friendship::Friends
        } else if self.asked.contains_key(&(user, other)) {
            Friendship::Asked
        } else if self.asked.get(&(other, user)) == Some(&true) {
            Friendship::Invited
        } else {
            Friendship::None
        };
        Relation {
            follows: self.follows.contains(&(user, other)),
            friendship,
            blocks: self.blocks.contains(&(user, other)),
        }
    }

    pub(in crate::model) fn block_between(&self, one: UserId, another: UserId) -> bool {
        self.blocks.contains(&(one, another)) || self.blocks.contains(&(another, one))
    }

    fn befriend(&mut self, user: UserId, other: UserId) {
        self.part(user, other);
        self.friends.extend([(user, other), (other, user)]);
    }

    /// Removes friendship and requests between two users, in both directions.
    fn part(&mut self, user: UserId, other: UserId) {
        for pair in [(user, other), (other, user)] {
            self.friends.remove(&pair);
            self.asked.remove(&pair);
        }
    }

    /// Applies an act. A request is delivered unless the other user blocks its sender or has a full
    /// contact list.
    fn act(
        &mut self,
        user: UserId,
        other: UserId,
        act: RelationAct,
        may_add: bool,
    ) -> Result<(), ErrorCode> {
        let pair = (user, other);
        let friendship = self.relation(user, other).friendship;
        if self.blocks.contains(&pair)
            && matches!(act, RelationAct::Follow | RelationAct::AskFriend)
        {
            return Err(ErrorCode::Blocked);
        }
        match act {
            RelationAct::Follow => drop(self.follows.insert(pair)),
            RelationAct::Unfollow => drop(self.follows.remove(&pair)),
            RelationAct::AskFriend if self.asked.contains_key(&(other, user)) => {
                self.befriend(user, other)
            }
            RelationAct::AskFriend
                if matches!(friendship, Friendship::None | Friendship::Asked) =>
            {
                let hears = may_add && !self.blocks.contains(&(other, user));
                *self.asked.entry(pair).or_default() |= hears;
            }
            RelationAct::AcceptFriend if friendship == Friendship::Invited => {
                self.befriend(user, other)
            }
            RelationAct::AcceptFriend if friendship != Friendship::Friends => {
                return Err(ErrorCode::NotAsked);
            }
            RelationAct::DeclineFriend if friendship == Friendship::Invited => {
                self.part(user, other)
            }
            RelationAct::RemoveFriend
                if matches!(friendship, Friendship::Friends | Friendship::Asked) =>
            {
                self.part(user, other)
            }
            RelationAct::Block => {
                let still_asks = self.asked.contains_key(&(other, user));
                self.part(user, other);
                if still_asks {
                    self.asked.insert((other, user), false);
                }
                self.follows.remove(&pair);
                self.blocks.insert(pair);
            }
            RelationAct::Unblock => drop(self.blocks.remove(&pair)),
            RelationAct::AskFriend
            | RelationAct::AcceptFriend
            | RelationAct::DeclineFriend
            | RelationAct::RemoveFriend => {}
        }
        Ok(())
    }
}

impl Naive {
    pub(in crate::model) fn relate(
        &mut self,
        actor: Actor,
        other: UserId,
        act: RelationAct,
    ) -> Result<Contact, ErrorCode> {
        let user = actor.user;
        if other == user {
            return Err(ErrorCode::BadRequest);
        }
        self.check_seen(user, &[other])?;
        let mut after = self.facts.clone();
        let contacts = |facts: &Facts, of: UserId| {
            let relations = self.users.keys().map(|&with| facts.relation(of, with));
            relations
                .filter(|relation| relation.follows || relation.friendship != Friendship::None)
                .count()
        };
        let theirs = self.facts.relation(other, user);
        let is_known = theirs.follows || theirs.friendship != Friendship::None;
        after.act(
            user,
            other,
            act,
            is_known || contacts(&self.facts, other) < self.contacts_max(),
        )?;
        let begins = matches!(
            act,
            RelationAct::Follow | RelationAct::AskFriend | RelationAct::AcceptFriend
        );
        let is_new = after.relation(user, other) != self.facts.relation(user, other);
        if begins && is_new && !self.is_active(other) {
            return Err(ErrorCode::Deactivated);
        }
        if contacts(&after, user) > contacts(&self.facts, user).max(self.contacts_max()) {
            return Err(ErrorCode::LimitReached);
        }
        let before = std::mem::replace(&mut self.facts, after);
        for (whose, with) in [(user, other), (other, user)] {
            if self.facts.relation(whose, with) != before.relation(whose, with) {
                let contact = Box::new(self.contact(whose, with));
                self.updates.push(Update::Related {
                    user: whose,
                    contact,
                });
            }
        }
        Ok(self.contact(user, other))
    }

    /// Users cannot be added by someone they block.
    pub(in crate::model) fn check_blocks(
        &self,
        by: UserId,
        users: &BTreeSet<UserId>,
    ) -> Result<(), ErrorCode> {
        if users
            .iter()
            .any(|&user| self.facts.blocks.contains(&(user, by)))
        {
            Err(ErrorCode::NoSuchUser)
        } else if users.iter().any(|&user| !self.is_active(user)) {
            Err(ErrorCode::Deactivated)
        } else {
            Ok(())
        }
    }

    fn contact(&self, user: UserId, other: UserId) -> Contact {
        Contact {
            user: self.info(other).unwrap(),
            relation: self.facts.relation(user, other),
        }
    }

    /// The users to whom a user has a relation.
    pub(in crate::model) fn contacts_of(&self, user: UserId) -> Vec<Contact> {
        self.users
            .keys()
            .map(|&other| self.contact(user, other))
            .filter(|contact| !contact.relation.is_none())
            .collect()
    }

    pub(in crate::model) fn contacts(&self, actor: Actor, after: Option<UserId>) -> ContactPage {
        let items = self
            .contacts_of(actor.user)
            .into_iter()
            .filter(|contact| Some(contact.user.id) > after)
            .collect();
        ContactPage {
            items,
            next_after: None,
        }
    }

    /// Returns whether a user may write to another in their direct chat.
    pub(in crate::model) fn check_direct(
        &self,
        user: UserId,
        id: ConversationId,
    ) -> Result<(), ErrorCode> {
        let other = match id.direct_users() {
            Some((low, high)) if user == low => high,
            Some((low, high)) if user == high => low,
            _ => return Ok(()),
        };
        if !self.may_see(user, other) {
            return Err(ErrorCode::NotFound);
        }
        if self.facts.blocks.contains(&(user, other)) {
            return Err(ErrorCode::Blocked);
        }
        let is_blocked = self.facts.blocks.contains(&(other, user));
        if !is_blocked && !self.is_active(other) {
            return Err(ErrorCode::Deactivated);
        }
        let is_closed = self.setting("direct-chats") == Some("friends")
            && !self.facts.friends.contains(&(user, other));
        if is_closed && !self.conversations.contains_key(&id) {
            return Err(ErrorCode::FriendsOnly);
        }
        if is_blocked {
            Err(ErrorCode::NotFound)
        } else {
            Ok(())
        }
    }

    /// Users by name prefix, in a single page.
    pub(in crate::model) fn search(
        &self,
        actor: Actor,
        prefix: &UserName,
        after: Option<UserId>,
    ) -> Result<UserPage, ErrorCode> {
        if !self.sees_everyone(actor.user) {
            return Err(ErrorCode::TurnedOff);
        }
        let key = |user: UserId| (self.users[&user].name.folded(), user);
        let after = after
            .map(|after| {
                self.info(after)
                    .map(|info| key(info.id))
                    .ok_or(ErrorCode::NoSuchUser)
            })
            .transpose()?;
        let active = self.users.keys().filter(|&&user| self.is_active(user));
        let mut found: Vec<_> = active.map(|&user| key(user)).collect();
        found.retain(|(name, _)| name.starts_with(&prefix.folded()));
        found.sort();
        let items = found
            .iter()
            .filter(|at| Some(*at) > after.as_ref())
            .filter_map(|&(_, user)| self.info(user))
            .collect();
        Ok(UserPage {
            items,
            next_after: None,
        })
    }

    pub(in crate::model) fn profiles(&self, actor: Actor, users: &[UserId]) -> List<UserProfile> {
        let profile = |user: &UserId| self.profiles.get(user).cloned().unwrap_or_default();
        let seen = users.iter().filter(|&&user| self.may_see(actor.user, user));
        let found = seen.filter_map(|user| {
            Some(UserProfile {
                user: self.info(*user)?,
                profile: profile(user),
            })
        });
        List(found.collect())
    }

    pub(in crate::model) fn account_changed(&mut self, user: UserId, update: AccountUpdate) {
        let update = Box::new(update);
        self.updates.push(Update::Account { user, update });
    }

    pub(in crate::model) fn set_profile(&mut self, actor: Actor, profile: &Profile) {
        if self.profiles.get(&actor.user).cloned().unwrap_or_default() != *profile {
            self.account_changed(actor.user, AccountUpdate::Profile(profile.clone()));
        }
        self.profiles.insert(actor.user, profile.clone());
        self.profiles
            .retain(|_, profile| *profile != Profile::default());
    }

    pub(in crate::model) fn set_server_role(
        &mut self,
        actor: Actor,
        user: UserId,
        role: ServerRole,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        if self.users[&actor.user].role != ServerRole::Owner {
            return Err(ErrorCode::Forbidden);
        }
        let old = self.info(user).ok_or(ErrorCode::NoSuchUser)?.role;
        let has_another = self.users.iter().any(|(&of, found)| {
            of != user && found.role == ServerRole::Owner && self.is_active(of)
        });
        if role != ServerRole::Owner && !has_another {
            return Err(ErrorCode::LastOwner);
        }
        if role != old {
            let act = AuditAct::RoleSet {
                user,
                before: old,
                after: role,
            };
            self.audited(actor, act, now);
            self.users.get_mut(&user).unwrap().role = role;
            self.account_changed(user, AccountUpdate::Role(role));
        }
        Ok(())
    }

    /// The users that may be watched, without their presence, which the state machine does not
    /// know.
    pub(in crate::model) fn watch(&self, actor: Actor, users: &[UserId]) -> List<UserPresence> {
        let user = actor.user;
        let shares = |other| {
            self.conversations.values().any(|found| {
                [user, other]
                    .iter()
                    .all(|of| found.members.contains_key(of))
            })
        };
        let may = |&other: &UserId| {
            let pairs = [(user, other), (other, user)];
            let is_close = pairs[0].0 == pairs[0].1
                || self.facts.follows.contains(&pairs[0])
                || self.facts.friends.contains(&pairs[0]);
            self.users.contains_key(&other)
                && !pairs.iter().any(|pair| self.facts.blocks.contains(pair))
                && (is_close || shares(other))
        };
        let watched: BTreeSet<UserId> = users.iter().copied().filter(may).collect();
        List(
            watched
                .into_iter()
                .map(|user| UserPresence {
                    user,
                    devices: Vec::new(),
                })
                .collect(),
        )
    }

    pub(in crate::model) fn grant_focus(&self, command: GrantFocus) -> Result<Reads, ErrorCode> {
        let GrantFocus {
            actor,
            conversation,
        } = command;
        self.check_actor(actor)?;
        if let Some(id) = conversation {
            self.inside(actor.user, id)?;
            self.check_direct(actor.user, id)?;
        }
        Ok(self.users[&actor.user].reads)
    }

    pub(in crate::model) fn setting(&self, name: &str) -> Option<&str> {
        self.settings
            .get(&SettingName::new(name).unwrap())
            .map(SettingValue::as_str)
    }

    fn contacts_max(&self) -> usize {
        self.setting("contacts-max")
            .map_or(2_000, |value| value.parse().unwrap())
    }

    pub(in crate::model) fn set(
        &mut self,
        actor: Actor,
        name: &SettingName,
        value: &SettingValue,
        now: Timestamp,
    ) -> Result<Setting, ErrorCode> {
        if self.users[&actor.user].role != ServerRole::Owner {
            return Err(ErrorCode::Forbidden);
        }
        let is_taken = match name.as_str() {
            "direct-chats" => ["anyone", "friends"].contains(&value.as_str()),
            "contacts-max" => value
                .as_str()
                .parse::<u32>()
                .is_ok_and(|number| (1..=10_000).contains(&number)),
            "groups-per-owner" | "conversations-per-user" => value
                .as_str()
                .parse::<u32>()
                .is_ok_and(|number| (1..=100_000).contains(&number)),
            "amend-minutes" => value
                .as_str()
                .parse::<u32>()
                .is_ok_and(|number| (0..=525_600).contains(&number)),
            "user-search" | "receipts" => ["on", "off"].contains(&value.as_str()),
            "attachment-bytes-max" | "attachment-quota" => value.as_str().parse::<u64>().is_ok(),
            "attachment-unsent-hours" => value
                .as_str()
                .parse::<u64>()
                .is_ok_and(|hours| hours <= 8_760),
            "away-after" => ["0", "never", "90s"].contains(&value.as_str()),
            "retention-default" => ["keep", "days 2"].contains(&value.as_str()),
            "retention-shortest" | "retention-longest" => value
                .as_str()
                .parse::<u32>()
                .is_ok_and(|number| number <= 36_525),
            _ => false,
        };
        if !is_taken {
            return Err(ErrorCode::BadSetting);
        }
        let never = SettingValue::new("never").unwrap();
        let value = if name.as_str() == "away-after" && value.as_str() == "0" {
            &never
        } else {
            value
        };
        let mut told = self.told_settings();
        let old = told.iter().find(|setting| setting.name == *name).unwrap();
        if old.value != *value {
            let act = AuditAct::SettingSet {
                name: name.clone(),
                before: old.value.clone(),
                after: value.clone(),
            };
            self.audited(actor, act, now);
            self.settings.insert(name.clone(), value.clone());
            self.updates.push(Update::SettingSet);
            told = self.told_settings();
        }
        let setting = told.into_iter().find(|setting| setting.name == *name);
        Ok(setting.unwrap())
    }

    /// All settings, in the order of the table, with their current values.
    pub(in crate::model) fn told_settings(&self) -> Vec<Setting> {
        let mut told: Vec<Setting> = TABLE
            .iter()
            .map(|row| row.describe(&Settings::default()).unwrap())
            .collect();
        for setting in &mut told {
            setting.value = self
                .settings
                .get(&setting.name)
                .unwrap_or(&setting.value)
                .clone();
        }
        told
    }
}
