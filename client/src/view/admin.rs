//! The server: its invites, settings, roles and metrics.

use std::time::Duration;

use cairn_proto::ids::{ConversationId, LinkId, UserId};
use cairn_proto::invite::{InviteLink, ResetLink};
use cairn_proto::model::audit::AuditPage;
use cairn_proto::model::settings::Setting;
use cairn_proto::model::user::{InviteInfo, ServerRole};
use cairn_proto::text::{SettingName, SettingValue};
use cairn_proto::wire::metrics::Metrics;
use cairn_proto::wire::request::server::{
    DeactivateUser, ListAudit, ListInvites, ListSettings, ReactivateUser, RevokeInvite,
    SetServerRole, SetSetting,
};
use cairn_proto::wire::request::session::{
    CreateInvite, CreateReset, GetMetrics, NewInvite, NewReset,
};

use crate::api::client::Client;
use crate::error::Error;

/// The calls that administrate the server. Created by [`Client::admin`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Admin<'a> {
    pub(crate) client: &'a Client,
}

impl Admin<'_> {
    /// Creates an invite for up to `uses` new users that expires after `life` (at least a second).
    /// The link contains the address that the server's operator advertises.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden` if the user is no admin of the server;
    /// [`Error::Disconnected`], after which an unknown invite may exist until it expires; or a
    /// [terminal error](Error#terminal-errors).
    pub async fn create_invite(self, uses: u32, life: Duration) -> Result<InviteLink, Error> {
        self.new_invite(uses, life).await.map(|(link, _)| link)
    }

    /// As [`Self::create_invite`], and returns the id that names the invite in lists.
    ///
    /// # Errors
    /// As [`Self::create_invite`].
    pub async fn new_invite(
        self,
        uses: u32,
        life: Duration,
    ) -> Result<(InviteLink, LinkId), Error> {
        let request = CreateInvite {
            uses,
            life_seconds: life.as_secs().max(1),
        };
        let NewInvite { addr, token, id } = self.client.call(request).await?;
        let (_, pin) = self.client.server();
        Ok((InviteLink { addr, pin, token }, id))
    }

    /// Returns the server's invites that have not expired, by id. For admins of the server.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn invites(self) -> Result<Vec<InviteInfo>, Error> {
        let mut invites = Vec::new();
        let mut after = None;
        loop {
            let page = self.client.call(ListInvites { after }).await?;
            invites.extend(page.items);
            after = page.next_after;
            if after.is_none() {
                return Ok(invites);
            }
        }
    }

    /// Revokes an invite: no further user can join with it. For its maker and admins of the server.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or with `BadInvite` if there is none; or a [terminal
    /// error](Error#terminal-errors).
    pub async fn revoke_invite(self, invite: LinkId) -> Result<(), Error> {
        self.client.call(RevokeInvite { invite }).await
    }

    /// Creates a link with which a user sets a new password and logs in, once and within 24 hours.
    /// It voids earlier ones. Its use ends the user's devices unless `keep_devices`. For owners of
    /// the server, and for admins if the user is a member; never for an owner.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, `NoSuchUser` or `Deactivated`; [`Error::Disconnected`],
    /// after which an unknown link may exist until it expires; or a [terminal
    /// error](Error#terminal-errors).
    pub async fn create_reset(self, user: UserId, keep_devices: bool) -> Result<ResetLink, Error> {
        let request = CreateReset { user, keep_devices };
        let NewReset { addr, token } = self.client.call(request).await?;
        let (_, pin) = self.client.server();
        Ok(ResetLink { addr, pin, token })
    }

    /// Returns the server's metrics. For owners of the server. To measure an interval, subtract two
    /// readings with [`Metrics::since`].
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn metrics(self) -> Result<Metrics, Error> {
        self.client.call(GetMetrics).await
    }

    /// Returns all settings of the server.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn settings(self) -> Result<Vec<Setting>, Error> {
        self.client.call(ListSettings).await.map(|list| list.0)
    }

    /// Changes a setting of the server and returns its new state. For owners of the server.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or with `BadSetting` if the setting does not exist or
    /// rejects the value; or a [terminal error](Error#terminal-errors).
    pub async fn set_setting(
        self,
        name: SettingName,
        value: SettingValue,
    ) -> Result<Setting, Error> {
        self.client.call(SetSetting { name, value }).await
    }

    /// Returns a page of the audit log: the records from number `first` on, in order, and the
    /// number of the last one. For owners of the server. Beyond the last record the page is empty.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn audit(self, first: u64) -> Result<AuditPage, Error> {
        self.client.call(ListAudit { first }).await
    }

    /// Changes a user's role on the server. For owners of the server. The user's devices receive
    /// [`crate::Update::Account`].
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, `NoSuchUser` or `LastOwner`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn set_role(self, user: UserId, role: ServerRole) -> Result<(), Error> {
        self.client.call(SetServerRole { user, role }).await
    }

    /// Deactivates a user: their devices are removed and their sessions end, no device can log in,
    /// and no direct chat with them begins or continues. Messages and memberships stay.
    /// For owners of the server, and for admins about members. Returns groups that the user is
    /// still a member of, at most [`cairn_proto::limits::CONVERSATIONS_PER_PAGE_MAX`]; owners and
    /// admins of the server may remove the user from them.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, `NoSuchUser` or `LastOwner`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn deactivate(self, user: UserId) -> Result<Vec<ConversationId>, Error> {
        let groups = self.client.call(DeactivateUser { user }).await?;
        Ok(groups.0)
    }

    /// Reactivates a user, who can then log in again. For those who may deactivate them.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden` or `NoSuchUser`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn reactivate(self, user: UserId) -> Result<(), Error> {
        self.client.call(ReactivateUser { user }).await
    }
}
