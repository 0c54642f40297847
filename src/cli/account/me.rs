//! `cairn me`

use std::fmt;
use std::path::PathBuf;

use cairn_client::Client;
use cairn_proto::model::people::{Avatar, Profile, UserProfile};
use cairn_proto::model::receipts::Reads;
use cairn_proto::text::{About, DisplayName, UserName};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cli::account::keywords::{self, KeywordsAction};
use crate::cli::account::password::{self, PasswordArgs};
use crate::cli::args::target::parse_new_user;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::files::picture::read_picture;
use crate::cli::output::Output;
use crate::cli::people::users::{Named, Person};

/// Show or change your profile, keywords and password
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn me
  cairn me set --display-name 'Ada Lovelace' --about 'Engines, analytical'
  cairn me set --about ''                       removes it
  cairn me set --avatar ada.webp                a picture of up to 4 KiB
  cairn me reads hidden
  cairn me keywords add deploy
  cairn me password --end-other-devices

JSON; role is your role on the server
  {\"user\":1,\"name\":\"ada\",\"role\":\"owner\",\"state\":\"active\",\
     \"display_name\":\"Ada Lovelace\",\"about\":null,\"avatar_bytes\":null}")]
pub(crate) struct MeArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Change your profile; what you leave out stays as it is
    #[command(after_help = "EXAMPLES
  cairn me set --display-name 'Ada Lovelace' --avatar ada.webp
  cairn me set --display-name '' --about '' --no-avatar

JSON, your profile now
  {\"user\":1,\"name\":\"ada\",\"role\":\"owner\",\"state\":\"active\",\
     \"display_name\":\"Ada Lovelace\",\"about\":null,\"avatar_bytes\":2310}")]
    Set(SetArgs),

    /// Change your user name
    ///
    /// Messages show the new name. No one else can take the former one for 90 days.
    #[command(after_help = "EXAMPLES
  cairn me rename countess

JSON, you now
  {\"user\":1,\"name\":\"countess\",\"role\":\"owner\"}")]
    Rename {
        /// The new name
        #[arg(value_parser = parse_new_user)]
        name: UserName,
    },

    /// Show or hide what you have read; hiding it also hides what others have read
    #[command(
        after_help = "EXAMPLES\n  cairn me reads\n  cairn me reads hidden\n\nJSON\n  \
            {\"reads\":\"shown\"}"
    )]
    Reads {
        /// 'shown' or 'hidden'
        #[arg(value_parser = parse_reads)]
        reads: Option<Reads>,
    },

    /// List your keywords: words that notify you as a mention does
    ///
    /// A message with one of them notifies you where you chose `cairn set --notify mentions`. They
    /// match in upper and lower case, as words of their own, and not in code or links. At most 64,
    /// the same on all your devices; others do not see them.
    #[command(after_help = "EXAMPLES
  cairn me keywords
  cairn me keywords add deploy 'on call' 发布
  cairn me keywords remove deploy

JSON, your keywords now
  {\"keywords\":[\"on call\",\"发布\"]}")]
    Keywords {
        #[command(subcommand)]
        action: Option<KeywordsAction>,
    },

    /// Set or change the password with which you log in on further devices
    #[command(after_help = "EXAMPLES
  cairn me password
  cairn me password --end-other-devices
  printf '%s\\n' \"$OLD\" \"$NEW\" | cairn me password --password-stdin

JSON
  {\"password\":\"set\",\"other_devices_ended\":false}")]
    Password(PasswordArgs),
}

#[derive(Debug, Serialize)]
struct OwnReads {
    reads: Reads,
}

impl fmt::Display for OwnReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "what you read is {}", self.reads.as_str())
    }
}

fn parse_reads(raw: &str) -> Result<Reads, &'static str> {
    [Reads::Shown, Reads::Hidden]
        .into_iter()
        .find(|reads| reads.as_str() == raw)
        .ok_or("it is 'shown' or 'hidden'")
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct SetArgs {
    /// The name shown with your user name; empty for none
    #[arg(long, value_name = "NAME", value_parser = parse_display_name)]
    display_name: Option<NewValue<DisplayName>>,

    /// A few words about yourself; empty for none
    #[arg(long, value_name = "TEXT", value_parser = parse_about)]
    about: Option<NewValue<About>>,

    /// A small picture, up to 4 KiB
    #[arg(long, value_name = "FILE", conflicts_with = "no_avatar")]
    avatar: Option<PathBuf>,

    /// Remove your picture
    #[arg(long)]
    no_avatar: bool,
}

impl SetArgs {
    /// Returns the new picture, if it is to change.
    fn avatar(&self) -> Result<Option<Avatar>, Failure> {
        match &self.avatar {
            Some(path) => read_picture(path).map(Some),
            None => Ok(self.no_avatar.then_some(Avatar::NONE)),
        }
    }
}

/// A value to set, or to remove.
#[derive(Clone, Debug)]
enum NewValue<T> {
    None,
    Some(T),
}

impl<T> From<NewValue<T>> for Option<T> {
    fn from(new: NewValue<T>) -> Self {
        match new {
            NewValue::None => None,
            NewValue::Some(new) => Some(new),
        }
    }
}

fn parse_display_name(raw: &str) -> Result<NewValue<DisplayName>, cairn_proto::text::TextError> {
    if raw.trim().is_empty() {
        Ok(NewValue::None)
    } else {
        DisplayName::typed(raw).map(NewValue::Some)
    }
}

fn parse_about(raw: &str) -> Result<NewValue<About>, cairn_proto::text::TextError> {
    if cairn_text::is_blank(raw) {
        Ok(NewValue::None)
    } else {
        About::new(raw).map(NewValue::Some)
    }
}

pub(crate) async fn run(
    args: &MeArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    // A bad file is reported before anything is sent.
    let new_avatar = match &args.action {
        Some(Action::Set(new)) => new.avatar()?,
        _ => None,
    };
    let client = context.client(Conduct::Ask).await?;
    match &args.action {
        None => print(output, own(client).await?),
        Some(Action::Reads { reads }) => self::reads(client, output, *reads).await,
        Some(Action::Keywords { action }) => keywords::run(client, output, action.as_ref()).await,
        Some(Action::Password(args)) => password::run(client, output, context.input(), args).await,
        Some(Action::Rename { name }) => {
            let own = own(client).await?.user;
            client.people().rename(own.id, name.clone()).await?;
            output.print(&Named::new(own, name.clone()))
        }
        Some(Action::Set(new)) => {
            let own = own(client).await?;
            let Profile {
                display_name,
                about,
                avatar,
            } = own.profile;
            let profile = Profile {
                display_name: new.display_name.clone().map_or(display_name, Option::from),
                about: new.about.clone().map_or(about, Option::from),
                avatar: new_avatar.unwrap_or(avatar),
            };
            client.me().set_profile(profile.clone()).await?;
            print(
                output,
                UserProfile {
                    user: own.user,
                    profile,
                },
            )
        }
    }
}

async fn reads(client: &Client, output: &mut Output, reads: Option<Reads>) -> Result<(), Failure> {
    if let Some(reads) = reads {
        client.me().set_reads(reads).await?;
    }
    output.print(&OwnReads {
        reads: client.me().reads().await?,
    })
}

async fn own(client: &Client) -> Result<UserProfile, Failure> {
    let own = client
        .people()
        .profiles(&[client.whoami().user])
        .await?
        .pop();
    own.ok_or_else(|| Failure::new(Exit::Failed, "the server no longer knows you"))
}

fn print(output: &mut Output, own: UserProfile) -> Result<(), Failure> {
    output.print(&Person::from(own))
}
