//! What a sync is worth on a disk: how long `fdatasync` takes, and whether that can be true.

use std::fmt;
use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::cli::server::selftest::limits::{
    SYNC_SLOW, SYNC_TOO_FAST, SYNC_VERY_FAST, SYNCS_MAX, SYNCS_TIME_MAX,
};

const BLOCK_BYTES: usize = 4096;
const BLOCKS: usize = 256;

/// How the syncs of a disk look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// The files are in memory.
    InMemory,
    /// Faster than any drive.
    TooFast,
    /// As fast as drives with a protected cache.
    VeryFast,
    Plausible,
    /// Plausible, and senders notice it.
    Slow,
}

/// Microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Micros {
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
    pub(super) max: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Syncs {
    pub(super) verdict: Verdict,
    /// Where it is known: `tmpfs`, `nfs` and others whose syncs differ from those of a disk.
    pub(super) file_system: Option<&'static str>,
    pub(super) samples: usize,
    pub(super) fdatasync_us: Micros,
    /// A write of a block without a sync, for comparison.
    pub(super) write_us: Micros,
}

/// Measures syncs in a folder, on a file whose blocks are allocated, as those of a commit log.
pub(super) fn measure(dir: &Path) -> io::Result<Syncs> {
    let path = dir.join("syncs");
    let mut file = File::create(&path)?;
    let mut block = vec![0_u8; BLOCK_BYTES];
    for _ in 0..BLOCKS {
        file.write_all(&block)?;
    }
    file.sync_all()?;
    let (mut writes, mut syncs) = (Vec::new(), Vec::new());
    let began = Instant::now();
    for at in 0..SYNCS_MAX {
        // Different bytes each time, so that no layer has a reason to skip the write.
        block[..8].copy_from_slice(&(at as u64 + 1).to_le_bytes());
        file.seek(SeekFrom::Start(((at % BLOCKS) * BLOCK_BYTES) as u64))?;
        let start = Instant::now();
        file.write_all(&block)?;
        writes.push(start.elapsed());
        let start = Instant::now();
        file.sync_data()?;
        syncs.push(start.elapsed());
        if began.elapsed() > SYNCS_TIME_MAX {
            break;
        }
    }
    drop(file);
    std::fs::remove_file(path)?;
    let file_system = file_system(dir);
    let verdict = judge(&mut syncs, file_system);
    Ok(Syncs {
        verdict,
        file_system,
        samples: syncs.len(),
        fdatasync_us: Micros::of(&mut syncs),
        write_us: Micros::of(&mut writes),
    })
}

fn judge(syncs: &mut [Duration], file_system: Option<&str>) -> Verdict {
    syncs.sort_unstable();
    let median = syncs.get(syncs.len() / 2).copied().unwrap_or_default();
    match median {
        _ if matches!(file_system, Some("tmpfs" | "ramfs")) => Verdict::InMemory,
        _ if median < SYNC_TOO_FAST => Verdict::TooFast,
        _ if median < SYNC_VERY_FAST => Verdict::VeryFast,
        _ if median < SYNC_SLOW => Verdict::Plausible,
        _ => Verdict::Slow,
    }
}

/// File systems on which a sync does not mean what it means on a disk.
#[cfg(target_os = "linux")]
fn file_system(dir: &Path) -> Option<&'static str> {
    const KNOWN: [(u32, &str); 8] = [
        (0x0102_1994, "tmpfs"),
        (0x8584_58f6, "ramfs"),
        (0x6969, "nfs"),
        (0xff53_4d42, "cifs"),
        (0xfe53_4d42, "smb2"),
        (0x6573_5546, "fuse"),
        (0x0102_1997, "9p"),
        (0x794c_7630, "overlayfs"),
    ];
    let found = rustix::fs::statfs(dir).ok()?.f_type;
    // The type is signed or not, and has 32 or 64 bits: the magic numbers have 32.
    let found = found as u32;
    let known = KNOWN.iter().find(|(magic, _)| *magic == found);
    known.map(|(_, name)| *name)
}

#[cfg(not(target_os = "linux"))]
fn file_system(_: &Path) -> Option<&'static str> {
    None
}

impl Micros {
    fn of(times: &mut [Duration]) -> Self {
        times.sort_unstable();
        let micros = |time: &Duration| (time.as_secs_f64() * 1e7).round() / 10.0;
        let at = |share: f64| {
            let index = (times.len().saturating_sub(1) as f64 * share) as usize;
            times.get(index).map(micros).unwrap_or_default()
        };
        Self {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            max: at(1.0),
        }
    }
}

impl Verdict {
    /// What it means for an operator.
    const fn advice(self) -> &'static str {
        match self {
            Self::InMemory => {
                "the folder is in memory: a sync has no effect, and a power cut loses everything; \
                 choose a folder on a disk"
            }
            Self::TooFast => {
                "suspicious: no drive writes a block this fast, so syncs are most likely not \
                 performed, and a power cut can lose what was accepted; look for a virtual disk \
                 that ignores flushes (cache mode \"unsafe\"), or a mount with nobarrier"
            }
            Self::VeryFast => {
                "only a drive or controller with power-loss protection is this fast; if this \
                 machine has none, a cache answers in its place, and a power cut can lose what was \
                 accepted: check the drive, or the cache mode of the virtual disk"
            }
            Self::Plausible => "as fast as a disk that performs them",
            Self::Slow => "as slow as a busy or spinning disk; every sender waits for it",
        }
    }
}

impl fmt::Display for Syncs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Micros { p50, p90, p99, max } = self.fdatasync_us;
        let millis = |micros: f64| micros / 1e3;
        writeln!(
            f,
            "fdatasync: p50 {:.3}  p90 {:.3}  p99 {:.3}  max {:.3} ms, {} samples; a write alone \
             takes {:.3} ms",
            millis(p50),
            millis(p90),
            millis(p99),
            millis(max),
            self.samples,
            millis(self.write_us.p50)
        )?;
        write!(f, "  {}", self.verdict.advice())?;
        match self.file_system {
            Some(name @ ("nfs" | "cifs" | "smb2" | "fuse" | "9p")) => write!(
                f,
                "\n  the folder is on {name}: what a sync is worth depends on its server"
            ),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(micros: [u64; 3], file_system: Option<&str>) -> Verdict {
        judge(&mut micros.map(Duration::from_micros), file_system)
    }

    #[test]
    fn median_decides() {
        assert_eq!(judged([900, 3, 8], None), Verdict::TooFast);
        assert_eq!(judged([30, 100, 5_000], None), Verdict::VeryFast);
        assert_eq!(judged([200, 1_000, 90_000], None), Verdict::Plausible);
        assert_eq!(judged([100, 25_000, 30_000], None), Verdict::Slow);
    }

    #[test]
    fn memory_is_named_however_fast_it_is() {
        assert_eq!(judged([900, 900, 900], Some("tmpfs")), Verdict::InMemory);
        assert_eq!(judged([900, 900, 900], Some("nfs")), Verdict::Plausible);
    }

    #[test]
    fn suspicion_is_worded() {
        let micros = Micros {
            p50: 3.1,
            p90: 4.0,
            p99: 9.0,
            max: 1_234.6,
        };
        let text = Syncs {
            verdict: Verdict::TooFast,
            file_system: Some("nfs"),
            samples: 500,
            fdatasync_us: micros,
            write_us: micros,
        }
        .to_string();
        assert!(text.starts_with("fdatasync: p50 0.003  p90 0.004  p99 0.009  max 1.235 ms, 500"));
        assert!(text.contains("\n  suspicious: "), "{text}");
        assert!(text.ends_with("on nfs: what a sync is worth depends on its server"));
    }

    #[test]
    fn syncs_are_measured() {
        let dir = tempfile::tempdir().unwrap();
        let syncs = measure(dir.path()).unwrap();
        assert!((1..=SYNCS_MAX).contains(&syncs.samples));
        let Micros { p50, p90, p99, max } = syncs.fdatasync_us;
        assert!(0.0 < p50 && p50 <= p90 && p90 <= p99 && p99 <= max);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
