//! `cairn compact`

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::cli::failure::{Exit, Failure};
use crate::cli::limits;
use crate::cli::output::Output;
use crate::cli::server::open_files;
use cairn_store::checkpoint::compact::{self, CompactError, Compacted};

/// Reclaim the disk space of deleted messages
///
/// The server must be stopped. Live data is copied into new files, which then replace the old ones,
/// so it needs disk space for a second copy. It can be interrupted at any time. A running server
/// reuses the space of deleted messages, so this is worthwhile only after many were deleted.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn compact --data /srv/cairn
  cairn compact --data /srv/cairn --json

JSON
  {\"rows\":9600,\"before_bytes\":306184192,\"after_bytes\":67108864}")]
pub(crate) struct CompactArgs {
    /// The data directory; its server must be stopped
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Done(Compacted);

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Compacted {
            rows,
            before_bytes,
            after_bytes,
        } = self.0;
        write!(
            f,
            "{rows} rows in {after_bytes} bytes, {before_bytes} bytes before"
        )
    }
}

fn failure(error: &CompactError) -> Failure {
    let failure = Failure::caused(Exit::DataUnusable, error, error);
    match error {
        CompactError::NoDirectory(_) => failure.hint("use the directory of `cairn serve --data`"),
        CompactError::Lock(_) => failure.hint(
            "stop the server first: it must not write during \
            the copy",
        ),
        CompactError::Format(_) => failure,
        CompactError::Trees(_) | CompactError::Io { .. } => failure.hint(
            "nothing was changed; free disk space for a second copy, and check the \
                directory with `cairn doctor`",
        ),
    }
}

pub(crate) fn run(args: &CompactArgs, output: &mut Output) -> Result<(), Failure> {
    open_files::check(limits::OFFLINE_FILES_MIN)?;
    let mut progress = output.progress();
    let done = compact::compact(&args.data, &mut |rows| {
        progress.update(|| format!("{rows} rows copied"))
    });
    drop(progress);
    let done = done.map_err(|error| failure(&error))?;
    output.print(&Done(done))
}
