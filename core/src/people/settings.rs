//! Reading and changing the server's settings.

use cairn_proto::model::audit::AuditAct;
use cairn_proto::model::settings::Setting;
use cairn_proto::text::{SettingName, SettingValue};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::List;
use cairn_proto::wire::request::server::{ListSettings, SetSetting};

use crate::api::actor::Actor;
use crate::api::change::Change;
use crate::api::update::Update;
use crate::command::{Context, Handle};
use crate::people::clock;
use crate::permission::Action;
use crate::prefetch::Load;
use crate::state::State;
use crate::state::settings::{Row, Settings, TABLE};

impl Handle for ListSettings {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, _: Context<'_>) -> Result<List<Setting>, ErrorCode> {
        Ok(List(
            TABLE
                .iter()
                .filter_map(|row| row.describe(&state.settings))
                .map(|setting| state.show_clock(setting))
                .collect(),
        ))
    }
}

impl Handle for SetSetting {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<Setting, ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self { name, value } = self;
        state.check_on_server(actor.user, Action::SetSetting)?;
        if name.as_str() == clock::SETTING && value.as_str() == clock::TRUSTED {
            let row = Row::named(&name).and_then(|row| row.describe(&state.settings));
            let setting = row.ok_or(ErrorCode::BadSetting)?;
            let act = AuditAct::SettingSet {
                before: state.show_clock(setting.clone()).value,
                name,
                after: value,
            };
            state.check_clock_jumped()?;
            state.audit(actor, act, now, batch)?;
            state.trust_system_clock(batch);
            return Ok(setting);
        }
        let mut changed = state.settings.clone();
        let setting = changed
            .set(&name, &value)
            .and_then(|()| Row::named(&name)?.describe(&changed))
            .ok_or(ErrorCode::BadSetting)?;
        if changed != state.settings {
            let before = Row::named(&name).and_then(|row| row.describe(&state.settings));
            let act = AuditAct::SettingSet {
                before: before.ok_or(ErrorCode::BadSetting)?.value,
                name,
                after: setting.value.clone(),
            };
            state.audit(actor, act, now, batch)?;
            state.make(
                &Change::Setting {
                    name: setting.name.clone(),
                    value: setting.value.clone(),
                },
                batch,
            );
            batch.publish(Update::SettingSet);
        }
        Ok(state.show_clock(setting))
    }
}

impl State {
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
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
