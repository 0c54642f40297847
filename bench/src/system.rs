//! What the system says of itself, of processes and of folders; `None` where it does not.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) use cairn_store::files::disk_reserve::bytes_free;
use serde::Serialize;
use tempfile::TempDir;

pub(crate) use self::proc::{cpu_seconds, resident_mib, resident_mib_max, written_bytes};
use crate::error::BenchError;

/// What a run was made on.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    pub cores: usize,
    pub cpu: Option<String>,
    pub kernel: Option<String>,
}

impl Machine {
    pub(crate) fn this() -> Self {
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").ok();
        Self {
            cores: thread::available_parallelism().map_or(1, usize::from),
            cpu: proc::cpu(),
            kernel: kernel.map(|release| release.trim().to_owned()),
        }
    }
}

#[cfg(target_os = "linux")]
mod proc {
    use std::path::Path;

    use procfs::process::{MountInfo, Process};
    use procfs::{CpuInfo, Current as _};

    pub(super) fn cpu() -> Option<String> {
        CpuInfo::current().ok()?.model_name(0).map(str::to_owned)
    }

    pub(crate) fn resident_mib(process: u32) -> Option<f64> {
        Some(mib(self::process(process)?.status().ok()?.vmrss?))
    }

    /// The most memory that a process has had in use.
    pub(crate) fn resident_mib_max(process: u32) -> Option<f64> {
        Some(mib(self::process(process)?.status().ok()?.vmhwm?))
    }

    fn mib(kib: u64) -> f64 {
        kib as f64 / 1_024.0
    }

    /// What a process has written to files so far, whether or not the disk has it yet. Sockets do
    /// not count.
    pub(crate) fn written_bytes(process: u32) -> Option<u64> {
        Some(self::process(process)?.io().ok()?.wchar)
    }

    /// Of user and system.
    pub(crate) fn cpu_seconds(process: u32) -> Option<f64> {
        let stat = self::process(process)?.stat().ok()?;
        Some((stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64)
    }

    /// The kind of file system of a folder. Of several mounts at one place, the last is seen.
    pub(super) fn file_system(folder: &Path) -> Option<String> {
        let mut mounts = Process::myself().ok()?.mountinfo().ok()?.0;
        mounts.retain(|mount| folder.starts_with(&mount.mount_point));
        let depth = |mount: &MountInfo| mount.mount_point.components().count();
        let nearest = mounts.into_iter().max_by_key(depth)?;
        Some(nearest.fs_type)
    }

    fn process(process: u32) -> Option<Process> {
        Process::new(i32::try_from(process).ok()?).ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod proc {
    use std::path::Path;

    pub(super) fn cpu() -> Option<String> {
        None
    }

    pub(crate) fn written_bytes(_process: u32) -> Option<u64> {
        None
    }

    pub(crate) fn cpu_seconds(_process: u32) -> Option<f64> {
        None
    }

    pub(crate) use self::cpu_seconds as resident_mib;
    pub(crate) use self::cpu_seconds as resident_mib_max;

    pub(super) fn file_system(_folder: &Path) -> Option<String> {
        None
    }
}

/// Wall-clock time; it may step back.
pub(crate) fn since_1970() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// The bytes that all files below a folder take on the disk. Files that are removed meanwhile do
/// not count.
pub(crate) fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
        Ok(metadata) => bytes_on_disk(&metadata),
        Err(_) => 0,
    };
    entries.map(bytes).sum()
}

/// Holes in a file take no space.
#[cfg(unix)]
fn bytes_on_disk(metadata: &fs::Metadata) -> u64 {
    const BLOCK_BYTES: u64 = 512;
    std::os::unix::fs::MetadataExt::blocks(metadata) * BLOCK_BYTES
}

#[cfg(not(unix))]
fn bytes_on_disk(metadata: &fs::Metadata) -> u64 {
    metadata.len()
}

/// Whether a folder lies in memory, so that a sync has no effect.
pub(crate) fn is_in_memory(folder: &Path) -> bool {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    proc::file_system(&folder).is_some_and(|kind| ["tmpfs", "ramfs"].contains(&&*kind))
}

pub(crate) fn temporary_dir(parent: &Path) -> Result<TempDir, BenchError> {
    let what = format!("cannot make a temporary directory in {}", parent.display());
    let dir = TempDir::with_prefix_in("cairn-bench-", parent);
    dir.map_err(BenchError::io(what))
}
