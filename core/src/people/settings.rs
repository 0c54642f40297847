//! Reading and changing the server's settings.

use cairn_proto::text::{SettingName, SettingValue};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::response::Response;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::effect::Effect;
use crate::permission::Action;
use crate::state::State;
use crate::state::settings::{Row, Settings, TABLE};

impl State {
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn list_settings(&self) -> Response {
        Response::Settings(
            TABLE
                .iter()
                .filter_map(|row| row.describe(&self.settings))
                .collect(),
        )
    }

    pub(crate) fn set_setting(
        &mut self,
        actor: Actor,
        name: &SettingName,
        value: &SettingValue,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        self.check_on_server(actor.user, Action::SetSetting)?;
        let mut changed = self.settings.clone();
        let setting = changed
            .set(name, value)
            .and_then(|()| Row::named(name)?.describe(&changed))
            .ok_or(ErrorCode::BadSetting)?;
        if changed != self.settings {
            self.make(
                &Change::Setting {
                    name: setting.name.clone(),
                    value: setting.value.clone(),
                },
                batch,
            );
            batch.effect(Effect::SettingSet);
        }
        Ok(Response::Settings(vec![setting]))
    }

    pub(crate) fn apply_setting(&mut self, name: &SettingName, value: &SettingValue) {
        self.dirty.settings.insert(name.clone(), value.clone());
        self.install_setting(name, value);
    }

    /// Installs a stored setting. One that this version does not know or accept stays stored
    /// without effect.
    pub fn install_setting(&mut self, name: &SettingName, value: &SettingValue) {
        let _ = self.settings.set(name, value);
    }
}
