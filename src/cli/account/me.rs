//! `cairn me`

use std::fmt;
use std::path::PathBuf;

use cairn_client::Client;
use cairn_proto::model::people::{Avatar, Profile, UserProfile};
use cairn_proto::model::receipts::Reads;
use cairn_proto::text::{About, DisplayName};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::files::picture::read_picture;
use crate::cli::output::Output;
use crate::cli::people::users::Person;

/// Show how you present yourself to others, or change it
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn me
  cairn me set --display-name 'Ada Lovelace' --about 'Engines, analytical'
  cairn me set --about ''                       says nothing any more
  cairn me set --avatar ada.webp                a picture of up to 4 KiB
  cairn me reads hidden

JSON; role is that on the server
  {\"user\":1,\"name\":\"ada\",\"role\":\"owner\",\"display_name\":\"Ada Lovelace\",\"about\":null,\"avatar_bytes\":null}")]
pub(crate) struct MeArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say how others see you; what you leave out stays as it is
    #[command(after_help = "EXAMPLES
  cairn me set --display-name 'Ada Lovelace' --avatar ada.webp
  cairn me set --display-name '' --about '' --no-avatar

JSON, as others see you from now on
  {\"user\":1,\"name\":\"ada\",\"role\":\"owner\",\"display_name\":\"Ada Lovelace\",\"about\":null,\"avatar_bytes\":2310}")]
    Set(SetArgs),

    /// Say whether others see what you have read, and you what they have; without a word, show it
    #[command(
        after_help = "EXAMPLES\n  cairn me reads\n  cairn me reads hidden\n\nJSON\n  {\"reads\":\"shown\"}"
    )]
    Reads {
        /// 'shown' or 'hidden'
        #[arg(value_parser = parse_reads)]
        reads: Option<Reads>,
    },
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
    /// The name that others are shown beside your user name; empty for none
    #[arg(long, value_name = "NAME", value_parser = parse_display_name)]
    display_name: Option<Said<DisplayName>>,

    /// What you say of yourself; empty for nothing
    #[arg(long, value_name = "TEXT", value_parser = parse_about)]
    about: Option<Said<About>>,

    /// A small picture by which others know you, up to 4 KiB
    #[arg(long, value_name = "FILE", conflicts_with = "no_avatar")]
    avatar: Option<PathBuf>,

    /// Show no picture any more
    #[arg(long)]
    no_avatar: bool,
}

impl SetArgs {
    /// The picture that is shown from now on, if it is to change.
    fn avatar(&self) -> Result<Option<Avatar>, Failure> {
        match &self.avatar {
            Some(path) => read_picture(path).map(Some),
            None => Ok(self.no_avatar.then_some(Avatar::NONE)),
        }
    }
}

/// What is said, or that nothing is.
#[derive(Clone, Debug)]
enum Said<T> {
    Nothing,
    This(T),
}

impl<T> From<Said<T>> for Option<T> {
    fn from(said: Said<T>) -> Self {
        match said {
            Said::Nothing => None,
            Said::This(said) => Some(said),
        }
    }
}

fn parse_display_name(raw: &str) -> Result<Said<DisplayName>, cairn_proto::text::TextError> {
    if raw.is_empty() {
        Ok(Said::Nothing)
    } else {
        DisplayName::new(raw).map(Said::This)
    }
}

fn parse_about(raw: &str) -> Result<Said<About>, cairn_proto::text::TextError> {
    if raw.is_empty() {
        Ok(Said::Nothing)
    } else {
        About::new(raw).map(Said::This)
    }
}

pub(crate) async fn run(
    args: &MeArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    // A file that will not do is told of before the server is asked anything.
    let new_avatar = match &args.action {
        Some(Action::Set(said)) => said.avatar()?,
        None | Some(Action::Reads { .. }) => None,
    };
    let client = context.client(Conduct::Ask).await?;
    if let Some(Action::Reads { reads }) = args.action {
        return self::reads(client, output, reads).await;
    }
    let own = own(client).await?;
    match &args.action {
        None | Some(Action::Reads { .. }) => print(output, own),
        Some(Action::Set(said)) => {
            let Profile {
                display_name,
                about,
                avatar,
            } = own.profile;
            let profile = Profile {
                display_name: said.display_name.clone().map_or(display_name, Option::from),
                about: said.about.clone().map_or(about, Option::from),
                avatar: new_avatar.unwrap_or(avatar),
            };
            client.set_profile(profile.clone()).await?;
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
        client.set_own_reads(reads).await?;
    }
    output.print(&OwnReads {
        reads: client.own_reads().await?,
    })
}

async fn own(client: &Client) -> Result<UserProfile, Failure> {
    let own = client.profiles(&[client.whoami().user]).await?.pop();
    own.ok_or_else(|| Failure::new(Exit::Failed, "the server does not know you any more"))
}

fn print(output: &mut Output, own: UserProfile) -> Result<(), Failure> {
    output.print(&Person::from(own))
}
