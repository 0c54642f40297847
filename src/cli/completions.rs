//! `cairn completions`

use clap::Args;
use clap_complete::Shell;

use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// Print the completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn completions bash >~/.local/share/bash-completion/completions/cairn
  cairn completions zsh >\"${fpath[1]}/_cairn\"
  cairn completions fish >~/.config/fish/completions/cairn.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(
    args: &CompletionsArgs,
    mut command: clap::Command,
    output: &mut Output,
) -> Result<(), Failure> {
    // The generator panics when its writer fails, as on a closed pipe.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "cairn", &mut script);
    output.text(&String::from_utf8_lossy(&script))
}
