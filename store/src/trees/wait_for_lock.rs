//! Reopening the trees in the process that has just closed them.

use std::path::Path;
use std::sync::mpsc::channel;

use crate::disk::real::RealFile;
use crate::disk::{DiskFile as _, OpenMode};
use crate::limits;

/// Waits for a moment until sled's file is unlocked. After the last handle was dropped, sled's own
/// threads may hold the file a little longer, and it cannot be opened before. If the wait times
/// out, another process holds the lock, and sled reports it.
pub fn wait_for_lock(path: &Path) {
    let Ok(file) = RealFile::open(path, OpenMode::Read) else {
        return;
    };
    if matches!(file.try_lock(), Ok(false)) {
        let (released, wait) = channel();
        // Ends when the lock is free, which the caller only awaits up to the limit.
        std::thread::spawn(move || {
            if file.lock().is_ok() {
                drop(file);
                let _ = released.send(());
            }
        });
        let _ = wait.recv_timeout(limits::TREES_LOCK_WAIT_MAX);
    }
}
