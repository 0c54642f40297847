//! `cairn set`

use std::fmt;

use cairn_proto::ids::ConversationId;
use cairn_proto::model::group::MemberSettings;
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::args::target::Target;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// Change your settings for a conversation (all your devices)
///
/// Other users do not see them. Without options, shows them.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn set '#team' --mute on
  cairn set @bob --favourite on
  cairn set '#lunch' --hide on        hidden until its next message
  cairn set '#team' --json

JSON, the settings now
  {\"conversation\":1,\"muted\":true,\"favourite\":false,\"hidden\":false}")]
pub(crate) struct SetArgs {
    /// '#group', '@user' or '#id:NUMBER'
    target: Target,

    /// Do not notify about new messages
    #[arg(long, value_name = "ON|OFF")]
    mute: Option<Switch>,

    /// List it before others
    #[arg(long, value_name = "ON|OFF")]
    favourite: Option<Switch>,

    /// Hide it until its next message
    #[arg(long, value_name = "ON|OFF")]
    hide: Option<Switch>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Debug, Serialize)]
struct Settled {
    conversation: ConversationId,
    #[serde(flatten)]
    settings: MemberSettings,
}

impl fmt::Display for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MemberSettings {
            muted,
            favourite,
            hidden,
        } = self.settings;
        let word = |is_on| if is_on { "on" } else { "off" };
        write!(
            f,
            "mute {}, favourite {}, hide {}",
            word(muted),
            word(favourite),
            word(hidden)
        )
    }
}

pub(crate) async fn run(
    args: &SetArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let found = args.target.overview(client).await?;
    let asked = |switch: Option<Switch>, now| switch.map_or(now, |switch| switch == Switch::On);
    let settings = MemberSettings {
        muted: asked(args.mute, found.settings.muted),
        favourite: asked(args.favourite, found.settings.favourite),
        hidden: asked(args.hide, found.settings.hidden),
    };
    if settings != found.settings {
        client
            .conversation(found.id)
            .set_member_settings(settings)
            .await?;
    }
    output.print(&Settled {
        conversation: found.id,
        settings,
    })
}
