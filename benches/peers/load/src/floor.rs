//! The latency floor of a disk: small durable writes in a preallocated file, one at a time.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;

use crate::error::LoadError;
use crate::latency::{Latencies, Percentiles};

/// The size of one write.
const BLOCK_BYTES: usize = 4_096;

/// The file size; writes proceed through the file and wrap around.
const FILE_BYTES: u64 = 64 * 1024 * 1024;

/// What to measure.
#[derive(Clone, Debug, Args)]
pub(crate) struct Settings {
    /// The file to write to; created, and removed afterwards
    #[arg(long, value_name = "FILE")]
    file: PathBuf,

    /// Measure for this long
    #[arg(
        long, value_name = "S",
        default_value_t = 2,
        value_parser = clap::value_parser!(u64).range(1..=3_600)
    )]
    seconds: u64,
}

/// The measured latencies.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    fdatasyncs_per_s: f64,
    /// One write and its fdatasync.
    latency_ms: Percentiles,
}

/// Measures the latency of durable writes.
///
/// # Errors
/// The file cannot be created or written.
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
    // An error of the measurement says more than a failed removal.
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
    // Overwriting allocated blocks changes no file system metadata, which fdatasync would have to
    // sync too.
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
    fn file_is_removed_afterwards() {
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
    fn existing_file_is_refused_untouched() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let found = run(&Settings {
            file: file.path().to_owned(),
            seconds: 1,
        });
        assert!(matches!(found, Err(LoadError::File { source, .. })
                if source.kind() == io::ErrorKind::AlreadyExists));
        assert!(file.path().exists());
    }
}
