//! `cairn compact`

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;
use cairn_store::checkpoint::compact::{self, CompactError, Compacted};

/// Give back the disk space of messages that are gone
///
/// The server must be stopped. What lives is copied into new files, which then take the place of the old ones; so there must be room for
/// it a second time. It can be killed at any moment: the next start goes on with one or the other, whole. A server that runs uses the space
/// of what is gone for what is new, so this pays after much was let go at once.
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
            "{rows} rows live in {after_bytes} bytes; it was {before_bytes} bytes"
        )
    }
}

fn failure(error: &CompactError) -> Failure {
    let failure = Failure::caused(Exit::DataUnusable, error, error);
    match error {
        CompactError::NoDirectory(_) => failure.hint("name the directory that `cairn serve --data` was given"),
        CompactError::Lock(_) => failure.hint("stop the server first: it must not write while everything is copied"),
        CompactError::Format(_) => failure,
        CompactError::Trees(_) | CompactError::Io { .. } => {
            failure.hint("everything is as it was; make room for a copy of what lives, and look at it with `cairn doctor`")
        }
    }
}

pub(crate) fn run(args: &CompactArgs, output: &mut Output) -> Result<(), Failure> {
    let mut progress = output.progress();
    let done = compact::compact(&args.data, &mut |rows| {
        progress.update(|| format!("{rows} rows copied"))
    });
    drop(progress);
    let done = done.map_err(|error| failure(&error))?;
    output.print(&Done(done))
}
