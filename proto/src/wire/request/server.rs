//! Requests about the server and the user's devices.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, DeviceId, LinkId, UserId};
use crate::model::audit::AuditPage;
use crate::model::settings::Setting;
use crate::model::user::{InvitePage, ServerRole};
use crate::text::{SettingName, SettingValue};
use crate::wire::request::domain::requests;
use crate::wire::request::list::List;

requests! {
    /// A request about the server and the user's devices.
    ServerRequest {
        /// Revokes a device.
        RevokeDevice(RevokeDevice) -> (),
        /// Lists the server's settings.
        ListSettings(ListSettings) -> List<Setting>,
        /// Changes a setting of the server. Answered with the setting.
        SetSetting(SetSetting) -> Setting,
        /// Changes a user's role on the server.
        SetServerRole(SetServerRole) -> (),
        /// Reads a page of the audit log.
        ListAudit(ListAudit) -> AuditPage,
        /// Deactivates a user. Answered with the groups that the user is still in.
        DeactivateUser(DeactivateUser) -> List<ConversationId>,
        /// Reactivates a user.
        ReactivateUser(ReactivateUser) -> (),
        /// Lists the server's invites.
        ListInvites(ListInvites) -> InvitePage,
        /// Revokes an invite.
        RevokeInvite(RevokeInvite) -> (),
    }
}

/// Revokes one of the user's devices: its token becomes invalid and its sessions are closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeDevice {
    /// The device.
    pub device: DeviceId,
}

/// Lists the server's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListSettings;

/// Changes a setting of the server. For owners of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetSetting {
    /// The setting.
    pub name: SettingName,
    /// The new value in textual form.
    pub value: SettingValue,
}

/// Changes a user's role on the server. For owners of the server; the last owner cannot be demoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetServerRole {
    /// The user.
    pub user: UserId,
    /// The new role.
    pub role: ServerRole,
}

/// Reads a page of the audit log. For owners of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListAudit {
    /// The number of the first record of the page. Later than the last one, the page is empty and
    /// tells the number of the last one.
    pub first: u64,
}

/// Deactivates a user: their devices are removed and their sessions closed, no device can log in,
/// and the links that they made or that reset their password become void. Memberships and messages
/// stay, and so does the name.
///
/// For owners of the server, and for admins unless the user is an owner or admin. The last owner
/// cannot be deactivated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeactivateUser {
    /// The user.
    pub user: UserId,
}

/// Reactivates a user, who can then log in with their password, or with a reset link. For those who
/// may deactivate the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReactivateUser {
    /// The user.
    pub user: UserId,
}

/// Lists the server's invites that have not expired. For admins of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListInvites {
    /// [`InvitePage::next_after`] of the previous page; `None` for the first one.
    pub after: Option<LinkId>,
}

/// Revokes an invite: no further user can join with it. For its maker and admins of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeInvite {
    /// The invite.
    pub invite: LinkId,
}
