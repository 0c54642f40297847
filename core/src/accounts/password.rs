//! Users set and change their own password.

use cairn_proto::ids::{DeviceId, Timestamp, UserId};
use cairn_proto::wire::error::ErrorCode;

use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::command::{FindOwnAccount, OwnAccount, ReplacePassword};
use crate::api::update::Update;
use crate::command::Command;
use crate::prefetch::Load;
use crate::record::UserRecord;
use crate::state::State;

impl Command for FindOwnAccount {
    type Answer = OwnAccount;
    type Found = ();

    fn prefetch(&self, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        (): (),
        state: &mut State,
        _: Timestamp,
        _: &mut Batch,
    ) -> Result<OwnAccount, ErrorCode> {
        let Self(actor) = self;
        state.check_actor(actor)?;
        let found = state.user(actor.user).ok_or(ErrorCode::AuthFailed)?;
        Ok(OwnAccount {
            name: found.record.name.clone(),
            password: found.record.password.clone(),
        })
    }
}

impl Command for ReplacePassword {
    type Answer = ();
    type Found = ();

    fn prefetch(&self, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        (): (),
        state: &mut State,
        _: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), ErrorCode> {
        let Self {
            actor,
            verified,
            password,
            end_other_devices,
        } = self;
        state.check_actor(actor)?;
        let known = state.user(actor.user).map(|user| &user.record.password);
        if known != Some(&verified) {
            return Err(ErrorCode::AuthFailed);
        }
        state.set_password(actor.user, password, batch);
        state.void_resets(actor.user, batch);
        if end_other_devices {
            state.remove_devices(actor.user, Some(actor.device), batch);
        }
        Ok(())
    }
}

impl State {
    pub(crate) fn set_password(&mut self, user: UserId, password: Box<str>, batch: &mut Batch) {
        if let Some(found) = self.users.get(&user) {
            let record = UserRecord {
                password: Some(password),
                ..found.record.clone()
            };
            self.make(&Change::User(user, record), batch);
        }
    }

    /// Removes a user's devices, and ends their sessions.
    pub(crate) fn remove_devices(
        &mut self,
        user: UserId,
        except: Option<DeviceId>,
        batch: &mut Batch,
    ) {
        let devices = self.users.get(&user).into_iter();
        let devices = devices.flat_map(|user| user.devices.keys().copied());
        let devices: Vec<_> = devices.filter(|&device| Some(device) != except).collect();
        for device in devices {
            self.make(&Change::DeviceRemoved(user, device), batch);
            batch.publish(Update::Revoked { user, device });
        }
    }
}
