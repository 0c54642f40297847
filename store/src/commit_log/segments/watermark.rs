//! The watermark: how far the log had come, kept outside its folder. A log that ends before its
//! watermark has lost batches that were accepted.
//!
//! ```text
//! [magic 8][sequence u64][directory 16]
//! [segment u64][bytes u64][last u64][checksum u32][crc32c u32]
//! ```
//!
//! The file holds two of these, little-endian. A write replaces the one that is not known to be
//! durable, so that a power cut leaves one of them whole. A new segment is recorded durably before
//! its first batch. The last batch is recorded off the commit path, a few times a second: after a
//! power cut the watermark may lag, but it is never ahead of the log.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::record::BatchNo;
use crate::commit_log::error::LogError;
use crate::disk::{Disk, DiskFile, OpenMode};
use crate::env::{Env, Worker};
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
    Ok(read_slots(disk, path)?.map(|latest| latest.mark))
}

/// The latest mark, and its place.
struct Latest {
    slot: u64,
    sequence: u64,
    mark: Mark,
}

fn read_slots(disk: &dyn Disk, path: &Path) -> Result<Option<Latest>, LogError> {
    let io = |source| LogError::io("read", path, source);
    if disk.find(path).map_err(io)?.is_none() {
        return Ok(None);
    }
    let bytes = disk.read(path).map_err(io)?;
    let read = |slot: u64| {
        let start = usize::try_from(slot * SLOT_BYTES).ok()?;
        let (sequence, mark) = Mark::decode(bytes.get(start..)?)?;
        Some(Latest {
            slot,
            sequence,
            mark,
        })
    };
    let latest = (0..SLOTS)
        .filter_map(read)
        .max_by_key(|latest| latest.sequence);
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

/// Writes the watermark in the background.
#[derive(Debug)]
pub(super) struct Watermark {
    shared: Arc<Shared>,
    worker: Worker,
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
    /// How long marks have been written without a sync.
    unsynced: Duration,
    must_sync: bool,
    stop: bool,
}

#[derive(Debug)]
struct Slots {
    file: Box<dyn DiskFile>,
    sequence: u64,
    /// The slot of the next write. The other one is durable.
    next: u64,
}

impl Watermark {
    /// Starts over an existing file.
    pub(super) fn start(env: &Env, path: &Path, poison: &Poison) -> Result<Self, LogError> {
        let disk = env.disk.as_ref();
        let latest = read_slots(disk, path)?
            .ok_or_else(|| LogError::damaged(path, 0, "it does not exist"))?;
        let file = disk
            .open(path, OpenMode::Write)
            .map_err(|source| LogError::io("open", path, source))?;
        // A server may have left the latest mark unsynced, or its sync failed, and only another
        // write makes it durable. The other slot is durable until then.
        file.write_at(
            &latest.mark.encode(latest.sequence),
            latest.slot * SLOT_BYTES,
        )
        .and_then(|()| file.sync_data())
        .map_err(|source| LogError::io("sync", path, source))?;
        let slots = Slots {
            file,
            sequence: latest.sequence,
            next: (latest.slot + 1) % SLOTS,
        };
        let shared = Arc::new(Shared {
            path: path.to_owned(),
            poison: poison.clone(),
            state: Mutex::new(State {
                latest: latest.mark,
                is_written: true,
                unsynced: Duration::ZERO,
                must_sync: false,
                stop: false,
            }),
            changed: Condvar::new(),
            slots: Mutex::new(slots),
        });
        let of_thread = Arc::clone(&shared);
        let worker = env
            .background
            .start("log-watermark", move || of_thread.run())
            .map_err(|source| LogError::io("start a thread for", path, source))?;
        Ok(Self { shared, worker })
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

    /// Does what its thread would do next. Returns whether there was anything.
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn step(&self) -> bool {
        let mut state = self.shared.state.lock();
        if state.is_idle() && state.unsynced == Duration::ZERO {
            return false;
        }
        let (mark, sync) = state.next_write(Waited::Enough);
        drop(state);
        // A failure poisons the store.
        let _ = self.shared.write(mark, sync);
        true
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
        self.worker.join();
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

/// Whether an unsynced mark was left alone for [`limits::WATERMARK_SYNC_INTERVAL`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waited {
    Enough,
    NotYet,
}

impl State {
    /// Returns whether there is nothing to write, and nothing to sync at once.
    const fn is_idle(&self) -> bool {
        !self.must_sync && self.is_written
    }

    /// Takes the latest mark to write.
    fn next_write(&mut self, waited: Waited) -> (Mark, Sync) {
        let is_idle = self.is_idle();
        let must_sync = std::mem::take(&mut self.must_sync)
            || self.unsynced >= limits::WATERMARK_SYNC_INTERVAL
            || (is_idle && waited == Waited::Enough);
        self.is_written = true;
        if must_sync {
            self.unsynced = Duration::ZERO;
            return (self.latest, Sync::Now);
        }
        self.unsynced += limits::WATERMARK_INTERVAL;
        (self.latest, Sync::Later)
    }
}

impl Shared {
    fn run(&self) {
        while let Some((mark, sync)) = self.wait() {
            if self.write(mark, sync).is_err() {
                return;
            }
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
    fn wait(&self) -> Option<(Mark, Sync)> {
        let mut state = self.state.lock();
        let is_waiting = |state: &mut State| !state.stop && state.is_idle();
        let mut waited = Waited::NotYet;
        if state.unsynced > Duration::ZERO {
            let result = self.changed.wait_while_for(
                &mut state,
                is_waiting,
                limits::WATERMARK_SYNC_INTERVAL,
            );
            if result.timed_out() {
                waited = Waited::Enough;
            }
        } else {
            self.changed.wait_while(&mut state, is_waiting);
        }
        (!state.stop).then(|| state.next_write(waited))
    }

    fn write(&self, mark: Mark, sync: Sync) -> Result<(), LogError> {
        let mut slots = self.slots.lock();
        let sequence = slots.sequence + 1;
        let written = slots
            .file
            .write_at(&mark.encode(sequence), slots.next * SLOT_BYTES)
            .and_then(|()| match sync {
                Sync::Now => slots.file.sync_data(),
                Sync::Later => Ok(()),
            });
        match written {
            Ok(()) => {
                slots.sequence = sequence;
                if sync == Sync::Now {
                    slots.next = (slots.next + 1) % SLOTS;
                }
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
    use crate::testing::{Call, Failure, Fault, SimDisk};

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

    /// A power cut may damage everything that was written since the last sync.
    #[test]
    fn one_slot_is_left_alone_until_a_sync() {
        let (disk, path) = (SimDisk::new(1), Path::new("/watermark"));
        reset(&disk, path, mark(1)).unwrap();
        let env = Env::simulated(&disk, 1);
        let watermark = Watermark::start(&env, path, &Poison::new()).unwrap();
        let slots = || {
            let bytes = disk.read(path).unwrap();
            [0, SLOT_BYTES as usize].map(|at| bytes[at..at + 64].to_vec())
        };
        let (mut last, mut replaced) = (1, [0; 2]);
        for _ in 0..4 {
            let durable = slots();
            for _ in 0..3 {
                last += 1;
                watermark.advance(BatchNo::new(last), 0x0102_0304);
                assert!(watermark.step());
                let changed = [0, 1].map(|slot| slots()[slot] != durable[slot]);
                assert!(changed != [true; 2], "before mark {last}");
                replaced = [0, 1].map(|slot| replaced[slot] + usize::from(changed[slot]));
            }
            // Nothing new is written: the next step syncs.
            assert!(watermark.step());
            assert!(!watermark.step());
        }
        assert!(replaced.iter().all(|&times| times > 0), "{replaced:?}");
        assert_eq!(read(&disk, path).unwrap().unwrap().last.get(), last);
    }

    /// A mark whose sync failed is read from the page cache, and the next one is torn.
    #[test]
    fn mark_of_a_failed_sync_is_durable_before_the_other_slot_is_written() {
        for seed in 0..40 {
            let (disk, path) = (SimDisk::new(seed), Path::new("/watermark"));
            reset(&disk, path, mark(1)).unwrap();
            let env = Env::simulated(&disk, seed);
            let start = || Watermark::start(&env, path, &Poison::new()).unwrap();
            let advance = |watermark: &Watermark, last| {
                watermark.advance(BatchNo::new(last), 0x0102_0304);
                watermark.want_sync();
                watermark.step()
            };
            let watermark = start();
            assert!(advance(&watermark, 2));
            disk.fail(Fault {
                call: Call::Sync,
                nth: 1,
                failure: Failure::Io,
                is_sticky: false,
            });
            assert!(advance(&watermark, 3));
            drop(watermark);
            let watermark = start();
            disk.cut_power_at(2);
            assert!(advance(&watermark, 4));
            drop(watermark);
            disk.crash();
            let last = read(&disk, path).unwrap().unwrap().last.get();
            assert!(last == 3 || last == 4, "seed {seed}: {last}");
        }
    }

    #[test]
    fn latest_valid_mark_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("watermark");
        assert_eq!(read(&RealDisk, &path).unwrap(), None);
        reset(&RealDisk, &path, mark(1)).unwrap();
        let watermark = Watermark::start(&Env::real(), &path, &Poison::new()).unwrap();
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
