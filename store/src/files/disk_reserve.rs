//! DiskReserve on the disk: what files leave to messages, and what messages leave to the log and
//! the trees.
//!
//! A log that cannot be written ends the server, so nothing that can be refused may take the last
//! of the room. Files leave the reserve untouched. Messages leave a quarter of it, which the log
//! and a checkpoint need to put away what was accepted.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use cairn_proto::wire::request::Request;
use tracing::{info, warn};

use crate::limits::{
    DISK_CHECK_INTERVAL, DISK_RESERVE_BYTES, DISK_RESERVE_SHARE, START_FREE_BYTES_MIN,
};
use cairn_core::Command;

/// Messages leave this share of the reserve untouched.
const MESSAGES_LEAVE: u64 = 4;

/// The disk that a folder lies on, and what is to stay free of it.
#[derive(Clone, Debug)]
pub struct DiskReserve {
    dir: PathBuf,
    reserve_bytes: u64,
}

/// Not even what was accepted can be put away.
#[derive(Debug, thiserror::Error)]
#[error("the data directory {}: {source}", dir.display())]
pub struct OutOfSpace {
    /// The directory.
    pub dir: PathBuf,
    /// How much is missing.
    pub source: io::Error,
}

/// Refuses to open a data directory whose disk is full. What would fail on the way would look like
/// damage.
///
/// # Errors
/// When a start loads more room than there is.
pub fn check_start(dir: &Path) -> Result<(), OutOfSpace> {
    DiskReserve::of(dir, Some(0))
        .check(START_FREE_BYTES_MIN)
        .map_err(|source| OutOfSpace {
            dir: dir.to_owned(),
            source,
        })
}

/// Looks now and then whether there is room for messages.
#[derive(Debug)]
pub struct ReserveMonitor {
    room: DiskReserve,
    checked_at: Option<Instant>,
    is_short: bool,
}

impl DiskReserve {
    /// The disk that a folder lies on. Without a reserve of the operator's choice it is the usual
    /// one, and less on a small disk.
    #[must_use]
    pub fn of(dir: &Path, reserve_bytes: Option<u64>) -> Self {
        let usual = || {
            disk(dir).map_or(DISK_RESERVE_BYTES, |disk| {
                DISK_RESERVE_BYTES.min(disk.bytes / DISK_RESERVE_SHARE)
            })
        };
        Self {
            dir: dir.to_owned(),
            reserve_bytes: reserve_bytes.unwrap_or_else(usual),
        }
    }

    /// Refuses when so many bytes more would touch the reserve.
    ///
    /// # Errors
    /// Of the kind [`io::ErrorKind::StorageFull`].
    pub fn check(&self, bytes: u64) -> io::Result<()> {
        if self.has(self.reserve_bytes.saturating_add(bytes)) {
            return Ok(());
        }
        let told = match self.reserve_bytes {
            0 => format!("the disk has no room for {bytes} bytes more"),
            reserved => format!(
                "the disk has no room for {bytes} bytes more beside the {reserved} that stay free for messages"
            ),
        };
        Err(io::Error::new(io::ErrorKind::StorageFull, told))
    }

    /// Whether so much is free. A system that does not say has it.
    fn has(&self, bytes: u64) -> bool {
        disk(&self.dir).is_none_or(|disk| disk.free_bytes >= bytes)
    }
}

/// Whether this is the failure of a full disk, which passes when somebody makes room.
#[must_use]
pub fn is_full(failure: &io::Error) -> bool {
    matches!(
        failure.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

impl ReserveMonitor {
    /// Watches over the room of messages.
    #[must_use]
    pub fn over(room: DiskReserve) -> Self {
        Self {
            room,
            checked_at: None,
            is_short: false,
        }
    }

    /// Looks, if it is time to.
    pub fn check(&mut self) {
        if self
            .checked_at
            .is_some_and(|checked_at| checked_at.elapsed() < DISK_CHECK_INTERVAL)
        {
            return;
        }
        self.checked_at = Some(Instant::now());
        let is_short = !self.room.has(self.room.reserve_bytes / MESSAGES_LEAVE);
        match (self.is_short, is_short) {
            (false, true) => {
                warn!("the disk is nearly full: no messages are taken until somebody makes room")
            }
            (true, false) => info!("there is room again: messages are taken"),
            _ => {}
        }
        self.is_short = is_short;
    }

    /// Whether there is too little room for new content.
    #[must_use]
    pub const fn is_short(&self) -> bool {
        self.is_short
    }

    /// Whether a command must wait for somebody to make room. Whatever moves cursors, takes back or
    /// lets go does not. Of sends the state machine decides: one that was accepted stays accepted,
    /// whenever it is asked again.
    #[must_use]
    pub const fn refuses(&self, command: &Command) -> bool {
        self.is_short && grows_storage(command)
    }
}

const fn grows_storage(command: &Command) -> bool {
    let Command::Ask(_, request) = command else {
        return false;
    };
    matches!(
        request,
        Request::Import { .. }
            | Request::Edit { .. }
            | Request::React { .. }
            | Request::CreateGroup { .. }
            | Request::SetProfile(_)
    )
}

struct Disk {
    bytes: u64,
    free_bytes: u64,
}

#[cfg(unix)]
fn disk(folder: &Path) -> Option<Disk> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
    Some(Disk {
        bytes: bytes(disk.f_blocks),
        free_bytes: bytes(disk.f_bavail),
    })
}

#[cfg(not(unix))]
fn disk(_: &Path) -> Option<Disk> {
    None
}

/// The bytes that may still be written to the disk that a folder lies on; `None` when the system
/// does not say.
pub fn bytes_free(folder: &Path) -> Option<u64> {
    disk(folder).map(|disk| disk.free_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_stays_free() {
        let dir = tempfile::tempdir().unwrap();
        let Some(free) = bytes_free(dir.path()) else {
            return;
        };
        let failure = DiskReserve::of(dir.path(), Some(free * 2))
            .check(0)
            .unwrap_err();
        assert!(is_full(&failure), "{failure}");
        assert!(
            DiskReserve::of(dir.path(), Some(0))
                .check(u64::MAX)
                .is_err()
        );
        assert!(DiskReserve::of(dir.path(), Some(0)).check(1).is_ok());
        assert!(DiskReserve::of(dir.path(), None).reserve_bytes <= DISK_RESERVE_BYTES);
    }

    #[test]
    fn messages_go_on_where_files_do_not() {
        let dir = tempfile::tempdir().unwrap();
        let Some(free) = bytes_free(dir.path()) else {
            return;
        };
        for (reserve, is_short) in [(free * 2, false), (free * 8, true)] {
            let mut watch = ReserveMonitor::over(DiskReserve::of(dir.path(), Some(reserve)));
            watch.check();
            assert_eq!(watch.is_short, is_short);
        }
    }
}
