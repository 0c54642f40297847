//! What sled's recovery reads and may destroy, kept until the recovery is known to be right.
//!
//! While sled 0.34.7 opens a database, it takes a read that fails for the end of its log or for a
//! free segment, and overwrites what it did not read. So everything that it is going to read is
//! read first, which finds bytes that the disk does not return while nothing is written, and kept:
//! the segments of the log since its last snapshot, and the snapshot. [`Image::recover`] then lets
//! sled recover twice, from the same bytes. Either recovery would miss what it could not read, and
//! have another snapshot than the other one.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use tracing::warn;

use crate::disk::real::{RealDisk, RealFile};
use crate::disk::{Disk as _, DiskFile as _, OpenMode};
use crate::limits::{TREE_IMAGE_MEMORY_SEGMENTS, TREE_SEGMENT_BYTES};

/// sled's file.
pub(super) const DB_FILE: &str = "db";

const IMAGE_FILE: &str = "image";
const SNAPSHOT_PREFIX: &str = "snap.";

/// A checksum, then the position of the segment in the log, and of what was stable before it.
const HEADER_BYTES: usize = 20;

/// Recoveries of which two in a row must be equal. One of them may fail.
const RECOVERIES_MAX: usize = 4;

type Snapshots = BTreeMap<OsString, Vec<u8>>;
type Header = [u8; HEADER_BYTES];

pub(super) struct Image {
    dir: PathBuf,
    /// The length of sled's file.
    bytes: u64,
    segments: Vec<Segment>,
    /// Holds the segments that memory does not.
    file: Option<RealFile>,
    snapshots: Snapshots,
}

enum Segment {
    /// Neither read nor part of the log: its header alone can be changed.
    Unread(Header),
    InMemory(Vec<u8>),
    /// At this offset of the image.
    InFile {
        at: u64,
        bytes: usize,
    },
}

impl Image {
    /// Copies what a recovery of the database in `dir` would read. `None` if there is nothing, or
    /// if the copy does not fit on the disk.
    pub(super) fn take(dir: &Path) -> io::Result<Option<Self>> {
        let path = dir.join(DB_FILE);
        if RealDisk.find(&path)?.is_none_or(|stat| stat.bytes == 0) {
            return Ok(None);
        }
        let db = RealFile::open(&path, OpenMode::Read)?;
        let snapshots = read_snapshots(dir)?;
        let from = snapshots.keys().next_back().map_or(0, log_position);
        let from = from - from % TREE_SEGMENT_BYTES as u64;
        let mut image = Self {
            dir: dir.to_owned(),
            bytes: db.bytes()?,
            segments: Vec::new(),
            file: None,
            snapshots,
        };
        let (mut in_memory, mut in_file, mut is_whole) = (0, 0, true);
        while image.end() < image.bytes {
            let header = image.read_header(&db)?;
            if !is_read(header, from) {
                image.segments.push(Segment::Unread(header));
                continue;
            }
            let content = image.read_segment(&db)?;
            if in_memory < TREE_IMAGE_MEMORY_SEGMENTS {
                in_memory += 1;
                image.segments.push(Segment::InMemory(content));
                continue;
            }
            if is_whole && let Err(error) = image.write(&content, in_file) {
                // What is left is read all the same.
                warn!(%error, dir = %dir.display(), "cannot copy the trees before they are opened");
                is_whole = false;
            }
            let bytes = content.len();
            image.segments.push(Segment::InFile { at: in_file, bytes });
            in_file += bytes as u64;
        }
        Ok(is_whole.then_some(image))
    }

    /// Opens the database until two recoveries come to the same snapshot. Restores it otherwise.
    pub(super) fn recover<T>(
        &self,
        open: impl Fn(Trial) -> Result<T, String>,
        close: impl Fn(T) -> Result<(), String>,
    ) -> Result<T, String> {
        let recovered = self.recover_twice(open, close);
        recovered.map_err(|what| match self.restore() {
            Ok(()) => what,
            Err(error) => format!("{what}; its files were not restored: {error}"),
        })
    }

    fn recover_twice<T>(
        &self,
        open: impl Fn(Trial) -> Result<T, String>,
        close: impl Fn(T) -> Result<(), String>,
    ) -> Result<T, String> {
        let text = |error: io::Error| error.to_string();
        let (mut before, mut failure) = (None, None);
        for _ in 0..RECOVERIES_MAX {
            let trial = match before {
                None => Trial::First,
                Some(_) => Trial::Again,
            };
            let found = match open(trial) {
                Ok(opened) => match read_snapshots(&self.dir) {
                    Ok(found) if before.as_ref() == Some(&found) => return Ok(opened),
                    // Closed before it is restored, whatever was found.
                    found => close(opened).and_then(|()| found.map_err(text)),
                },
                Err(what) => Err(what),
            };
            match found {
                Ok(found) => before = Some(found),
                // A disk that failed once may not fail again.
                Err(what) if failure.is_none() => {
                    warn!(%what, dir = %self.dir.display(), "cannot open the trees; trying again");
                    failure = Some(what);
                }
                Err(what) => return Err(what),
            }
            self.restore().map_err(text)?;
        }
        Err(failure.unwrap_or_else(|| "the disk returns different bytes each time".to_owned()))
    }

    /// Puts everything back, durably.
    fn restore(&self) -> io::Result<()> {
        let path = self.dir.join(DB_FILE);
        super::sled_db::SledDb::wait_until_closed(&self.dir);
        let db = RealFile::open(&path, OpenMode::Write)?;
        if !db.try_lock()? {
            return Err(io::Error::other("they are in use"));
        }
        for (number, segment) in self.segments.iter().enumerate() {
            let at = (number * TREE_SEGMENT_BYTES) as u64;
            match segment {
                Segment::Unread(header) => put_back(&db, header, at)?,
                Segment::InMemory(content) => put_back(&db, content, at)?,
                Segment::InFile { at: from, bytes } => {
                    put_back(&db, &self.read_copy(*from, *bytes)?, at)?;
                }
            }
        }
        db.set_len(self.bytes)?;
        db.sync_all()?;
        // The snapshot of the recovery last: with it, half of what is put back is valid as well.
        for (name, content) in &self.snapshots {
            let path = self.dir.join(name);
            if RealDisk.find(&path)?.is_none() {
                let file = RealFile::open(&path, OpenMode::CreateEmpty)?;
                file.write_at(content, 0)?;
                file.sync_all()?;
            }
        }
        RealDisk.sync_dir(&self.dir)?;
        for name in snapshot_names(&self.dir)? {
            if !self.snapshots.contains_key(&name) {
                RealDisk.remove_file(&self.dir.join(name))?;
            }
        }
        RealDisk.sync_dir(&self.dir)
    }

    /// The offset after the last segment.
    fn end(&self) -> u64 {
        (self.segments.len() * TREE_SEGMENT_BYTES) as u64
    }

    fn read_header(&self, db: &RealFile) -> io::Result<Header> {
        let mut header = [0; HEADER_BYTES];
        db.read_at(&mut header, self.end())?;
        Ok(header)
    }

    fn read_segment(&self, db: &RealFile) -> io::Result<Vec<u8>> {
        let mut content = vec![0; TREE_SEGMENT_BYTES];
        let bytes = db.read_at(&mut content, self.end())?;
        content.truncate(bytes);
        Ok(content)
    }

    fn write(&mut self, content: &[u8], at: u64) -> io::Result<()> {
        if self.file.is_none() {
            let path = self.dir.join(IMAGE_FILE);
            let file = RealFile::open(&path, OpenMode::CreateEmpty)?;
            // Without a name it ends with this process, and no later start restores from it.
            RealDisk.remove_file(&path)?;
            self.file = Some(file);
        }
        match &self.file {
            Some(file) => file.write_at(content, at),
            None => Ok(()),
        }
    }

    fn read_copy(&self, at: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let mut content = vec![0; bytes];
        let file = self.file.as_ref();
        match file.map_or(Ok(0), |file| file.read_at(&mut content, at))? {
            read if read == bytes => Ok(content),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// Which recovery it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trial {
    /// Its database is closed at once.
    First,
    Again,
}

/// Returns whether a recovery from this position of the log reads a segment.
fn is_read(header: Header, from: u64) -> bool {
    let position = header.get(4..).and_then(|rest| rest.first_chunk());
    let position = position.map_or(0, |bytes| u64::from_le_bytes(*bytes) ^ i64::MAX as u64);
    header != [0; HEADER_BYTES] && position >= from
}

/// Returns the position up to which a snapshot has the log, by its name.
fn log_position(name: &OsString) -> u64 {
    let digits = name
        .to_str()
        .and_then(|name| name.strip_prefix(SNAPSHOT_PREFIX));
    digits
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .unwrap_or(0)
}

fn snapshot_names(dir: &Path) -> io::Result<Vec<OsString>> {
    let mut names = RealDisk.list(dir)?;
    names.retain(|name| {
        name.as_encoded_bytes()
            .starts_with(SNAPSHOT_PREFIX.as_bytes())
    });
    Ok(names)
}

fn read_snapshots(dir: &Path) -> io::Result<Snapshots> {
    let names = snapshot_names(dir)?.into_iter();
    names
        .map(|name| Ok((name.clone(), RealDisk.read(&dir.join(name))?)))
        .collect()
}

/// Writes bytes unless they are there, or if that cannot be read.
fn put_back(db: &RealFile, content: &[u8], at: u64) -> io::Result<()> {
    let mut found = vec![0; content.len()];
    match db.read_at(&mut found, at) {
        Ok(bytes) if bytes == content.len() && found == content => Ok(()),
        _ => db.write_at(content, at),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use cairn_proto::ids::UserId;

    use super::super::sled_db::{close_sled, open_sled};
    use super::*;
    use crate::files::poison::Poison;
    use crate::testing::open;
    use crate::trees::rows::RowChange;
    use crate::trees::{RowKey, Tree};

    /// Fills more segments than memory holds.
    const ROWS: u32 = 3_000;

    fn value(n: u32) -> Vec<u8> {
        [n.to_le_bytes().as_slice(), &[n as u8; 8_000]].concat()
    }

    /// A database whose log goes on after its last snapshot.
    fn fill(dir: &Path) {
        for rows in [1, ROWS] {
            let trees = open(dir, &Poison::new());
            for n in 0..rows {
                let (key, value) = (RowKey::user(UserId::new(n)), Some(value(n)));
                trees
                    .write(Tree::Users, [RowChange { key, value }])
                    .unwrap();
            }
            trees.sync().unwrap();
        }
    }

    fn files(dir: &Path) -> Snapshots {
        let names = RealDisk.list(dir).unwrap().into_iter();
        let names = names.filter(|name| name != "blobs");
        names
            .map(|name| (name.clone(), RealDisk.read(&dir.join(name)).unwrap()))
            .collect()
    }

    /// As a recovery that took a read that failed for a free segment, and for the end of the log.
    fn destroy(dir: &Path) {
        let db = RealFile::open(&dir.join(DB_FILE), OpenMode::Write).unwrap();
        let bytes = db.bytes().unwrap();
        for at in (0..bytes).step_by(TREE_SEGMENT_BYTES) {
            db.write_at(&vec![0; TREE_SEGMENT_BYTES], at).unwrap();
        }
        let wrong = dir.join("snap.0000000000000001");
        let wrong = RealFile::open(&wrong, OpenMode::Create).unwrap();
        wrong.write_at(b"wrong", 0).unwrap();
    }

    #[test]
    fn recovery_that_missed_bytes_is_undone() {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path());
        let trees = dir.path().join("trees");
        let before = files(&trees);
        let image = Image::take(&trees).unwrap().unwrap();
        assert!(image.file.is_some() && files(&trees) == before);
        let missed = |_| {
            destroy(&trees);
            Err::<(), _>("missed".to_owned())
        };
        assert_eq!(image.recover(missed, |()| Ok(())), Err("missed".to_owned()));
        assert!(files(&trees) == before);
    }

    #[test]
    fn recoveries_that_differ_are_repeated() {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path());
        let trees = dir.path().join("trees");
        let image = Image::take(&trees).unwrap().unwrap();
        let trials = Cell::new(0);
        let recover = |trial| {
            trials.set(trials.get() + 1);
            if trials.get() == 1 {
                destroy(&trees);
                return Ok(None);
            }
            open_sled(&trees, trial).map(Some)
        };
        let close = |opened: Option<_>| opened.map_or(Ok(()), close_sled);
        let opened = image.recover(recover, close).unwrap();
        assert_eq!(trials.get(), 3);
        close(opened).unwrap();
        let trees = open(dir.path(), &Poison::new());
        for n in 0..ROWS {
            let found = trees.get(&RowKey::user(UserId::new(n))).unwrap();
            assert!(found.is_some_and(|found| *found == *value(n)), "row {n}");
        }
    }
}
