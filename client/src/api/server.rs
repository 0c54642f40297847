//! The server's settings, roles and metrics.

use cairn_proto::ids::UserId;
use cairn_proto::model::settings::Setting;
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::{SettingName, SettingValue};
use cairn_proto::wire::metrics::Metrics;
use cairn_proto::wire::request::server::{ListSettings, SetServerRole, SetSetting};
use cairn_proto::wire::request::session::GetMetrics;

use crate::api::client::Client;
use crate::error::Error;

/// Administration of the server
impl Client {
    /// Returns the server's metrics. For owners of the server. To measure an interval, subtract two
    /// readings with [`Metrics::since`].
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn metrics(&self) -> Result<Metrics, Error> {
        self.call(GetMetrics).await
    }

    /// Returns all settings of the server.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn settings(&self) -> Result<Vec<Setting>, Error> {
        self.call(ListSettings).await.map(|list| list.0)
    }

    /// Changes a setting of the server and returns its new state. For owners of the server.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or with `BadSetting` if the setting does not exist or
    /// rejects the value; or a [terminal error](Error#terminal-errors).
    pub async fn set_setting(
        &self,
        name: SettingName,
        value: SettingValue,
    ) -> Result<Setting, Error> {
        self.call(SetSetting { name, value }).await
    }

    /// Changes a user's role on the server. For owners of the server. The user's devices receive
    /// [`crate::Event::AccountUpdate`].
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, `NoSuchUser` or `LastOwner`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn set_server_role(&self, user: UserId, role: ServerRole) -> Result<(), Error> {
        self.call(SetServerRole { user, role }).await
    }
}
