//! System information about the machine, processes and folders; `None` where it is unavailable.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) use cairn_store::files::disk_reserve::bytes_free;
use serde::Serialize;

/// The machine of a run.
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
            cpu: line("/proc/cpuinfo", "model name"),
            kernel: kernel.map(|release| release.trim().to_owned()),
        }
    }
}

/// Ticks of processor time per second, which is 100 in `/proc` on every Linux.
const TICKS_PER_S: f64 = 100.0;

/// Processor time of this process so far, in seconds; elsewhere than on Unix, the time that passed.
pub(crate) fn processor_s() -> f64 {
    #[cfg(unix)]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    }
    #[cfg(not(unix))]
    since_1970().as_secs_f64()
}

/// Processor time of this thread so far, in seconds; elsewhere than on Unix, 0.
pub(crate) fn thread_s() -> f64 {
    #[cfg(unix)]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    }
    #[cfg(not(unix))]
    0.0
}

/// User and system time.
pub(crate) fn cpu_seconds(process: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The program's name is in parentheses and may contain any character.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: Result<f64, _> = ticks.map(str::parse::<f64>).sum();
    Some(ticks.ok()? / TICKS_PER_S)
}

/// Bytes that a process wrote to files so far, including those not yet on the disk. Sockets are not
/// included.
pub(crate) fn written_bytes(process: u32) -> Option<u64> {
    line(&format!("/proc/{process}/io"), "wchar")?.parse().ok()
}

pub(crate) fn resident_mib(process: u32) -> Option<f64> {
    mib(process, "VmRSS")
}

pub(crate) fn resident_mib_max(process: u32) -> Option<f64> {
    mib(process, "VmHWM")
}

fn mib(process: u32, name: &str) -> Option<f64> {
    let size = line(&format!("/proc/{process}/status"), name)?;
    let kib: f64 = size.strip_suffix(" kB")?.parse().ok()?;
    Some(kib / 1_024.0)
}

/// The rest of the line that begins with this name.
fn line(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(value.trim_matches([' ', '\t', ':']).to_owned())
}

/// Wall-clock time; it may step back.
pub(crate) fn since_1970() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default()
}

/// Disk usage of all files below a folder. Files that are removed meanwhile are skipped.
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

/// Returns whether a folder is in memory, where a sync has no effect.
pub(crate) fn is_in_memory(folder: &Path) -> bool {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let mount = |line: &str| {
        let mut fields = line.split(' ').skip(1);
        let (place, kind) = (fields.next()?, fields.next()?);
        let is_above = folder.starts_with(place);
        is_above.then(|| (place.len(), ["tmpfs", "ramfs"].contains(&kind)))
    };
    // Of several mounts at one path, the last one is visible.
    let nearest = mounts.lines().filter_map(mount).max_by_key(|mount| mount.0);
    nearest.is_some_and(|(_, is_in_memory)| is_in_memory)
}
