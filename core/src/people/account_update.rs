//! Account updates: what all devices of a user show alike.

use cairn_proto::ids::UserId;
use cairn_proto::model::user::ServerRole;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::AccountUpdate;
use cairn_proto::wire::response::Response;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::effect::{AccountPart, Effect};
use crate::permission::Action;
use crate::record::UserRecord;
use crate::state::State;

impl State {
    /// The current value of one part.
    #[must_use]
    pub fn account_update(&self, user: UserId, part: AccountPart) -> Option<AccountUpdate> {
        let record = &self.user(user)?.record;
        Some(match part {
            AccountPart::Profile => AccountUpdate::Profile(self.profile(user)),
            AccountPart::Reads => AccountUpdate::Reads(record.reads),
            AccountPart::Role => AccountUpdate::Role(record.role),
        })
    }

    /// Changes a user's role on the server. The last owner cannot be demoted.
    pub(crate) fn set_server_role(
        &mut self,
        actor: Actor,
        user: UserId,
        role: ServerRole,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        self.check_on_server(actor.user, Action::SetServerRole)?;
        let record = &self.users.get(&user).ok_or(ErrorCode::NoSuchUser)?.record;
        if record.role == role {
            return Ok(Response::Done);
        }
        let owners = self
            .users
            .values()
            .filter(|user| user.record.role == ServerRole::Owner)
            .count();
        if record.role == ServerRole::Owner && owners <= 1 {
            return Err(ErrorCode::LastOwner);
        }
        let record = UserRecord {
            role,
            ..record.clone()
        };
        self.make(&Change::User(user, record), batch);
        batch.effect(Effect::AccountUpdate {
            user,
            part: AccountPart::Role,
        });
        Ok(Response::Done)
    }
}
