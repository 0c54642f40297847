//! The disk reserve: space that attachments leave to messages, and messages to the log and the
//! trees.
//!
//! A log that cannot be written ends the server, so nothing that can be refused may take the last
//! space. Attachments leave the whole reserve free. Messages leave a quarter of it, which the log
//! and a checkpoint need to store what was accepted.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use crate::disk::Disk;
use crate::disk::real::RealDisk;
use crate::env::{Clock, Env};
use crate::limits::{
    DISK_CHECK_INTERVAL, DISK_RESERVE_BYTES, DISK_RESERVE_SHARE, START_FREE_BYTES_MIN,
};

/// Messages leave this share of the reserve free.
const MESSAGES_LEAVE: u64 = 4;

/// The disk of a folder, and the bytes to leave free on it.
#[derive(Clone, Debug)]
pub struct DiskReserve {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    reserve_bytes: u64,
}

/// Not even accepted messages can be stored.
#[derive(Debug, thiserror::Error)]
#[error("the data directory {}: {source}", dir.display())]
pub struct OutOfSpace {
    pub dir: PathBuf,
    pub source: io::Error,
}

/// Refuses to open a data directory on a full disk. Otherwise the failures along the way would look
/// like damage.
pub(crate) fn check_start(env: &Env, dir: &Path) -> Result<(), OutOfSpace> {
    DiskReserve::of(env, dir, Some(0))
        .check(START_FREE_BYTES_MIN)
        .map_err(|source| OutOfSpace {
            dir: dir.to_owned(),
            source,
        })
}

/// Checks at intervals whether messages can be accepted.
#[derive(Debug)]
pub(crate) struct ReserveMonitor {
    reserve: DiskReserve,
    clock: Clock,
    checked_at: Option<Duration>,
    is_short: bool,
}

impl DiskReserve {
    /// The reserve on a folder's disk. Without a choice of the operator it is the default, or less
    /// on a small disk.
    #[must_use]
    pub fn of(env: &Env, dir: &Path, reserve_bytes: Option<u64>) -> Self {
        let usual = || {
            env.disk.space(dir).map_or(DISK_RESERVE_BYTES, |space| {
                DISK_RESERVE_BYTES.min(space.bytes / DISK_RESERVE_SHARE)
            })
        };
        Self {
            disk: Arc::clone(&env.disk),
            dir: dir.to_owned(),
            reserve_bytes: reserve_bytes.unwrap_or_else(usual),
        }
    }

    /// Fails when this many more bytes would touch the reserve.
    ///
    /// # Errors
    ///
    /// Of the kind [`io::ErrorKind::StorageFull`].
    pub fn check(&self, bytes: u64) -> io::Result<()> {
        if self.has(self.reserve_bytes.saturating_add(bytes)) {
            return Ok(());
        }
        let message = match self.reserve_bytes {
            0 => format!("the disk has no space for {bytes} more bytes"),
            reserved => format!(
                "the disk has no space for {bytes} more bytes beside the {reserved} reserved \
                 for messages"
            ),
        };
        Err(io::Error::new(io::ErrorKind::StorageFull, message))
    }

    /// Returns whether this much is free. A system that does not say counts as having it.
    fn has(&self, bytes: u64) -> bool {
        self.disk
            .space(&self.dir)
            .is_none_or(|space| space.free_bytes >= bytes)
    }
}

/// Returns whether this failure means a full disk.
#[must_use]
pub fn is_full(failure: &io::Error) -> bool {
    matches!(
        failure.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

impl ReserveMonitor {
    #[must_use]
    pub(crate) fn over(reserve: DiskReserve, clock: &Clock) -> Self {
        Self {
            reserve,
            clock: clock.clone(),
            checked_at: None,
            is_short: false,
        }
    }

    /// Checks, if it is due.
    pub(crate) fn check(&mut self) {
        if self
            .checked_at
            .is_some_and(|checked_at| self.clock.since(checked_at) < DISK_CHECK_INTERVAL)
        {
            return;
        }
        self.checked_at = Some(self.clock.now());
        let is_short = !self
            .reserve
            .has(self.reserve.reserve_bytes / MESSAGES_LEAVE);
        match (self.is_short, is_short) {
            (false, true) => {
                warn!("the disk is nearly full: no messages are accepted until space is freed")
            }
            (true, false) => info!("the disk has space again: messages are accepted"),
            _ => {}
        }
        self.is_short = is_short;
    }

    /// Returns whether new content must be refused. Cursor moves, recalls and expiry never are.
    /// Sends are left to the state machine, since one that was accepted must stay accepted when it
    /// is repeated.
    #[must_use]
    pub(crate) const fn is_short(&self) -> bool {
        self.is_short
    }
}

/// Returns the bytes available on a folder's disk, if the system says.
pub fn bytes_free(folder: &Path) -> Option<u64> {
    RealDisk.space(folder).map(|space| space.free_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserve_stays_free() {
        let dir = tempfile::tempdir().unwrap();
        let Some(free) = bytes_free(dir.path()) else {
            return;
        };
        let failure = DiskReserve::of(&Env::real(), dir.path(), Some(free * 2))
            .check(0)
            .unwrap_err();
        assert!(is_full(&failure), "{failure}");
        assert!(
            DiskReserve::of(&Env::real(), dir.path(), Some(0))
                .check(u64::MAX)
                .is_err()
        );
        assert!(
            DiskReserve::of(&Env::real(), dir.path(), Some(0))
                .check(1)
                .is_ok()
        );
        assert!(
            DiskReserve::of(&Env::real(), dir.path(), None).reserve_bytes <= DISK_RESERVE_BYTES
        );
    }

    #[test]
    fn messages_continue_below_the_attachment_reserve() {
        let dir = tempfile::tempdir().unwrap();
        let Some(free) = bytes_free(dir.path()) else {
            return;
        };
        for (reserve, is_short) in [(free * 2, false), (free * 8, true)] {
            let mut watch = ReserveMonitor::over(
                DiskReserve::of(&Env::real(), dir.path(), Some(reserve)),
                &Clock::system(),
            );
            watch.check();
            assert_eq!(watch.is_short, is_short);
        }
    }
}
