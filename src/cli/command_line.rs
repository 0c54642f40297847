//! The command line as clap parses it: options of every command, and all commands.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::cli::account::{devices, invite, join, login, me, whoami};
#[cfg(feature = "bench")]
use crate::cli::bench;
use crate::cli::chat::{edit, forward, pin, react, recall, send, tail, typing};
use crate::cli::context::Context;
use crate::cli::conversations::{list, read, receipts, retention, set, unread};
use crate::cli::failure::Failure;
use crate::cli::files::get;
use crate::cli::output::Output;
use crate::cli::people::{contacts, users, watch};
use crate::cli::server::{audit, compact, config, doctor, selftest, serve, stats};
use crate::cli::{completions, desk, group, help, import, search, visitor};
#[cfg(feature = "tui")]
use crate::tui;

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
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Print results as JSON, one object per line
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// The folder of the profile of this device [default: cairn in your configuration folder]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "CAIRN_PROFILE",
        hide_env_values = true
    )]
    pub(crate) profile: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[cfg(feature = "tui")]
    Chat(tui::ChatArgs),
    Serve(Box<serve::ServeArgs>),
    Join(join::JoinArgs),
    Login(login::LoginArgs),
    Visitor(Box<visitor::VisitorArgs>),
    #[command(flatten)]
    Client(ClientCommand),
    Compact(compact::CompactArgs),
    Selftest(selftest::SelftestArgs),
    #[cfg(feature = "bench")]
    Bench(Box<bench::BenchArgs>),
    Completions(completions::CompletionsArgs),
}

/// Commands that use a client, which may be that of an interactive one.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
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
    Search(search::SearchArgs),
    List(list::ListArgs),
    Read(read::ReadArgs),
    Unread(unread::UnreadArgs),
    Receipts(receipts::ReceiptsArgs),
    Set(set::SetArgs),
    Desk(Box<desk::DeskArgs>),
    Retention(retention::RetentionArgs),
    Import(import::ImportArgs),
    Config(config::ConfigArgs),
    Audit(audit::AuditArgs),
    Doctor(doctor::DoctorArgs),
    Stats(stats::StatsArgs),
}

impl ClientCommand {
    pub(crate) async fn run(
        self,
        context: &Context<'_>,
        output: &mut Output,
    ) -> Result<(), Failure> {
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
            Self::Search(args) => search::run(&args, context, output).await,
            Self::List(args) => list::run(&args, context, output).await,
            Self::Read(args) => read::run(&args, context, output).await,
            Self::Unread(args) => unread::run(&args, context, output).await,
            Self::Receipts(args) => receipts::run(&args, context, output).await,
            Self::Set(args) => set::run(&args, context, output).await,
            Self::Desk(args) => desk::run(&args, context, output).await,
            Self::Retention(args) => retention::run(&args, context, output).await,
            Self::Import(args) => import::run(&args, context, output).await,
            Self::Config(args) => config::run(&args, context, output).await,
            Self::Audit(args) => audit::run(&args, context, output).await,
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
    pub(crate) fn parse_words(
        words: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, clap::Error> {
        let matches = help::grouped(Self::command()).try_get_matches_from(words)?;
        Self::from_arg_matches(&matches)
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
