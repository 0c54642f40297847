//! Opening the trees again in the process that has just closed them.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::mpsc::channel;

use crate::limits;

/// Waits until nobody holds the lock of sled's file, for a moment only. When its last handle goes,
/// threads of its own may hold the file a little longer, and it cannot be opened again before. Who
/// still holds it then is somebody else, and sled says so.
pub fn wait_for_lock(path: &Path) {
    let Ok(file) = File::open(path) else { return };
    if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
        let (released, wait) = channel();
        // It ends when the lock is free, which is never waited for longer than the bound.
        std::thread::spawn(move || {
            if file.lock().is_ok() {
                drop(file);
                let _ = released.send(());
            }
        });
        let _ = wait.recv_timeout(limits::TREES_LOCK_WAIT_MAX);
    }
}
