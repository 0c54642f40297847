//! The command line of `cairn chat`.

use clap::Args;

use crate::cli::Target;

/// Chat in the terminal
///
/// Shows your conversations, and messages as they come. Starts without a connection: what is stored
/// is shown, and what you send is queued. F1 lists the keys; Ctrl+Q quits. `cairn` alone does the
/// same.
#[derive(Debug, Default, Args)]
#[command(after_help = "EXAMPLES
  cairn chat
  cairn chat '#team'
  cairn chat @bob --plain")]
pub(crate) struct ChatArgs {
    /// '#group', '@user' or '#id:NUMBER' to open [default: the first of the list]
    pub(crate) target: Option<Target>,

    /// Lines instead of a full screen, for screen readers and braille displays
    #[arg(long)]
    pub(crate) plain: bool,

    /// Keep no messages, drafts and queued messages on this machine
    #[arg(long)]
    pub(crate) no_cache: bool,
}
