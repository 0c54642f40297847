//! The server's settings, roles and metrics.

use cairn_proto::ids::UserId;
use cairn_proto::model::settings::Setting;
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::{SettingName, SettingValue};
use cairn_proto::wire::metrics::Metrics;
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;

use crate::api::client::{Client, ask};
use crate::error::Error;

/// Administration of the server
impl Client {
    /// What the server has done since its start: for its owner. Two readings subtract, see
    /// [`Metrics::since`].
    ///
    /// # Errors
    /// [`Error::Refused`], and whatever ends the client.
    pub async fn metrics(&self) -> Result<Metrics, Error> {
        ask!(self, Request::Metrics, Response::Metrics(metrics) => *metrics)
    }

    /// All of them.
    ///
    /// # Errors
    /// As [`Client::contacts`].
    pub async fn settings(&self) -> Result<Vec<Setting>, Error> {
        ask!(self, Request::Settings, Response::Settings(settings) => settings)
    }

    /// Sets one of them: for the owner of the server. Gives it as it is then.
    ///
    /// # Errors
    /// As [`Client::contacts`]; [`Error::Refused`] with `BadSetting` when there is none of that
    /// name, or it does not take the value.
    pub async fn set_setting(
        &self,
        name: SettingName,
        value: SettingValue,
    ) -> Result<Setting, Error> {
        let mut settings = ask!(self, Request::SetSetting { name, value }, Response::Settings(settings) => settings)?;
        settings
            .pop()
            .ok_or(Error::Protocol("a setting was set and not told"))
    }

    /// Gives a user another role on the server: for its owners. The last one stays one. The user's
    /// devices learn of it by [`crate::Event::AccountUpdate`].
    ///
    /// # Errors
    /// As [`Client::contacts`]; [`Error::Refused`] with `LastOwner` for the only owner.
    pub async fn set_server_role(&self, user: UserId, role: ServerRole) -> Result<(), Error> {
        ask!(self, Request::SetServerRole { user, role }, Response::Done => ())
    }
}
