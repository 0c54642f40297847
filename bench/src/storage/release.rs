//! Opening a folder of sled again in the process that has just closed it.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::error::BenchError;

/// Waits until nobody holds the lock of sled's file. When its last handle goes, threads of its own may hold the file for a moment
/// longer, and it cannot be opened again before.
pub(super) fn await_release(sled_dir: &Path) -> Result<(), BenchError> {
    let path = sled_dir.join("db");
    let locked = match File::open(&path) {
        Ok(file) => file.lock(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    };
    locked.map_err(|source| BenchError::Held { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_can_be_opened_again_and_again() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..20_u64 {
            await_release(dir.path()).unwrap();
            let db = sled::open(dir.path()).unwrap();
            assert_eq!(db.len() as u64, number);
            db.insert(number.to_be_bytes(), vec![0; 500]).unwrap();
        }
    }
}
