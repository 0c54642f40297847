//! The process around a command: the one place that knows standard streams, exit codes, signals and
//! runtimes.

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::account::profile::Profile;
use crate::cli::account::{join, login};
use crate::cli::command_line::{Cli, Command, Global};
use crate::cli::context::{Context, Local};
use crate::cli::failure::{Exit, Failure};
use crate::cli::input::Input;
use crate::cli::output::{Format, Output};
use crate::cli::server::{compact, selftest, serve};
use crate::cli::{command_line, completions, signals, visitor};
#[cfg(feature = "tui")]
use crate::tui;
#[cfg(feature = "bench")]
use {crate::cli::bench, cairn_bench::Contender};

/// External engines for `cairn bench engine`.
#[derive(Default)]
struct Others {
    #[cfg(feature = "bench")]
    contenders: Vec<Contender>,
}

/// Runs the command of the process, and returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    start(env::args_os(), Others::default())
}

/// Runs `cairn bench engine` with the options of the process and the engines in `contenders`.
#[cfg(feature = "bench")]
#[must_use]
pub fn race(contenders: Vec<Contender>) -> ExitCode {
    let command = ["cairn", "bench", "engine"].map(OsString::from);
    start(
        command.into_iter().chain(env::args_os().skip(1)),
        Others { contenders },
    )
}

fn start(args: impl IntoIterator<Item = OsString>, others: Others) -> ExitCode {
    let cli = match Cli::parse_words(or_chat(args)) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to standard output; a reader may close it early.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage.into()
            } else {
                Exit::Done.into()
            };
        }
    };
    let Cli { global, command } = cli;
    let mut output = Output::process(match global.json {
        true => Format::Json,
        false => Format::People,
    });
    let result = run(command, &global, others, &mut output);
    // Results from before a failure are written as well.
    let flushed = output.flush();
    match result.and(flushed) {
        Ok(()) => Exit::Done.into(),
        Err(failure) => {
            output.report(&failure);
            failure.exit().into()
        }
    }
}

/// `cairn` alone is `cairn chat`, for users with a profile at a terminal.
fn or_chat(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    let has_profile = || {
        let named = env::var_os("CAIRN_PROFILE").map(PathBuf::from);
        let profile = Profile::locate(named.as_deref());
        profile.is_ok_and(|profile| profile.load().is_ok_and(|account| account.is_some()))
    };
    let is_terminal = || io::stdin().is_terminal() && io::stdout().is_terminal();
    if cfg!(feature = "tui") && args.len() == 1 && is_terminal() && has_profile() {
        args.push("chat".into());
    }
    args
}

fn run(
    command: Command,
    global: &Global,
    #[cfg_attr(not(feature = "bench"), allow(unused, reason = "for bench"))] others: Others,
    output: &mut Output,
) -> Result<(), Failure> {
    let local = || {
        Ok::<_, Failure>(Local {
            profile: Profile::locate(global.profile.as_deref())?,
            input: Input::Process,
        })
    };
    match command {
        #[cfg(feature = "tui")]
        Command::Chat(args) => block_on(tui::chat(args, &local()?.profile)),
        Command::Serve(args) => {
            log_to_stderr(&args);
            serve::run(*args, output, signals::stop_requested())
        }
        Command::Join(args) => block_on(join::run(&args, &local()?, output)),
        Command::Login(args) => block_on(login::run(&args, &local()?, output)),
        Command::Visitor(args) => block_on(visitor::run(*args, &local()?, output)),
        Command::Compact(args) => compact::run(&args, output),
        Command::Selftest(args) => block_on(selftest::run(&args, output)),
        Command::Completions(args) => completions::run(&args, command_line::command(), output),
        #[cfg(feature = "bench")]
        Command::Bench(args) => block_on(bench::run(*args, others.contenders, output)),
        Command::Client(command) => {
            let local = local()?;
            block_on(async {
                let context = Context::on_demand(&local);
                let result = tokio::select! {
                    result = command.run(&context, output) => result,
                    () = interrupted(&context) => Err(Failure::Interrupted),
                };
                context.close().await;
                result
            })
        }
    }
}

/// Waits for Ctrl-C, once there is a session to close. Before, Ctrl-C ends the process by
/// default.
async fn interrupted(context: &Context<'_>) {
    context.opened().await;
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::caused(Exit::Failed, "cannot start", &error))?;
    runtime.block_on(work)
}

fn log_to_stderr(args: &serve::ServeArgs) {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_env_filter(args.log.clone())
        .init();
}
