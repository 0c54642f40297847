//! The floor that a disk sets: one small write made durable, again and again, in a file whose room is there already.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;

use crate::error::LoadError;
use crate::latency::{Latencies, Percentiles};

/// One write.
const BLOCK_BYTES: usize = 4_096;

/// Writes go through the file from its beginning, and begin again at its end.
const FILE_BYTES: u64 = 64 * 1024 * 1024;

/// What is measured.
#[derive(Clone, Debug, Args)]
pub(crate) struct Settings {
    /// The file to write to, made new and removed afterwards
    #[arg(long, value_name = "FILE")]
    file: PathBuf,

    /// Measure for this long
    #[arg(long, value_name = "S", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
}

/// What was found.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    fdatasyncs_per_s: f64,
    /// A write and its fdatasync together.
    latency_ms: Percentiles,
}

/// Measures it.
///
/// # Errors
/// When the file cannot be made or written.
pub(crate) fn run(settings: &Settings) -> Result<Found, LoadError> {
    let failed = |source| LoadError::File {
        path: settings.file.clone(),
        source,
    };
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&settings.file)
        .map_err(failed)?;
    let measured = measure(&file, Duration::from_secs(settings.seconds));
    // What went wrong while measuring tells more than that the file is still there.
    let removed = fs::remove_file(&settings.file);
    let latencies = measured.map_err(failed)?;
    removed.map_err(failed)?;
    let latency_ms = latencies.percentiles().ok_or(LoadError::Nothing)?;
    Ok(Found {
        fdatasyncs_per_s: latencies.count() as f64 / settings.seconds as f64,
        latency_ms,
    })
}

fn measure(file: &File, time: Duration) -> io::Result<Latencies> {
    let block = [0x5a; BLOCK_BYTES];
    let places = FILE_BYTES / BLOCK_BYTES as u64;
    // Room that was written once needs no change of the file system's own records later, which fdatasync would wait for.
    (0..places).try_for_each(|place| file.write_all_at(&block, place * BLOCK_BYTES as u64))?;
    file.sync_all()?;
    let (mut latencies, end) = (Latencies::new(), Instant::now() + time);
    for place in (0..places).cycle() {
        let before = Instant::now();
        if before >= end {
            break;
        }
        file.write_all_at(&block, place * BLOCK_BYTES as u64)?;
        file.sync_data()?;
        latencies.record(before.elapsed());
    }
    Ok(latencies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_gone_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("floor");
        let found = run(&Settings {
            file: file.clone(),
            seconds: 1,
        })
        .unwrap();
        assert!(found.fdatasyncs_per_s > 0.0);
        assert!(!file.exists());
    }

    #[test]
    fn a_file_that_is_there_is_left_alone() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let found = run(&Settings {
            file: file.path().to_owned(),
            seconds: 1,
        });
        assert!(
            matches!(found, Err(LoadError::File { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists)
        );
        assert!(file.path().exists());
    }
}
