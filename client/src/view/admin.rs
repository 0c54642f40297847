//! The server: its invites, settings, roles and metrics.

use std::time::Duration;

use cairn_proto::ids::UserId;
use cairn_proto::invite::InviteLink;
use cairn_proto::model::audit::AuditPage;
use cairn_proto::model::settings::Setting;
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::{SettingName, SettingValue};
use cairn_proto::wire::metrics::Metrics;
use cairn_proto::wire::request::server::{ListAudit, ListSettings, SetServerRole, SetSetting};
use cairn_proto::wire::request::session::{CreateInvite, GetMetrics, NewInvite};

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
        let request = CreateInvite {
            uses,
            life_seconds: life.as_secs().max(1),
        };
        let NewInvite { addr, token, .. } = self.client.call(request).await?;
        let (_, pin) = self.client.server();
        Ok(InviteLink { addr, pin, token })
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
}
