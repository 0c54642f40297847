//! Names of users in the model.

use cairn_core::api::actor::Actor;
use cairn_core::api::update::{SeenBy, Update};
use cairn_core::record::{FormerName, UserOrigin};
use cairn_proto::ids::{Timestamp, UserId};
use cairn_proto::model::audit::AuditAct;
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::UserName;
use cairn_proto::wire::error::ErrorCode;

use crate::model::naive::Naive;

const NINETY_DAYS_MS: u64 = 90 * 24 * 60 * 60 * 1000;

impl Naive {
    /// Returns whether another user has this name, or had it within 90 days.
    pub(in crate::model) fn is_taken(
        &self,
        name: &UserName,
        by: Option<UserId>,
        now: Timestamp,
    ) -> bool {
        let others = self.users.iter().filter(|&(&of, _)| Some(of) != by);
        let mut names = others.flat_map(|(_, user)| {
            let former = user.former_names.iter();
            let kept = former.filter(|former| now.get() < former.freed_at.get() + NINETY_DAYS_MS);
            kept.map(|former| &former.name).chain([&user.name])
        });
        names.any(|taken| taken.folded() == name.folded())
    }

    pub(in crate::model) fn rename_user(
        &mut self,
        actor: Actor,
        user: UserId,
        name: &UserName,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        let by = self.users[&actor.user].role;
        if user != actor.user && by == ServerRole::Member {
            return Err(ErrorCode::Forbidden);
        }
        let old = self.users.get(&user).ok_or(ErrorCode::NoSuchUser)?;
        if user != actor.user && by != ServerRole::Owner && by <= old.role {
            return Err(ErrorCode::Forbidden);
        }
        let before = old.name.clone();
        if before == *name {
            return Ok(());
        }
        if self.is_taken(name, Some(user), now) {
            return Err(ErrorCode::NameTaken);
        }
        let mut former_names = old.former_names.clone();
        if before.folded() != name.folded() {
            former_names.retain(|former| former.name.folded() != name.folded());
            former_names.push(FormerName {
                name: before.clone(),
                freed_at: now,
            });
        }
        former_names.retain(|former| now.get() < former.freed_at.get() + NINETY_DAYS_MS);
        if former_names.len() > 8 {
            return Err(ErrorCode::LimitReached);
        }
        let act = AuditAct::Renamed {
            user,
            before,
            after: name.clone(),
        };
        self.audited(actor, act, now);
        let found = self.users.get_mut(&user).unwrap();
        (found.name, found.former_names) = (name.clone(), former_names);
        self.user_changed(user);
        Ok(())
    }

    pub(in crate::model) fn claim(
        &mut self,
        actor: Actor,
        imported: UserId,
        user: UserId,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        if self.users[&actor.user].role == ServerRole::Member {
            return Err(ErrorCode::Forbidden);
        }
        let [author, real] = [imported, user].map(|user| self.users.get(&user));
        let author = author.ok_or(ErrorCode::NoSuchUser)?;
        let real = real.ok_or(ErrorCode::NoSuchUser)?;
        match (author.origin, real.origin) {
            (UserOrigin::Imported { .. }, UserOrigin::Imported { .. }) => {
                return Err(ErrorCode::NotImported);
            }
            (UserOrigin::Imported { .. }, _) => {}
            _ => return Err(ErrorCode::NotImported),
        }
        if author.alias_of != Some(user) {
            self.audited(actor, AuditAct::Claimed { imported, user }, now);
            self.users.get_mut(&imported).unwrap().alias_of = Some(user);
            self.user_changed(imported);
        }
        Ok(())
    }

    pub(super) fn user_changed(&mut self, user: UserId) {
        let seen_by = if self.setting("user-search") == Some("off") {
            let all = self.users.keys().copied();
            SeenBy::Users(all.filter(|&of| self.is_acquainted(of, user)).collect())
        } else {
            SeenBy::Everyone
        };
        let info = Box::new(self.info(user).unwrap());
        self.updates.push(Update::User { info, seen_by });
    }
}
