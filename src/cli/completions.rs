//! `cairn completions`

use std::io::{self, Write as _};

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::cli::failure::Failure;

/// Print the completion script of a shell
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn completions bash >~/.local/share/bash-completion/completions/cairn
  cairn completions zsh >\"${fpath[1]}/_cairn\"
  cairn completions fish >~/.config/fish/completions/cairn.fish")]
pub(crate) struct CompletionsArgs {
    /// Which shell
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs) -> Result<(), Failure> {
    // The generator panics when its writer fails, as a pipe does whose reader is gone.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cairn", &mut script);
    Ok(io::stdout().lock().write_all(&script)?)
}
