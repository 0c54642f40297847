//! The command line: commands by domain, and shared modules.
//!
//! A command is a function of its arguments, a [`Context`] with a client, and an [`Output`]. It
//! runs in a separate process (`process`) or inside an interactive client ([`run`]).
//!
//! * `process`, `signals`: standard streams, exit codes, signals, runtimes
//! * `context`, `input`, `output`, `failure`: the context and the outcome of a command
//! * `account`, `people`, `chat`, `conversations`, `files`, `group`, `import`, `server`: commands
//! * `args`: argument types
//! * `limits`: every bound of the commands

mod account;
mod args;
#[cfg(feature = "bench")]
mod bench;
mod chat;
mod completions;
mod context;
mod conversations;
mod failure;
mod files;
mod group;
mod help;
mod import;
mod input;
mod limits;
mod output;
#[cfg(feature = "bench")]
mod page;
mod people;
mod process;
#[cfg(feature = "bench")]
mod repro_command;
mod server;
mod signals;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use self::account::{devices, invite, join, login, me, whoami};
use self::chat::{edit, forward, pin, react, recall, send, tail, typing};
use self::conversations::{list, read, receipts, retention, set, unread};
use self::failure::Exit;
use self::files::get;
use self::people::{contacts, users, watch};
use self::server::{compact, config, doctor, serve, stats};

pub use self::context::Context;
pub use self::failure::Failure;
pub use self::input::Input;
pub use self::output::{Format, Output};
pub use self::process::main;
#[cfg(feature = "bench")]
pub use self::process::race;

/// Team chat in one binary: every message stored once, every reader a cursor
///
/// One machine runs `cairn serve`; users join with an invite link.
#[derive(Debug, Parser)]
#[command(
    name = "cairn",
    version,
    arg_required_else_help = true,
    after_help = help::examples(),
    after_long_help = help::examples_and_exit_codes(),
)]
struct Cli {
    #[command(flatten)]
    global: Global,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
struct Global {
    /// Print results as JSON, one object per line
    #[arg(long, global = true)]
    json: bool,

    /// The folder of the profile of this device [default: cairn in your configuration folder]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "CAIRN_PROFILE",
        hide_env_values = true
    )]
    profile: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<serve::ServeArgs>),
    Join(join::JoinArgs),
    Login(login::LoginArgs),
    #[command(flatten)]
    Client(ClientCommand),
    Compact(compact::CompactArgs),
    #[cfg(feature = "bench")]
    Bench(Box<bench::BenchArgs>),
    Completions(completions::CompletionsArgs),
}

/// Commands that use a client, which may be that of an interactive one.
#[derive(Debug, Subcommand)]
enum ClientCommand {
    #[command(name = "whoami")]
    WhoAmI(whoami::WhoAmIArgs),
    Me(me::MeArgs),
    Users(users::UsersArgs),
    Devices(devices::DevicesArgs),
    Invite(invite::InviteArgs),
    Group(group::GroupArgs),
    Contacts(contacts::ContactsArgs),
    Friend(contacts::FriendArgs),
    Follow(contacts::FollowArgs),
    Unfollow(contacts::UnfollowArgs),
    Block(contacts::BlockArgs),
    Unblock(contacts::UnblockArgs),
    Watch(watch::WatchArgs),
    Send(send::SendArgs),
    Forward(forward::ForwardArgs),
    Edit(edit::EditArgs),
    #[command(visible_alias = "delete")]
    Recall(recall::RecallArgs),
    React(react::ReactArgs),
    Pin(pin::PinArgs),
    Get(get::GetArgs),
    Type(typing::TypeArgs),
    Tail(tail::TailArgs),
    List(list::ListArgs),
    Read(read::ReadArgs),
    Unread(unread::UnreadArgs),
    Receipts(receipts::ReceiptsArgs),
    Set(set::SetArgs),
    Retention(retention::RetentionArgs),
    Import(import::ImportArgs),
    Config(config::ConfigArgs),
    Doctor(doctor::DoctorArgs),
    Stats(stats::StatsArgs),
}

impl ClientCommand {
    async fn run(self, context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::WhoAmI(args) => whoami::run(&args, context, output).await,
            Self::Me(args) => me::run(&args, context, output).await,
            Self::Users(args) => users::run(&args, context, output).await,
            Self::Devices(args) => devices::run(&args, context, output).await,
            Self::Invite(args) => invite::run(&args, context, output).await,
            Self::Group(args) => group::run(&args, context, output).await,
            Self::Contacts(args) => contacts::contacts(&args, context, output).await,
            Self::Friend(args) => contacts::friend(&args, context, output).await,
            Self::Follow(args) => contacts::follow(&args, context, output).await,
            Self::Unfollow(args) => contacts::unfollow(&args, context, output).await,
            Self::Block(args) => contacts::block(&args, context, output).await,
            Self::Unblock(args) => contacts::unblock(&args, context, output).await,
            Self::Watch(args) => watch::run(&args, context, output).await,
            Self::Send(args) => send::run(args, context, output).await,
            Self::Forward(args) => forward::run(&args, context, output).await,
            Self::Edit(args) => edit::run(args, context, output).await,
            Self::Recall(args) => recall::run(&args, context, output).await,
            Self::React(args) => react::run(&args, context, output).await,
            Self::Pin(args) => pin::run(&args, context, output).await,
            Self::Get(args) => get::run(&args, context, output).await,
            Self::Type(args) => typing::run(&args, context, output).await,
            Self::Tail(args) => tail::run(&args, context, output).await,
            Self::List(args) => list::run(&args, context, output).await,
            Self::Read(args) => read::run(&args, context, output).await,
            Self::Unread(args) => unread::run(&args, context, output).await,
            Self::Receipts(args) => receipts::run(&args, context, output).await,
            Self::Set(args) => set::run(&args, context, output).await,
            Self::Retention(args) => retention::run(&args, context, output).await,
            Self::Import(args) => import::run(&args, context, output).await,
            Self::Config(args) => config::run(&args, context, output).await,
            Self::Doctor(args) => doctor::run(&args, context, output).await,
            Self::Stats(args) => stats::run(&args, context, output).await,
        }
    }
}

/// Returns the definition of the command line: subcommands, options, help.
#[must_use]
pub fn command() -> clap::Command {
    let mut command = help::grouped(Cli::command());
    command.build();
    command
}

impl Cli {
    fn parse_words(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let matches = help::grouped(Self::command()).try_get_matches_from(words)?;
        Self::from_arg_matches(&matches)
    }
}

/// Runs a command inside an interactive client. `words` are those after `cairn`.
///
/// The format is that of `output`; commands that need no client are refused.
///
/// # Errors
///
/// Fails as the command does, and for an invalid command line.
pub async fn run(
    words: impl IntoIterator<Item = impl Into<OsString>>,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let words = words.into_iter().map(Into::into);
    let words = std::iter::once(OsString::from("cairn")).chain(words);
    let cli = match Cli::parse_words(words) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            let text = error.to_string();
            let text = text.trim_start_matches("error: ").trim_end();
            return Err(Failure::new(Exit::Usage, text));
        }
        Err(help) => return output.text(&help.to_string()),
    };
    match cli.command {
        Command::Client(command) => command.run(context, output).await,
        _ => Err(Failure::new(
            Exit::Usage,
            "this command runs in a process of its own",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_definitions_are_valid() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_examples() {
        fn check(command: &clap::Command) {
            let has_own = command.get_subcommands().next().is_none();
            let help = command.clone().render_long_help().to_string();
            assert!(
                !has_own || help.contains("EXAMPLES\n"),
                "{} has no examples",
                command.get_name()
            );
            command
                .get_subcommands()
                .filter(|sub| sub.get_name() != "help")
                .for_each(check);
        }
        check(&command());
    }
}
