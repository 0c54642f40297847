//! The watermark: how far the log had come, kept outside its folder. A log that ends before its
//! watermark has lost batches that were accepted.
//!
//! ```text
//! [magic 8][sequence u64][directory 16]
//! [segment u64][bytes u64][last u64][checksum u32][crc32c u32]
//! ```
//!
//! The file holds two of these, little-endian, and each write replaces the older one. A new
//! segment is recorded durably before its first batch. The last batch is recorded off the commit
//! path, a few times a second: after a power cut the watermark may lag, but it is never ahead of
//! the log.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::error::LogError;
use super::record::BatchNo;
use crate::disk::{Disk, DiskFile, OpenMode};
use crate::files::directory_id::DirectoryId;
use crate::files::durable;
use crate::files::poison::Poison;
use crate::limits;

const MAGIC: &[u8; 8] = b"cairnwm1";
/// The two marks lie in different pages, so that a torn write damages one of them.
const SLOT_BYTES: u64 = 4096;
const SLOTS: u64 = 2;

/// A point that the log has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) directory: DirectoryId,
    /// The first batch of the active segment, which names its file; zero before the first segment.
    pub(super) segment: BatchNo,
    pub(super) segment_bytes: u64,
    /// The last durable batch, and the checksum of its record.
    pub(super) last: BatchNo,
    pub(super) checksum: u32,
}

impl Mark {
    #[must_use]
    pub(super) const fn new(directory: DirectoryId) -> Self {
        Self {
            directory,
            segment: BatchNo::ZERO,
            segment_bytes: 0,
            last: BatchNo::ZERO,
            checksum: 0,
        }
    }

    fn encode(self, sequence: u64) -> Vec<u8> {
        let mut bytes = [
            MAGIC.as_slice(),
            &sequence.to_le_bytes(),
            &self.directory.bytes(),
            &self.segment.get().to_le_bytes(),
            &self.segment_bytes.to_le_bytes(),
            &self.last.get().to_le_bytes(),
            &self.checksum.to_le_bytes(),
        ]
        .concat();
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    fn decode(slot: &[u8]) -> Option<(u64, Self)> {
        let word = |at: usize| Some(u64::from_le_bytes(*slot.get(at..)?.first_chunk()?));
        let mark = Self {
            directory: DirectoryId::from_bytes(*slot.get(16..)?.first_chunk()?),
            segment: BatchNo::new(word(32)?),
            segment_bytes: word(40)?,
            last: BatchNo::new(word(48)?),
            checksum: u32::from_le_bytes(*slot.get(56..)?.first_chunk()?),
        };
        let sequence = word(8)?;
        slot.starts_with(&mark.encode(sequence))
            .then_some((sequence, mark))
    }
}

/// Reads the latest mark; `None` if there is no file.
pub(super) fn read(disk: &dyn Disk, path: &Path) -> Result<Option<Mark>, LogError> {
    Ok(read_slots(disk, path)?.map(|(_, mark)| mark))
}

fn read_slots(disk: &dyn Disk, path: &Path) -> Result<Option<(u64, Mark)>, LogError> {
    let io = |source| LogError::io("read", path, source);
    if disk.find(path).map_err(io)?.is_none() {
        return Ok(None);
    }
    let bytes = disk.read(path).map_err(io)?;
    let slot = |at: u64| {
        let start = usize::try_from(at * SLOT_BYTES).ok()?;
        Mark::decode(bytes.get(start..)?)
    };
    let latest = (0..SLOTS)
        .filter_map(slot)
        .max_by_key(|(sequence, _)| *sequence);
    latest
        .map(Some)
        .ok_or_else(|| LogError::damaged(path, 0, "it holds no valid watermark"))
}

/// Replaces the file with one that holds this mark alone.
pub(super) fn reset(disk: &dyn Disk, path: &Path, mark: Mark) -> Result<(), LogError> {
    let mut bytes = mark.encode(0);
    bytes.resize((SLOT_BYTES * SLOTS) as usize, 0);
    durable::write_file(disk, path, &bytes).map_err(|source| LogError::io("create", path, source))
}

/// The thread that writes the watermark.
#[derive(Debug)]
pub(super) struct Watermark {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    poison: Poison,
    state: Mutex<State>,
    changed: Condvar,
    slots: Mutex<Slots>,
}

#[derive(Debug)]
struct State {
    latest: Mark,
    is_written: bool,
    must_sync: bool,
    stop: bool,
}

#[derive(Debug)]
struct Slots {
    file: Box<dyn DiskFile>,
    sequence: u64,
}

impl Watermark {
    /// Starts the thread over an existing file.
    pub(super) fn start(disk: &dyn Disk, path: &Path, poison: &Poison) -> Result<Self, LogError> {
        let (sequence, latest) = read_slots(disk, path)?
            .ok_or_else(|| LogError::damaged(path, 0, "it does not exist"))?;
        let file = disk
            .open(path, OpenMode::Write)
            .map_err(|source| LogError::io("open", path, source))?;
        let shared = Arc::new(Shared {
            path: path.to_owned(),
            poison: poison.clone(),
            state: Mutex::new(State {
                latest,
                is_written: true,
                must_sync: false,
                stop: false,
            }),
            changed: Condvar::new(),
            slots: Mutex::new(Slots { file, sequence }),
        });
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("log-watermark".into())
            .spawn(move || of_thread.run())
            .map_err(|source| LogError::io("start a thread for", path, source))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Records a new active segment, durably. `last` is the batch before it.
    pub(super) fn anchor(
        &self,
        segment: BatchNo,
        segment_bytes: u64,
        last: BatchNo,
        checksum: u32,
    ) -> Result<(), LogError> {
        let mark = {
            let mut state = self.shared.state.lock();
            let directory = state.latest.directory;
            state.latest = Mark {
                directory,
                segment,
                segment_bytes,
                last,
                checksum,
            };
            state.is_written = true;
            state.latest
        };
        self.shared.write(mark, Sync::Now)
    }

    /// Records a durable batch, without waiting for the file.
    pub(super) fn advance(&self, last: BatchNo, checksum: u32) {
        let mut state = self.shared.state.lock();
        state.latest.last = last;
        state.latest.checksum = checksum;
        if std::mem::replace(&mut state.is_written, false) {
            self.shared.changed.notify_all();
        }
    }

    /// Requests that the watermark be made durable, without waiting.
    pub(super) fn want_sync(&self) {
        self.shared.state.lock().must_sync = true;
        self.shared.changed.notify_all();
    }

    /// Stops the thread, and makes the latest mark durable.
    pub(super) fn close(mut self) -> Result<(), LogError> {
        self.join();
        let mark = self.shared.state.lock().latest;
        self.shared.write(mark, Sync::Now)
    }

    fn join(&mut self) {
        self.shared.state.lock().stop = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes the watermark panicked");
        }
    }
}

impl Drop for Watermark {
    fn drop(&mut self) {
        self.join();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sync {
    Now,
    Later,
}

impl Shared {
    fn run(&self) {
        let mut unsynced = Duration::ZERO;
        while let Some((mark, must_sync)) = self.wait(unsynced > Duration::ZERO) {
            let sync = match must_sync || unsynced >= limits::WATERMARK_SYNC_INTERVAL {
                true => Sync::Now,
                false => Sync::Later,
            };
            if self.write(mark, sync).is_err() {
                return;
            }
            unsynced = match sync {
                Sync::Now => Duration::ZERO,
                Sync::Later => unsynced + limits::WATERMARK_INTERVAL,
            };
            // Spaces the writes out: the mark only has to be recent.
            let mut state = self.state.lock();
            if !state.stop {
                self.changed.wait_while_for(
                    &mut state,
                    |state| !state.stop,
                    limits::WATERMARK_INTERVAL,
                );
            }
        }
    }

    /// Waits for a mark to write; `None` when the thread must stop.
    fn wait(&self, is_unsynced: bool) -> Option<(Mark, bool)> {
        let mut state = self.state.lock();
        let is_idle = |state: &mut State| !state.stop && !state.must_sync && state.is_written;
        let mut must_sync = false;
        if is_unsynced {
            let waited =
                self.changed
                    .wait_while_for(&mut state, is_idle, limits::WATERMARK_SYNC_INTERVAL);
            must_sync = waited.timed_out();
        } else {
            self.changed.wait_while(&mut state, is_idle);
        }
        if state.stop {
            return None;
        }
        state.is_written = true;
        must_sync |= std::mem::take(&mut state.must_sync);
        Some((state.latest, must_sync))
    }

    fn write(&self, mark: Mark, sync: Sync) -> Result<(), LogError> {
        let mut slots = self.slots.lock();
        let sequence = slots.sequence + 1;
        let at = sequence % SLOTS * SLOT_BYTES;
        let written = slots
            .file
            .write_at(&mark.encode(sequence), at)
            .and_then(|()| match sync {
                Sync::Now => slots.file.sync_data(),
                Sync::Later => Ok(()),
            });
        match written {
            Ok(()) => {
                slots.sequence = sequence;
                Ok(())
            }
            Err(source) => {
                let error = LogError::io("write", &self.path, source);
                self.poison.set(&error);
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::real::RealDisk;

    fn mark(last: u64) -> Mark {
        Mark {
            directory: DirectoryId::from_bytes([7; 16]),
            segment: BatchNo::new(3),
            segment_bytes: 4096,
            last: BatchNo::new(last),
            checksum: 0x0102_0304,
        }
    }

    #[test]
    fn mark_bytes_are_pinned() {
        let bytes = mark(5).encode(9);
        assert_eq!(bytes.len(), 64);
        assert_eq!(bytes[..16], *b"cairnwm1\x09\0\0\0\0\0\0\0");
        assert_eq!(Mark::decode(&bytes), Some((9, mark(5))));
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert_eq!(Mark::decode(&flipped), None, "byte {at}");
        }
    }

    #[test]
    fn latest_valid_mark_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("watermark");
        assert_eq!(read(&RealDisk, &path).unwrap(), None);
        reset(&RealDisk, &path, mark(1)).unwrap();
        let watermark = Watermark::start(&RealDisk, &path, &Poison::new()).unwrap();
        watermark
            .anchor(BatchNo::new(3), 4096, BatchNo::new(2), 0x0102_0304)
            .unwrap();
        watermark.advance(BatchNo::new(8), 0x0102_0304);
        watermark.close().unwrap();
        assert_eq!(read(&RealDisk, &path).unwrap(), Some(mark(8)));
        // Either slot may be torn: the other one still holds.
        let whole = std::fs::read(&path).unwrap();
        for slot in 0..2 {
            let mut torn = whole.clone();
            torn[slot * SLOT_BYTES as usize + 20] ^= 1;
            std::fs::write(&path, &torn).unwrap();
            assert!(read(&RealDisk, &path).unwrap().is_some());
        }
        std::fs::write(&path, vec![0; whole.len()]).unwrap();
        assert!(matches!(
            read(&RealDisk, &path),
            Err(LogError::Damaged { .. })
        ));
    }
}
