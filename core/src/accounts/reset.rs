//! Links that reset a password, for users who have lost it or all their devices.

use cairn_proto::ids::{Timestamp, UserId};
use cairn_proto::limits::{DEVICES_PER_USER_MAX, RESET_LIFE};
use cairn_proto::model::audit::AuditAct;
use cairn_proto::model::user::{ServerRole, UserState};
use cairn_proto::wire::error::ErrorCode;

use crate::api::batch::Batch;
use crate::api::command::{AddDevice, AllowReset, LoggedIn, Reset};
use crate::command::Command;
use crate::permission::Action;
use crate::prefetch::Load;
use crate::record::{LinkPurpose, LinkRecord, SecretHash};
use crate::state::State;

impl Command for AllowReset {
    type Answer = ();
    type Found = ();

    fn prefetch(&self, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), ErrorCode> {
        let Self {
            actor,
            user,
            token,
            keep_devices,
        } = self;
        state.check_actor(actor)?;
        let found = state.user(user).map(|found| &found.record);
        let role = found.map_or(ServerRole::Member, |record| record.role);
        state.check_on_server(actor.user, Action::Reset(role))?;
        match found.map(|record| record.state()) {
            Some(UserState::Active) => {}
            Some(UserState::Deactivated) => return Err(ErrorCode::Deactivated),
            // The author of imported messages has no account.
            Some(UserState::Imported | UserState::AliasOf(_)) | None => {
                return Err(ErrorCode::NoSuchUser);
            }
        }
        let life_ms = u64::try_from(RESET_LIFE.as_millis()).unwrap_or(u64::MAX);
        let link = LinkRecord {
            maker: Some(actor.user),
            uses_left: 1,
            expires_at: Timestamp::new(now.get().saturating_add(life_ms)),
            purpose: LinkPurpose::Reset { user, keep_devices },
        };
        state.check_links(now)?;
        let id = token.link_id();
        state.audit(actor, AuditAct::ResetCreated { user, id }, now, batch)?;
        state.add_link(token, link, now, batch);
        state.void_links(batch, |other, link| *other != token && link.resets(user));
        Ok(())
    }
}

impl State {
    /// Checks whether [`Reset`] with this token would be refused.
    ///
    /// # Errors
    /// The reason.
    pub fn check_reset(&self, token: SecretHash, now: Timestamp) -> Result<(), ErrorCode> {
        self.usable_reset(token, now).map(|_| ())
    }

    /// The user whose password the link resets, and whether their devices stay.
    fn usable_reset(&self, token: SecretHash, now: Timestamp) -> Result<(UserId, bool), ErrorCode> {
        let link = self.links.get(&token).filter(|link| link.is_usable(now));
        match link.map(|link| link.purpose) {
            Some(LinkPurpose::Reset { user, keep_devices }) if self.is_active(user) => {
                Ok((user, keep_devices))
            }
            _ => Err(ErrorCode::BadReset),
        }
    }

    /// The user whose password a link resets.
    #[must_use]
    pub fn reset_of(&self, token: &SecretHash) -> Option<UserId> {
        match self.links.get(token)?.purpose {
            LinkPurpose::Reset { user, .. } => Some(user),
            LinkPurpose::Join(_) => None,
        }
    }

    pub(crate) fn void_resets(&mut self, user: UserId, batch: &mut Batch) {
        self.void_links(batch, |_, link| link.resets(user));
    }
}

impl Command for Reset {
    type Answer = Box<LoggedIn>;
    type Found = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        if let Some(user) = state.reset_of(&self.token) {
            state.session(user, self.device.push, None, loads);
        }
    }

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Box<LoggedIn>, ErrorCode> {
        let Self {
            token,
            password,
            device,
        } = self;
        let (user, keep_devices) = state.usable_reset(token, now)?;
        let devices = state.user(user).map_or(0, |user| user.devices.len());
        if keep_devices && devices >= DEVICES_PER_USER_MAX {
            return Err(ErrorCode::LimitReached);
        }
        state.set_password(user, password, batch);
        // This link too: it is used once.
        state.void_resets(user, batch);
        if !keep_devices {
            state.remove_devices(user, None, batch);
        }
        AddDevice { user, device }.run(state, now, batch)
    }
}
