//! `cairn set`

use std::fmt;
use std::time::Duration;

use cairn_proto::ids::{ConversationId, Timestamp};
use cairn_proto::model::group::MemberSettings;
use cairn_proto::model::notification::{NotificationLevel, Notifications};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::args::duration;
use crate::cli::args::target::Target;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::ui::time::{self, Local};

/// Change your settings for a conversation (all your devices)
///
/// Other users do not see them. Without options, shows them.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn set '#team' --notify mentions
  cairn set '#team' --notify nothing --for 8h
  cairn set '#team' --mute on         as --notify nothing
  cairn set @bob --favourite on
  cairn set '#lunch' --hide on        hidden until its next message
  cairn set '#team' --json

JSON, the settings now
  {\"conversation\":1,\"notifications\":{\"level\":\"nothing\",\"until\":1700000000000},\
     \"favourite\":false,\"hidden\":false}")]
pub(crate) struct SetArgs {
    /// '#group', '@user' or '#id:NUMBER'
    target: Target,

    /// Which new messages notify you
    ///
    /// "mentions" are also messages with one of your keywords (cairn me keywords).
    #[arg(long, value_name = "LEVEL", group = "choice")]
    notify: Option<Level>,

    /// Notify about all messages again after this time, such as 8h
    #[arg(
        long = "for",
        value_name = "DURATION",
        value_parser = duration::parse,
        requires = "choice"
    )]
    life: Option<Duration>,

    /// --mute on is --notify nothing, --mute off is --notify all
    #[arg(
        long,
        value_name = "ON|OFF",
        conflicts_with = "notify",
        group = "choice"
    )]
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Level {
    /// Every message
    All,
    /// Messages that mention you
    Mentions,
    /// No message
    Nothing,
}

impl SetArgs {
    /// Returns what the options choose, unless there are none.
    fn notifications(&self) -> Option<Notifications> {
        let level = match (self.notify, self.mute) {
            (Some(Level::All), _) | (None, Some(Switch::Off)) => NotificationLevel::All,
            (Some(Level::Mentions), _) => NotificationLevel::Mentions,
            (Some(Level::Nothing), _) | (None, Some(Switch::On)) => NotificationLevel::Nothing,
            (None, None) => return None,
        };
        let until = self.life.map(|life| {
            let end = time::now().saturating_add(life).as_millis();
            Timestamp::new(u64::try_from(end).unwrap_or(u64::MAX))
        });
        Some(Notifications { level, until })
    }
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
            notifications,
            favourite,
            hidden,
        } = self.settings;
        let word = |is_on| if is_on { "on" } else { "off" };
        let level = notifications.level_at(time::timestamp());
        write!(f, "notify {}", level.as_str())?;
        if let (Some(until), true) = (notifications.until, level == notifications.level) {
            write!(f, " until {}", Local(until.get()))?;
        }
        write!(f, ", favourite {}, hide {}", word(favourite), word(hidden))
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
        notifications: args.notifications().unwrap_or(found.settings.notifications),
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
