//! The user's devices, and invites for new users.

use std::time::Duration;

use cairn_proto::ids::DeviceId;
use cairn_proto::invite::InviteLink;
use cairn_proto::model::user::DeviceInfo;
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;

use crate::api::client::{Client, ask};
use crate::error::Error;

/// Devices and invites
impl Client {
    /// The devices of the user.
    ///
    /// # Errors
    /// As [`Client::find_user`].
    pub async fn devices(&self) -> Result<Vec<DeviceInfo>, Error> {
        ask!(self, Request::Devices, Response::Devices(devices) => devices)
    }

    /// Ends a device: its token is void and its sessions are closed. One that is found gone after a
    /// reconnect in between was ended. For this very device the client ends with
    /// [`Error::Ended`]`(Revoked)`, perhaps before the answer.
    ///
    /// # Errors
    /// As [`Client::find_user`].
    pub async fn revoke_device(&self, device: DeviceId) -> Result<(), Error> {
        ask!(self, Request::RevokeDevice(device), Response::Done => ())
    }

    /// Makes an invite that `uses` users may join with, for as long as `life`, at least a second.
    /// The link names the address that the server's operator advertises.
    ///
    /// # Errors
    /// As [`Client::find_user`], and [`Error::Disconnected`]: then there may be an invite that
    /// nobody knows.
    pub async fn create_invite(&self, uses: u32, life: Duration) -> Result<InviteLink, Error> {
        let request = Request::CreateInvite {
            uses,
            life_seconds: life.as_secs().max(1),
        };
        let (addr, token) = ask!(self, request, Response::Invite { addr, token } => (addr, token))?;
        let (_, pin) = self.server();
        Ok(InviteLink { addr, pin, token })
    }
}
