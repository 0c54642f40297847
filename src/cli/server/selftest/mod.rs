//! `cairn selftest`

mod crowd;
mod disk;
mod drill;
mod ledger;
mod limits;
mod process;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use cairn_store::files::disk_reserve::bytes_free;
use clap::Args;
use indicatif::HumanCount;
use serde::Serialize;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::Instant;

use self::disk::Syncs;
use self::drill::{Counts, Drill, Until};
use self::ledger::Problems;
use crate::cli::failure::{Exit, Failure};
use crate::cli::limits::SERVER_FILES_MIN;
use crate::cli::output::Output;
use crate::cli::server::open_files;
use crate::cli::signals;

/// Check by crashes that a disk keeps what was accepted
///
/// Starts a server in a new folder inside DIR, sends messages to it as fast as it takes them, and
/// kills it (kill -9) at random moments: under load, while it starts, and while it stops. After
/// each restart, everything that was accepted is compared with what is stored: each message once,
/// in its order, byte for byte. It also measures what fdatasync costs on this disk, and says when
/// it is faster than can be true.
///
/// A kill is not a power cut: the operating system lives on, and writes what a server wrote before
/// the kill. So the drill finds faults of cairn, of its files and of their permissions, but not a
/// disk that acknowledges a flush without performing it. Only the time of fdatasync hints at that.
///
/// It uses at most 1 GiB inside DIR, needs 3 GiB of free space, and removes its folder at the end,
/// unless something was lost. Ctrl-C ends it early, after a last check.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn selftest /srv
  cairn selftest /srv --minutes 60
  cairn selftest /srv --minutes 0.5 --json

JSON
  {\"sound\":true,\"seconds\":60.2,\"accepted\":412345,\"directories\":0,
   \"kills\":{\"under_load\":24,\"while_starting\":8,\"while_stopping\":4},
   \"restart_ms\":{\"count\":28,\"mean\":61.0,\"max\":180.2},
   \"problems\":{\"lost\":0,\"doubled\":0,\"out_of_order\":0,\"changed\":0,\"gaps\":0,\"others\":0,\
     \"listed\":[]},
   \"syncs\":{\"verdict\":\"plausible\",\"file_system\":null,\"samples\":500,
     \"fdatasync_us\":{\"p50\":912.0,\"p90\":1100.4,\"p99\":2040.0,\"max\":5000.1},\
     \"write_us\":{…}},
   \"kept\":null}
  verdict: in_memory, too_fast, very_fast, plausible or slow

EXIT CODES
  0 sound; 1 something accepted is lost, doubled or changed, or the drill failed;
  4 DIR cannot be used; 5 the storage failed; 130 interrupted, and sound until then")]
pub(crate) struct SelftestArgs {
    /// A folder on the disk to be tested
    #[arg(value_name = "DIR")]
    dir: PathBuf,

    /// How long to go on, in minutes
    #[arg(long, value_name = "N", default_value = "1")]
    minutes: Minutes,

    /// Keep the folder of the drill: data, and the log of the servers
    #[arg(long)]
    keep: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Minutes(Duration);

/// Why a string is no number of minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("minutes are a number from 0.05 to 10080, such as 1, 0.5 or 60")]
struct MinutesError;

impl FromStr for Minutes {
    type Err = MinutesError;

    fn from_str(raw: &str) -> Result<Self, MinutesError> {
        let minutes: f64 = raw.parse().map_err(|_| MinutesError)?;
        match (0.05..=10_080.0).contains(&minutes) {
            true => Ok(Self(Duration::from_secs_f64(minutes * 60.0))),
            false => Err(MinutesError),
        }
    }
}

#[derive(Debug, Serialize)]
struct Report {
    sound: bool,
    seconds: f64,
    #[serde(flatten)]
    counts: Counts,
    problems: Problems,
    syncs: Syncs,
    /// The folder, if it is still there.
    kept: Option<PathBuf>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts {
            kills,
            accepted,
            directories,
            restart_ms,
        } = &self.counts;
        let headline = match self.sound {
            true => "sound: nothing accepted was lost, doubled or changed",
            false => "NOT SOUND: what is stored is not what was accepted",
        };
        writeln!(f, "{headline}")?;
        writeln!(
            f,
            "  {} messages accepted and compared in {:.0} s, in {} data directories",
            HumanCount(*accepted),
            self.seconds,
            directories + 1
        )?;
        writeln!(
            f,
            "  {} kills: {} under load, {} while it started, {} while it stopped",
            kills.all(),
            kills.under_load,
            kills.while_starting,
            kills.while_stopping
        )?;
        writeln!(
            f,
            "  ready again after {:.0} ms on average, {:.0} ms at most",
            restart_ms.mean, restart_ms.max
        )?;
        let Problems {
            lost,
            doubled,
            out_of_order,
            changed,
            gaps,
            others,
            listed,
        } = &self.problems;
        if !self.sound {
            writeln!(
                f,
                "  {lost} lost, {doubled} doubled, {out_of_order} out of order, {changed} changed, \
                 {gaps} gaps, {others} others"
            )?;
        }
        for problem in listed {
            writeln!(f, "  problem: {problem}")?;
        }
        writeln!(f, "{}", self.syncs)?;
        write!(
            f,
            "A kill is not a power cut: whether the disk keeps what it acknowledged when the power \
             fails, only its\nfdatasync and its data sheet can tell."
        )?;
        match &self.kept {
            None => Ok(()),
            Some(kept) => write!(f, "\nkept: {}", kept.display()),
        }
    }
}

/// Creates the folder of a drill, where there is space for it.
fn open(dir: &Path) -> Result<TempDir, Failure> {
    let shown = dir.display();
    let created = TempDir::with_prefix_in("cairn-selftest-", dir);
    let created = created.map_err(|error| {
        let headline = format!("cannot create a folder in {shown}");
        Failure::caused(Exit::DataUnusable, headline, &error)
            .hint("name a folder on the disk to be tested that you may write to")
    })?;
    match bytes_free(dir) {
        Some(free) if free < limits::SPACE_NEEDED_BYTES => {
            let [free, needed] = [free, limits::SPACE_NEEDED_BYTES].map(ByteSize);
            let headline = format!("{shown} has {free} of free space, and {needed} are needed");
            Err(Failure::new(Exit::DataUnusable, headline))
        }
        _ => Ok(created),
    }
}

pub(crate) async fn run(args: &SelftestArgs, output: &mut Output) -> Result<(), Failure> {
    open_files::check(SERVER_FILES_MIN)?;
    let (interrupt, interrupted) = watch::channel(false);
    let stop = signals::interrupt_or_terminate();
    tokio::spawn(async move {
        if stop.await.is_ok() {
            // The drill may be over already.
            let _ = interrupt.send(true);
        } else {
            std::future::pending().await
        }
    });
    // The task must listen before there is anything to clean up.
    tokio::task::yield_now().await;
    let began = Instant::now();
    let folder = open(&args.dir)?;
    let syncs = disk::measure(folder.path()).map_err(|error| {
        let headline = format!("cannot write to {}", folder.path().display());
        Failure::caused(Exit::DataUnusable, headline, &error)
    })?;
    let until = Until {
        end: began + args.minutes.0,
        interrupted: interrupted.clone(),
    };
    let mut drill = Drill::new(folder.path(), until, output.progress());
    let ran = drill.run().await;
    let Drill {
        counts, problems, ..
    } = drill;
    let sound = problems.are_none();
    let kept = (args.keep || !sound).then(|| folder.keep());
    ran?;
    output.print(&Report {
        sound,
        seconds: began.elapsed().as_secs_f64(),
        counts,
        problems,
        syncs,
        kept,
    })?;
    match (sound, *interrupted.borrow()) {
        (true, false) => Ok(()),
        (true, true) => Err(Failure::Interrupted),
        (false, _) => Err(
            Failure::new(Exit::Failed, "what is stored is not what was accepted").hint(
                "the folder was kept; check the disk, and report it with the log of the servers \
                 in it",
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_may_be_fractions() {
        let seconds = |raw: &str| raw.parse().map(|Minutes(minutes)| minutes.as_secs());
        assert_eq!(seconds("1"), Ok(60));
        assert_eq!(seconds("0.5"), Ok(30));
        assert_eq!(seconds("10080"), Ok(604_800));
        for bad in ["0", "0.01", "-1", "10081", "NaN", "inf", "1m", ""] {
            assert_eq!(bad.parse::<Minutes>(), Err(MinutesError), "{bad}");
        }
    }

    #[test]
    fn missing_folder_cannot_be_used() {
        let dir = tempfile::tempdir().unwrap();
        let failure = open(&dir.path().join("missing")).unwrap_err();
        assert_eq!(failure.exit(), Exit::DataUnusable);
    }
}
