//! A file in memory that outlives the database on it, and loses power when a test says so.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use redb::StorageBackend;

/// A file in memory, for simulations. Clones are the same file.
#[derive(Clone, Debug, Default)]
pub struct Medium(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    /// What unsynced writes replaced, in their order.
    unsynced: Vec<Replaced>,
    /// Crashes so far.
    crashes: u64,
}

#[derive(Debug)]
enum Replaced {
    Bytes { offset: usize, before: Vec<u8> },
    Length(usize),
}

impl Medium {
    /// Creates an empty file.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the process that has the file open: nothing that it does later has an effect. With
    /// `loses_power`, each write since the last sync is kept or lost as `is_lost` says.
    pub fn crash(&self, loses_power: bool, mut is_lost: impl FnMut() -> bool) {
        let state = &mut *self.0.lock();
        state.crashes += 1;
        let unsynced = std::mem::take(&mut state.unsynced);
        // From the last one, so that what is kept of overlapping writes is one of them.
        for replaced in unsynced.into_iter().rev().filter(|_| loses_power) {
            if !is_lost() {
                continue;
            }
            match replaced {
                Replaced::Bytes { offset, before } => {
                    let end = state.bytes.len().min(offset + before.len());
                    if let Some(there) = state.bytes.get_mut(offset..end) {
                        there.copy_from_slice(&before[..there.len()]);
                    }
                }
                Replaced::Length(len) => state.bytes.resize(len.max(state.bytes.len()), 0),
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().bytes.is_empty()
    }

    /// Opens the file, for one process.
    pub(super) fn open(&self) -> Opened {
        Opened {
            medium: self.clone(),
            crashes: self.0.lock().crashes,
        }
    }
}

/// The file as one process has it open.
#[derive(Debug)]
pub(super) struct Opened {
    medium: Medium,
    crashes: u64,
}

impl Opened {
    /// Does something, unless the process has ended.
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> io::Result<T> {
        let state = &mut *self.medium.0.lock();
        match state.crashes == self.crashes {
            true => Ok(act(state)),
            false => Err(io::Error::other("the process has ended")),
        }
    }
}

fn beyond() -> io::Error {
    io::Error::from(io::ErrorKind::UnexpectedEof)
}

impl StorageBackend for Opened {
    fn len(&self) -> io::Result<u64> {
        self.with(|state| state.bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).map_err(|_| beyond())?;
        self.with(|state| {
            let bytes = state.bytes.get(offset..offset + out.len());
            out.copy_from_slice(bytes.ok_or_else(beyond)?);
            Ok(())
        })?
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).map_err(|_| beyond())?;
        self.with(|state| {
            let before = state.bytes.len();
            if let Some(cut) = state.bytes.get(len..) {
                let before = cut.to_vec();
                let offset = len;
                state.unsynced.push(Replaced::Bytes { offset, before });
            }
            state.unsynced.push(Replaced::Length(before));
            state.bytes.resize(len, 0);
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.with(|state| state.unsynced.clear())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).map_err(|_| beyond())?;
        self.with(|state| {
            let there = state.bytes.get_mut(offset..offset + data.len());
            let there = there.ok_or_else(beyond)?;
            let before = there.to_vec();
            there.copy_from_slice(data);
            state.unsynced.push(Replaced::Bytes { offset, before });
            Ok(())
        })?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(medium: &Medium) -> Vec<u8> {
        medium.0.lock().bytes.clone()
    }

    #[test]
    fn power_cut_takes_what_was_not_synced() {
        let medium = Medium::new();
        let file = medium.open();
        file.set_len(4).unwrap();
        file.write(0, b"abcd").unwrap();
        file.sync_data().unwrap();
        file.write(0, b"x").unwrap();
        file.write(2, b"y").unwrap();
        let mut lost = [true, false].into_iter();
        medium.crash(true, || lost.next().unwrap());
        assert_eq!(bytes(&medium), b"xbcd");
        assert!(file.write(0, b"z").is_err(), "the process has ended");
    }

    #[test]
    fn kill_takes_nothing() {
        let medium = Medium::new();
        let file = medium.open();
        file.set_len(2).unwrap();
        file.write(0, b"ab").unwrap();
        medium.crash(false, || true);
        assert_eq!(bytes(&medium), b"ab");
        let mut read = [0; 2];
        medium.open().read(0, &mut read).unwrap();
        assert_eq!(&read, b"ab");
    }
}
