//! What the system tells of itself, of processes, of folders and of the time. Where it does not tell, nothing is made up.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// What a run was made on.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// How many threads can run at once.
    pub cores: usize,
    /// What the processor calls itself.
    pub cpu: Option<String>,
    /// The version of the kernel.
    pub kernel: Option<String>,
}

impl Machine {
    pub fn this() -> Self {
        Self {
            cores: thread::available_parallelism().map_or(1, usize::from),
            cpu: fs::read_to_string("/proc/cpuinfo")
                .ok()
                .and_then(|info| field(&info, "model name")),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
                .ok()
                .map(|release| release.trim().to_owned()),
        }
    }
}

/// The value behind `name:` in the first line that has it.
fn field(text: &str, name: &str) -> Option<String> {
    let value = |line: &str| {
        line.strip_prefix(name)?
            .trim_start()
            .strip_prefix(':')
            .map(|value| value.trim().to_owned())
    };
    text.lines().find_map(value)
}

/// The time on the clock, since 1970. It may step back.
pub fn since_1970() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// The memory of a process that is in use, in KiB.
pub fn resident_kib(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    field(&status, "VmRSS")?
        .strip_suffix("kB")?
        .trim()
        .parse()
        .ok()
}

/// What a process has written to files so far, in bytes, whether or not the disk has it yet. What it sends over sockets is not in it: those
/// system calls are counted as network traffic alone.
pub fn written_bytes(process: u32) -> Option<u64> {
    field(
        &fs::read_to_string(format!("/proc/{process}/io")).ok()?,
        "wchar",
    )?
    .parse()
    .ok()
}

/// The most memory that a process has had in use, in KiB.
pub fn resident_kib_max(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    field(&status, "VmHWM")?
        .strip_suffix("kB")?
        .trim()
        .parse()
        .ok()
}

/// What the kernel counts processor time in, a second: the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// The processor time that a process has used, in seconds.
pub fn cpu_seconds(process: u32) -> Option<f64> {
    cpu_ticks(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
        .map(|ticks| ticks as f64 / TICKS_PER_SECOND)
}

/// User and system time together. The name of the process, in brackets, may hold blanks and brackets.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

/// The bytes that all files in a folder and below it take on the disk. Files that are removed meanwhile do not count.
pub fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
        Ok(metadata) => bytes_on_disk(&metadata),
        Err(_) => 0,
    };
    entries.map(bytes).sum()
}

pub use cairn_store::files::disk_reserve::bytes_free;

/// What a file was made long for, and was not written to, takes nothing.
#[cfg(unix)]
fn bytes_on_disk(metadata: &fs::Metadata) -> u64 {
    const BLOCK_BYTES: u64 = 512;
    std::os::unix::fs::MetadataExt::blocks(metadata) * BLOCK_BYTES
}

#[cfg(not(unix))]
fn bytes_on_disk(metadata: &fs::Metadata) -> u64 {
    metadata.len()
}

/// Whether what is written to a folder goes to no disk, so that making it durable costs nothing and means nothing.
pub fn is_in_memory(folder: &Path) -> bool {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    fs::read_to_string("/proc/self/mounts")
        .is_ok_and(|mounts| matches!(kind_of(&mounts, &folder), Some("tmpfs" | "ramfs")))
}

/// The kind of file system that a folder lies on. Of several mounts over each other, the last is seen.
fn kind_of<'a>(mounts: &'a str, folder: &Path) -> Option<&'a str> {
    let mount = |line: &'a str| {
        let mut fields = line.split(' ').skip(1);
        let (at, kind) = (Path::new(fields.next()?), fields.next()?);
        folder
            .starts_with(at)
            .then(|| (at.components().count(), kind))
    };
    mounts
        .lines()
        .filter_map(mount)
        .max_by_key(|&(depth, _)| depth)
        .map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_an_odd_name() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 3 4 20 0 1 0 100 1000 10";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(cpu_ticks("7 (cut) S 1 2"), None);
    }

    #[test]
    fn a_folder_takes_what_all_its_files_take() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        fs::write(folder.path().join("a"), [1; 100_000]).unwrap();
        fs::write(folder.path().join("inner/b"), [2; 50_000]).unwrap();
        #[cfg(unix)]
        fs::File::create(folder.path().join("hole"))
            .unwrap()
            .set_len(1 << 30)
            .unwrap();
        let bytes = bytes_below(folder.path());
        assert!((150_000..300_000).contains(&bytes), "{bytes}");
        assert_eq!(bytes_below(&folder.path().join("none")), 0);
    }

    #[test]
    #[cfg(unix)]
    fn the_room_on_a_disk_is_told() {
        assert!(bytes_free(Path::new("/")).is_some());
        assert_eq!(bytes_free(Path::new("/there/is/none")), None);
    }

    #[test]
    fn a_field_is_taken_from_its_own_line() {
        let text = "VmPeak:\t 20 kB\nVmRSS:\t  10 kB\nmodel name\t: Abacus 1\n";
        assert_eq!(field(text, "VmRSS").as_deref(), Some("10 kB"));
        assert_eq!(field(text, "model name").as_deref(), Some("Abacus 1"));
        assert_eq!(field(text, "Vm"), None);
    }

    #[test]
    fn the_nearest_mount_tells_the_kind() {
        let mounts = "tmp /tmp tmpfs rw 0 0\ndisk2 /tmp/real xfs rw 0 0\nover /tmp/real btrfs rw 0 0\ndisk / ext4 rw 0 0\n";
        let kind = |folder: &str| kind_of(mounts, Path::new(folder));
        assert_eq!(kind("/var/tmp"), Some("ext4"));
        assert_eq!(kind("/tmp/a/b"), Some("tmpfs"));
        assert_eq!(kind("/tmp/real/a"), Some("btrfs"));
        assert_eq!(kind("/tmpfiles"), Some("ext4"));
    }
}
