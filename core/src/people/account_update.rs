//! Account updates: what all devices of a user show alike.

use cairn_proto::model::audit::AuditAct;
use cairn_proto::model::user::ServerRole;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::AccountUpdate;
use cairn_proto::wire::request::server::SetServerRole;

use crate::api::actor::Actor;
use crate::api::change::Change;
use crate::command::{Context, Handle};
use crate::permission::Action;
use crate::prefetch::Load;
use crate::reading::publish::publish_account;
use crate::record::UserRecord;
use crate::state::State;

impl Handle for SetServerRole {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self { user, role } = self;
        state.check_on_server(actor.user, Action::SetServerRole)?;
        let record = &state.users.get(&user).ok_or(ErrorCode::NoSuchUser)?.record;
        if record.role == role {
            return Ok(());
        }
        let is_owner = record.role == ServerRole::Owner && record.is_active();
        if is_owner && state.active_owners() <= 1 {
            return Err(ErrorCode::LastOwner);
        }
        let (before, old) = (record.role, record.clone());
        let act = AuditAct::RoleSet {
            user,
            before,
            after: role,
        };
        state.audit(actor, act, now, batch)?;
        let record = UserRecord { role, ..old };
        state.make(&Change::User(user, record), batch);
        publish_account(user, AccountUpdate::Role(role), batch);
        Ok(())
    }
}
