//! `cairn visitor`: a visitor of a support desk, in the terminal.
//!
//! * `place`: the visitor's token and unsent messages, on disk
//! * `talk`: the session: what is said, and what comes
//! * `view`: what is shown

mod place;
mod talk;
mod view;

use std::path::PathBuf;

use cairn_client::{Client, DeskLink, Error, ErrorCode, Reconnect, Visit};
use cairn_proto::limits::STARS_MAX;
use cairn_proto::text::{
    AttrName, AttrValue, DeskText, DisplayName, Language, PageUrl, SignedIdentity, Tag,
};
use clap::Args;

use self::place::Place;
use self::talk::Talk;
use crate::cli::context::Local;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;

/// Visit a support desk with a link, without an account
///
/// It says TEXT, or each line of standard input with -, shows the place in the line, who joined,
/// and what is said, and stays until the inquiry is closed or Ctrl-C. On a terminal, without TEXT,
/// each line that you type is a message.
///
/// Who you are is a secret in a file that only you can read: a second run is the same visitor and
/// continues the same inquiry. A message that was typed is kept there until it is accepted, so it
/// is said once even if the command is killed.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn visitor 'cairn://shop.example:7766/desk#PIN.KEY'
  cairn visitor \"$LINK\" 'Where is my order?' --topic shipping --name Li
  cairn visitor \"$LINK\" --end --rate 5 --comment 'very quick'
  echo 'Do you ship to Japan?' | cairn visitor \"$LINK\" - --once --json

JSON, one for each event; a state is waiting, answered, left or closed
  {\"event\":\"desk\",\"visitor\":\"9f86d081884c7d65\",\"queue\":\"pre-sale\",\"open\":true,\
   \"text\":\"\",\"topics\":[\"shipping\"]}
  {\"event\":\"inquiry\",\"inquiry\":17,\"queue\":\"pre-sale\",\"state\":\"waiting\",\"place\":3,\
   \"about_seconds\":40,\"agent\":null}
  {\"event\":\"sent\",\"inquiry\":17,\"msgid\":2}
  {\"event\":\"message\",\"inquiry\":17,\"msgid\":4,\"sender\":\"Ada\",\"own\":false,\
   \"sent_at_ms\":1700000000000,
   \"kind\":\"text\",\"text\":\"Hello, how can I help?\"}: kind is as of `cairn tail`, system for \
   who joined and the like
  {\"event\":\"ended\",\"inquiry\":17}, {\"event\":\"rated\",\"inquiry\":17,\"stars\":5}
  {\"event\":\"disconnected\",\"reason\":\"…\"}, {\"event\":\"reconnected\"}")]
pub(crate) struct VisitorArgs {
    /// The link, as `cairn desk link` printed it
    link: DeskLink,

    /// What to say, up to 2 KiB; - for the lines of standard input
    text: Option<String>,

    /// What you are called
    #[arg(long, value_name = "NAME")]
    name: Option<DisplayName>,

    /// What it is about, of the topics that the desk shows
    #[arg(long, value_name = "TOPIC")]
    topic: Option<Tag>,

    /// The page that you are on
    #[arg(long, value_name = "URL")]
    page: Option<PageUrl>,

    /// Your language, such as en or zh-TW
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<Language>,

    /// Something for the agents: NAME=VALUE; can be given several times
    #[arg(long = "attr", value_name = "NAME=VALUE", value_parser = parse_attr)]
    attrs: Vec<(AttrName, AttrValue)>,

    /// What the shop signed about who you are
    #[arg(long, value_name = "PAYLOAD.MAC")]
    identity: Option<SignedIdentity>,

    /// Where to keep who you are [default: a file for each link in your profile folder]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// Say it, print the state, and exit
    #[arg(long)]
    once: bool,

    /// End the inquiry, after TEXT was said
    #[arg(long)]
    end: bool,

    /// Rate the closed inquiry with 1 to 5 stars, and exit
    #[arg(long, value_name = "STARS",
        value_parser = clap::value_parser!(u8).range(1..=i64::from(STARS_MAX)))]
    rate: Option<u8>,

    /// What you thought of it
    #[arg(long, value_name = "TEXT", requires = "rate")]
    comment: Option<DeskText>,
}

fn parse_attr(raw: &str) -> Result<(AttrName, AttrValue), String> {
    let (name, value) = raw.split_once('=').ok_or("it is NAME=VALUE")?;
    let name = AttrName::new(name.trim()).map_err(|error| error.to_string())?;
    let value = AttrValue::new(value).map_err(|error| error.to_string())?;
    Ok((name, value))
}

/// Replaces the hint for agents when a visitor is refused.
fn refused(error: Error) -> Failure {
    let is_revoked = matches!(
        error,
        Error::LoginRefused {
            code: ErrorCode::NoSuchQueue,
            ..
        }
    );
    let failure = Failure::from(error);
    match is_revoked {
        true => failure.hint("ask the shop for a new link"),
        false => failure,
    }
}

pub(crate) async fn run(
    args: VisitorArgs,
    local: &Local,
    output: &mut Output,
) -> Result<(), Failure> {
    let place = Place::open(args.token_file.as_deref(), &args.link, &local.profile)?;
    if place.is_shared() {
        output.note(
            "another process is this visitor as well: what is unsent when this one ends is lost",
        );
    }
    let visit = Visit {
        token: place.token(),
        name: args.name.clone(),
        language: args.language.clone(),
        identity: args.identity.clone(),
    };
    let stays = !args.once && !args.end && args.rate.is_none();
    let options = Client::builder().send_stream(place.stream());
    let options = match stays {
        true => options,
        false => options.push(false).reconnect(Reconnect::default()),
    };
    let visitor = options.visit(&args.link, visit).await.map_err(refused)?;
    let result = tokio::select! {
        result = Talk::new(&visitor, place, args, output).run(local, stays) => result,
        interrupted = tokio::signal::ctrl_c() => match interrupted {
            Ok(()) => Err(Failure::Interrupted),
            Err(error) => Err(Failure::caused(Exit::Failed, "cannot listen for Ctrl-C", &error)),
        },
    };
    visitor.close().await;
    result
}
