//! The user's devices, and invites for new users.

use std::time::Duration;

use cairn_proto::ids::DeviceId;
use cairn_proto::invite::InviteLink;
use cairn_proto::model::user::DeviceInfo;
use cairn_proto::wire::request::server::RevokeDevice;
use cairn_proto::wire::request::session::{CreateInvite, ListDevices, NewInvite};

use crate::api::client::Client;
use crate::error::Error;

/// Devices and invites
impl Client {
    /// Returns the user's devices.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn devices(&self) -> Result<Vec<DeviceInfo>, Error> {
        self.call(ListDevices).await.map(|list| list.0)
    }

    /// Revokes a device: its token becomes invalid and its sessions are closed. Revoking this
    /// client's own device ends the client with [`Error::Ended`]`(Revoked)`, possibly before this
    /// call returns.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchDevice`, or a [terminal error](Error#terminal-errors).
    pub async fn revoke_device(&self, device: DeviceId) -> Result<(), Error> {
        self.call(RevokeDevice { device }).await
    }

    /// Creates an invite for up to `uses` new users that expires after `life` (at least a second).
    /// The link contains the address that the server's operator advertises.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden` if the user is no admin of the server;
    /// [`Error::Disconnected`], after which an unknown invite may exist until it expires; or a
    /// [terminal error](Error#terminal-errors).
    pub async fn create_invite(&self, uses: u32, life: Duration) -> Result<InviteLink, Error> {
        let request = CreateInvite {
            uses,
            life_seconds: life.as_secs().max(1),
        };
        let NewInvite { addr, token } = self.call(request).await?;
        let (_, pin) = self.server();
        Ok(InviteLink { addr, pin, token })
    }
}
