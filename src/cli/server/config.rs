//! `cairn config`

use std::fmt;

use cairn_proto::model::settings::Setting;
use cairn_proto::text::{SettingName, SettingValue};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;

/// Show or change the settings of the server
///
/// A change applies at once. Everyone can see the settings; owners can change them.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn config list
  cairn config get direct-chats
  cairn config set direct-chats friends

JSON
  {\"name\":\"direct-chats\",\"value\":\"anyone\",\"default\":\"anyone\",\"takes\":\"anyone or \
     friends\",\"about\":\"…\"}")]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show all settings
    #[command(after_help = "EXAMPLES
  cairn config list
  cairn config list --json | jq -r 'select(.value != .default) | .name'

JSON, one for each setting
  {\"name\":\"direct-chats\",\"value\":\"anyone\",\"default\":\"anyone\",\"takes\":\"anyone or \
     friends\",\"about\":\"…\"}")]
    List,
    /// Show one setting
    #[command(after_help = "EXAMPLES
  cairn config get direct-chats
  cairn config get direct-chats --json | jq -r .value

JSON
  {\"name\":\"direct-chats\",\"value\":\"anyone\",\"default\":\"anyone\",\"takes\":\"anyone or \
     friends\",\"about\":\"…\"}")]
    Get {
        /// The setting
        name: SettingName,
    },
    /// Change a setting, as the owner of the server
    #[command(after_help = "EXAMPLES
  cairn config set direct-chats friends
  cairn config set contacts-max 500

JSON, the setting now
  {\"name\":\"direct-chats\",\"value\":\"anyone\",\"default\":\"anyone\",\"takes\":\"anyone or \
     friends\",\"about\":\"…\"}")]
    Set {
        /// The setting
        name: SettingName,
        /// The new value
        value: SettingValue,
    },
}

#[derive(Debug, Serialize)]
struct Row(Setting);

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Setting {
            name,
            value,
            takes,
            about,
            ..
        } = &self.0;
        write!(f, "{name:23}  {value:12}  {about} ({takes})")
    }
}

pub(crate) async fn run(
    args: &ConfigArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    match &args.action {
        Action::List => client
            .admin()
            .settings()
            .await?
            .into_iter()
            .try_for_each(|setting| output.print(&Row(setting))),
        Action::Get { name } => match client
            .admin()
            .settings()
            .await?
            .into_iter()
            .find(|setting| setting.name == *name)
        {
            Some(setting) => output.print(&Row(setting)),
            None => Err(
                Failure::new(Exit::Failed, format!("there is no setting named {name}"))
                    .hint("`cairn config list` shows all settings"),
            ),
        },
        Action::Set { name, value } => output.print(&Row(client
            .admin()
            .set_setting(name.clone(), value.clone())
            .await?)),
    }
}
