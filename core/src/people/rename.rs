//! Changing the names of users, and claiming those of imported authors.

use cairn_proto::ids::{Timestamp, UserId};
use cairn_proto::model::audit::AuditAct;
use cairn_proto::text::UserName;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::people::{ClaimImported, RenameUser};

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::update::{SeenBy, Update};
use crate::command::{Context, Handle};
use crate::limits::{FORMER_NAMES_MAX, NAME_RESERVED_MS};
use crate::permission::Action;
use crate::prefetch::Load;
use crate::record::{FormerName, UserRecord};
use crate::state::State;
use crate::state::settings::values::Switch;

impl Handle for RenameUser {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self { user, name } = self;
        let found = if user == actor.user {
            let own = state.users.get(&user).map(|user| &user.record);
            own.ok_or(ErrorCode::NoSuchUser)?
        } else {
            state.check_supervision(actor, user)?
        };
        let old = found.clone();
        if old.name == name {
            return Ok(());
        }
        if !state.may_be_named(user, &name, now) {
            return Err(ErrorCode::NameTaken);
        }
        let is_reserved = |former: &FormerName| now < former.reserved_until();
        let mut former_names = old.former_names.clone();
        former_names.retain(|former| is_reserved(former) && former.name.folded() != name.folded());
        if old.name.folded() != name.folded() {
            former_names.push(FormerName {
                name: old.name.clone(),
                freed_at: now,
            });
        }
        if former_names.len() > FORMER_NAMES_MAX {
            return Err(ErrorCode::LimitReached);
        }
        let act = AuditAct::Renamed {
            user,
            before: old.name.clone(),
            after: name.clone(),
        };
        state.audit(actor, act, now, batch)?;
        let record = UserRecord {
            name,
            former_names,
            ..old
        };
        state.make(&Change::User(user, record), batch);
        state.publish_user(user, batch);
        Ok(())
    }
}

impl Handle for ClaimImported {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self { imported, user } = self;
        state.check_on_server(actor.user, Action::Claim)?;
        let author = state.users.get(&imported).ok_or(ErrorCode::NoSuchUser)?;
        if !state.users.contains_key(&user) {
            return Err(ErrorCode::NoSuchUser);
        }
        // Anyone who ever had a device is a user of their own.
        let is_author = state.is_imported(imported) && author.devices.is_empty();
        if !is_author || state.is_imported(user) {
            return Err(ErrorCode::NotImported);
        }
        if author.record.alias_of == Some(user) {
            return Ok(());
        }
        let record = UserRecord {
            alias_of: Some(user),
            ..author.record.clone()
        };
        state.audit(actor, AuditAct::Claimed { imported, user }, now, batch)?;
        state.make(&Change::User(imported, record), batch);
        state.publish_user(imported, batch);
        Ok(())
    }
}

impl FormerName {
    pub(crate) fn reserved_until(&self) -> Timestamp {
        Timestamp::new(self.freed_at.get().saturating_add(NAME_RESERVED_MS))
    }
}

impl State {
    /// Returns whether no other user has, or recently had, a name that could be confused with this
    /// one.
    fn may_be_named(&self, user: UserId, name: &UserName, now: Timestamp) -> bool {
        !name.is_reserved()
            && self.users_like(name).all(|other| other == user)
            && self.reserved_for(name, now).is_none_or(|of| of == user)
    }

    /// Returns the user who recently gave up this name.
    pub(crate) fn reserved_for(&self, name: &UserName, now: Timestamp) -> Option<UserId> {
        let key = name.folded();
        let holds =
            |former: &FormerName| now < former.reserved_until() && former.name.folded() == key;
        self.names.formerly(&key).find(|user| {
            let found = self.users.get(user).map(|user| &user.record.former_names);
            found.is_some_and(|former_names| former_names.iter().any(holds))
        })
    }

    /// Publishes a user's name and state to those who may see them.
    pub(crate) fn publish_user(&self, user: UserId, batch: &mut Batch) {
        let Some(info) = self.user_info(user) else {
            return;
        };
        let seen_by = match self.settings().user_search {
            Switch::On => SeenBy::Everyone,
            Switch::Off => {
                let sees = |&of: &UserId| self.may_mention(of, user);
                let mut users: Vec<_> = self.users.keys().copied().filter(sees).collect();
                users.sort_unstable();
                SeenBy::Users(users)
            }
        };
        batch.publish(Update::User {
            info: Box::new(info),
            seen_by,
        });
    }
}
