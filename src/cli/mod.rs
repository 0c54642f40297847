//! The command line: commands by domain, and shared modules.
//!
//! A command is a function of its arguments, a [`Context`] with a client, and an [`Output`]. It
//! runs in a separate process (`process`) or inside an interactive client ([`run`]).
//!
//! * `process`, `signals`: standard streams, exit codes, signals, runtimes
//! * `command_line`, `help`: what clap parses
//! * `context`, `input`, `output`, `failure`: the context and the outcome of a command
//! * `account`, `people`, `chat`, `conversations`, `desk`, `files`, `group`, `import`, `server`,
//!   `visitor`: commands
//! * `args`: argument types
//! * `limits`: every bound of the commands

mod account;
mod args;
#[cfg(feature = "bench")]
mod bench;
mod chat;
mod command_line;
mod completions;
mod context;
mod conversations;
mod desk;
mod failure;
mod files;
mod group;
mod help;
mod import;
mod input;
mod limits;
mod output;
mod people;
mod process;
mod search;
mod server;
pub(crate) mod signals;
mod visitor;

use std::ffi::OsString;

use clap::error::{ContextKind, ErrorKind};

use self::command_line::{Cli, Command};

#[cfg(feature = "tui")]
pub(crate) use self::account::profile::Profile;
#[cfg(feature = "tui")]
pub(crate) use self::args::target::Target;
#[cfg(feature = "tui")]
pub(crate) use self::chat::text::content::of_inquiry;
pub use self::command_line::command;
pub use self::context::Context;
pub(crate) use self::failure::Exit;
pub use self::failure::Failure;
pub use self::input::Input;
pub use self::output::{Format, Output};
pub use self::process::main;
#[cfg(feature = "bench")]
pub use self::process::race;

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
        Err(error) if error.kind() == ErrorKind::InvalidSubcommand => {
            let named = error.get(ContextKind::InvalidSubcommand);
            let named = named.map(ToString::to_string).unwrap_or_default();
            let headline = format!("there is no command {named}");
            return Err(Failure::new(Exit::Usage, headline)
                .hint("Tab completes commands; // sends a text that begins with /"));
        }
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
