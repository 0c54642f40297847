//! The command line: one file for each subcommand, and what they share.
//!
//! # What they share
//!
//! * `exit`, `failure`: how a command ends, and what people are told about it
//! * `output`, `clean`, `clock`, `progress`: results on standard output, everything else on standard error
//! * `profile`, `session`, `credentials`: who this device is
//! * `target`, `span`: what people type
//! * `lines`, `line`, `names`: messages in and out
//! * `file`, `source`, `picture`, `bar`, `size`: files in and out
//! * `page`, `again`: the report of a run as a page, and the command that repeats it
//! * `stop`: how a server is asked to end
//! * `limits`: every bound of the commands

mod account;
mod args;
mod bench;
mod chat;
mod completions;
mod context;
mod conversations;
mod failure;
mod files;
mod group;
mod import;
mod limits;
mod output;
mod page;
mod people;
mod repro_command;
mod server;
mod signals;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use self::account::{devices, invite, join, login, me, whoami};
use self::chat::{edit, forward, pin, react, recall, send, tail, typing};
use self::context::Context;
use self::conversations::{list, read, receipts, retention, set, unread};
use self::failure::{Exit, Failure};
use self::files::get;
use self::output::Format;
use self::people::{contacts, users, watch};
use self::server::{compact, config, doctor, serve, stats};
use cairn_bench::Contender;

/// Team chat in one binary: every message stored once, every reader a cursor
///
/// One machine runs `cairn serve`. Everybody else joins with an invite link and chats.
#[derive(Debug, Parser)]
#[command(name = "cairn", version, arg_required_else_help = true, after_long_help = after_help())]
struct Cli {
    #[command(flatten)]
    global: Global,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
struct Global {
    /// Print results as JSON, one object a line, with texts as they are
    #[arg(long, global = true)]
    json: bool,

    /// The folder of the profile, which says who this device is [default: cairn in your configuration folder]
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
    Compact(compact::CompactArgs),
    Stats(stats::StatsArgs),
    Bench(Box<bench::BenchArgs>),
    Completions(completions::CompletionsArgs),
}

fn after_help() -> String {
    format!(
        "EXAMPLES
  cairn serve --data ./cairn-data                on the server; prints an invite link
  cairn join 'cairn://…' --name ada              on your machine
  cairn invite                                   a link for the next one
  cairn group create team bob
  cairn send '#team' 'lunch?'
  cairn tail '#team' --follow

{}",
        failure::HELP
    )
}

/// The whole command line, for those who describe it: subcommands, options, help.
#[must_use]
pub fn command() -> clap::Command {
    let mut command = Cli::command();
    command.build();
    command
}

/// Runs the command that the process was started with, and gives what it ends with.
#[must_use]
pub fn main() -> ExitCode {
    start(env::args_os(), Vec::new())
}

/// Runs `cairn bench engine` with the options that the process was started with, and with `others` in the race.
#[must_use]
pub fn race(others: Vec<Contender>) -> ExitCode {
    let command = ["cairn", "bench", "engine"].map(OsString::from);
    start(command.into_iter().chain(env::args_os().skip(1)), others)
}

fn start(args: impl IntoIterator<Item = OsString>, others: Vec<Contender>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to standard output, and who does not read them to the end is no failure.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage.into()
            } else {
                Exit::Done.into()
            };
        }
    };
    match run(cli, others) {
        Ok(()) => Exit::Done.into(),
        Err(failure) => {
            failure.report();
            failure.exit().into()
        }
    }
}

fn run(cli: Cli, others: Vec<Contender>) -> Result<(), Failure> {
    let format = if cli.global.json {
        Format::Json
    } else {
        Format::People
    };
    let context = || Context::new(cli.global.profile.as_deref(), format);
    match cli.command {
        Command::Serve(args) => serve::run(*args, format),
        Command::Join(args) => join::run(&args, &context()?),
        Command::Login(args) => login::run(&args, &context()?),
        Command::WhoAmI(args) => whoami::run(&args, &context()?),
        Command::Me(args) => me::run(&args, &context()?),
        Command::Users(args) => users::run(&args, &context()?),
        Command::Devices(args) => devices::run(&args, &context()?),
        Command::Invite(args) => invite::run(&args, &context()?),
        Command::Group(args) => group::run(&args, &context()?),
        Command::Contacts(args) => contacts::contacts(&args, &context()?),
        Command::Friend(args) => contacts::friend(&args, &context()?),
        Command::Follow(args) => contacts::follow(&args, &context()?),
        Command::Unfollow(args) => contacts::unfollow(&args, &context()?),
        Command::Block(args) => contacts::block(&args, &context()?),
        Command::Unblock(args) => contacts::unblock(&args, &context()?),
        Command::Watch(args) => watch::run(&args, &context()?),
        Command::Send(args) => send::run(args, &context()?),
        Command::Forward(args) => forward::run(&args, &context()?),
        Command::Edit(args) => edit::run(args, &context()?),
        Command::Recall(args) => recall::run(&args, &context()?),
        Command::React(args) => react::run(&args, &context()?),
        Command::Get(args) => get::run(&args, &context()?),
        Command::Type(args) => typing::run(&args, &context()?),
        Command::Pin(args) => pin::run(&args, &context()?),
        Command::Tail(args) => tail::run(&args, &context()?),
        Command::List(args) => list::run(&args, &context()?),
        Command::Read(args) => read::run(&args, &context()?),
        Command::Unread(args) => unread::run(&args, &context()?),
        Command::Receipts(args) => receipts::run(&args, &context()?),
        Command::Set(args) => set::run(&args, &context()?),
        Command::Retention(args) => retention::run(&args, &context()?),
        Command::Import(args) => import::run(&args, &context()?),
        Command::Config(args) => config::run(&args, &context()?),
        Command::Doctor(args) => doctor::run(&args, &context()?),
        Command::Compact(args) => compact::run(&args, &context()?),
        Command::Stats(args) => stats::run(&args, &context()?),
        Command::Bench(args) => bench::run(*args, others, format),
        Command::Completions(args) => completions::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_teaches_by_example() {
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
