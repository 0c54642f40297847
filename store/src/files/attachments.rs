//! Attachment files, named by the hash of their content. Clients control no other part of a path.
//!
//! ```text
//! attachments/partial/<uploader>-<hash>  a partial upload
//! attachments/<2 digits>/<hash>           complete attachments, in folders by the first two digits
//! ```

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{UserId, VisitorId};

use crate::disk::{Disk, DiskFile, OpenMode};
use crate::env::Env;
use crate::files::disk_reserve::DiskReserve;
use crate::files::durable::create_dir;
use crate::limits::{TRANSFER_BUFFER_BYTES, TRANSFER_REREAD_BYTES, TRANSFER_SYNC_BYTES};

const PARTIAL: &str = "partial";

/// The attachment files of one data directory. They are on this machine alone: the log has only
/// their records.
#[derive(Clone, Debug)]
pub struct LocalAttachments {
    env: Env,
    dir: PathBuf,
    reserve: DiskReserve,
}

/// A partial upload.
#[derive(Debug)]
pub struct Partial {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    reserve: DiskReserve,
    hash: AttachmentHash,
    hasher: blake3::Hasher,
    bytes: u64,
    unsynced_bytes: u64,
}

/// Whose upload it is. Visitors of the support desk share a user, but no files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Uploader {
    User(UserId),
    Visitor(VisitorId),
}

impl From<UserId> for Uploader {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

impl fmt::Display for Uploader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(f, "{user}"),
            Self::Visitor(visitor) => write!(f, "v{visitor}"),
        }
    }
}

/// An unfinished upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfinished {
    pub uploader: Uploader,
    pub hash: AttachmentHash,
    /// The bytes that arrived.
    pub bytes: u64,
    pub modified: SystemTime,
}

impl LocalAttachments {
    pub fn open(env: &Env, data: &Path) -> io::Result<Self> {
        let files = Self::in_dir(env, data, None);
        create_dir(files.disk(), &files.dir)?;
        create_dir(files.disk(), &files.dir.join(PARTIAL))?;
        Ok(files)
    }

    /// Replaces the default disk reserve.
    #[must_use]
    pub fn leaving(self, reserve_bytes: u64) -> Self {
        Self {
            reserve: DiskReserve::of(&self.env, &self.dir, Some(reserve_bytes)),
            ..self
        }
    }

    /// The files in a data directory that may have none.
    #[must_use]
    pub(crate) fn in_dir(env: &Env, data: &Path, reserve_bytes: Option<u64>) -> Self {
        let dir = data.join("attachments");
        Self {
            reserve: DiskReserve::of(env, &dir, reserve_bytes),
            env: env.clone(),
            dir,
        }
    }

    fn disk(&self) -> &dyn Disk {
        self.env.disk.as_ref()
    }

    /// Resumes or starts an upload. Call [`Partial::reread`] before adding bytes.
    pub fn upload(
        &self,
        uploader: impl Into<Uploader>,
        hash: AttachmentHash,
    ) -> io::Result<Partial> {
        let path = self.partial_path(uploader.into(), hash);
        let file = self.disk().open(&path, OpenMode::Create)?;
        Ok(Partial {
            file,
            path,
            reserve: self.reserve.clone(),
            hash,
            hasher: blake3::Hasher::new(),
            bytes: 0,
            unsynced_bytes: 0,
        })
    }

    /// Fails when this many more bytes would not fit on the disk.
    ///
    /// # Errors
    ///
    /// Of the kind [`io::ErrorKind::StorageFull`].
    pub fn check_space(&self, bytes: u64) -> io::Result<()> {
        self.reserve.check(bytes)
    }

    /// Returns how many bytes of an upload are on disk.
    pub fn arrived(&self, uploader: impl Into<Uploader>, hash: AttachmentHash) -> io::Result<u64> {
        let path = self.partial_path(uploader.into(), hash);
        let found = self.disk().find(&path)?;
        Ok(found.map_or(0, |stat| stat.bytes))
    }

    /// Moves a complete upload to its place, durably. An existing file there has the same content
    /// and is replaced.
    pub fn place(&self, partial: &Partial) -> io::Result<()> {
        let path = self.path(partial.hash);
        let folder = self.folder(partial.hash);
        create_dir(self.disk(), &folder)?;
        self.disk().rename(&partial.path, &path)?;
        self.disk().sync_dir(&folder)
    }

    pub fn read(&self, hash: AttachmentHash) -> io::Result<Box<dyn DiskFile>> {
        self.disk().open(&self.path(hash), OpenMode::Read)
    }

    /// Removes an attachment, if it exists. A crash may restore the file until the next sweep.
    pub fn remove(&self, hash: AttachmentHash) -> io::Result<()> {
        ignore_missing(self.disk().remove_file(&self.path(hash)))
    }

    pub fn remove_partial(
        &self,
        uploader: impl Into<Uploader>,
        hash: AttachmentHash,
    ) -> io::Result<()> {
        let path = self.partial_path(uploader.into(), hash);
        ignore_missing(self.disk().remove_file(&path))
    }

    /// Lists the unfinished uploads.
    pub fn unfinished(&self) -> io::Result<Vec<Unfinished>> {
        let mut unfinished = Vec::new();
        let dir = self.dir.join(PARTIAL);
        for name in self.disk().list(&dir)? {
            if let Some((uploader, hash)) = name.to_str().and_then(parse_partial) {
                // It may be finished since it was listed.
                let Some(stat) = self.disk().find(&dir.join(name))? else {
                    continue;
                };
                unfinished.push(Unfinished {
                    uploader,
                    hash,
                    bytes: stat.bytes,
                    modified: stat.modified,
                });
            }
        }
        Ok(unfinished)
    }

    /// Lists the attachments whose hashes begin with this byte.
    pub fn beginning_with(&self, first: u8) -> io::Result<Vec<AttachmentHash>> {
        let names = match self.disk().list(&self.dir.join(format!("{first:02x}"))) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            names => names?,
        };
        let hashes = names.iter().filter_map(|name| name.to_str()?.parse().ok());
        Ok(hashes.collect())
    }

    fn folder(&self, hash: AttachmentHash) -> PathBuf {
        let [first, ..] = *hash.as_bytes();
        self.dir.join(format!("{first:02x}"))
    }

    fn path(&self, hash: AttachmentHash) -> PathBuf {
        self.folder(hash).join(hash.to_string())
    }

    fn partial_path(&self, uploader: Uploader, hash: AttachmentHash) -> PathBuf {
        self.dir.join(PARTIAL).join(format!("{uploader}-{hash}"))
    }
}

fn parse_partial(name: &str) -> Option<(Uploader, AttachmentHash)> {
    let (uploader, hash) = name.split_once('-')?;
    let uploader = match uploader.strip_prefix('v') {
        Some(visitor) => Uploader::Visitor(visitor.parse().ok()?),
        None => Uploader::User(uploader.parse().ok()?),
    };
    Some((uploader, hash.parse().ok()?))
}

fn ignore_missing(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

impl Partial {
    /// Reads what arrived before, a few megabytes at a time, into the hash. Returns whether there
    /// may be more.
    pub fn reread(&mut self) -> io::Result<bool> {
        let mut buffer = vec![0; TRANSFER_BUFFER_BYTES];
        let mut left = TRANSFER_REREAD_BYTES;
        while left > 0 {
            let bytes = self.file.read_at(&mut buffer, self.bytes)?;
            if bytes == 0 {
                return Ok(false);
            }
            self.hasher.update(buffer.get(..bytes).unwrap_or_default());
            self.bytes += bytes as u64;
            left = left.saturating_sub(bytes as u64);
        }
        Ok(true)
    }

    /// The bytes that arrived and were hashed.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Discards what arrived.
    pub fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.hasher.reset();
        (self.bytes, self.unsynced_bytes) = (0, 0);
        Ok(())
    }

    /// Adds bytes. It syncs now and then: the last sync, which the client waits for, has little
    /// left to do, and a commit of messages never waits for gigabytes.
    ///
    /// # Errors
    ///
    /// When it cannot be written, or the disk is full.
    pub fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.reserve.check(bytes.len() as u64)?;
        self.file.write_at(bytes, self.bytes)?;
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        self.unsynced_bytes += bytes.len() as u64;
        if self.unsynced_bytes >= TRANSFER_SYNC_BYTES {
            let synced = self.file.sync_data();
            self.discard_unless(synced)?;
            self.unsynced_bytes = 0;
        }
        Ok(())
    }

    /// After a sync that failed, no later one writes what was lost, although it is read from the
    /// page cache: nothing of the file may be resumed.
    fn discard_unless(&self, synced: io::Result<()>) -> io::Result<()> {
        if synced.is_err() {
            self.file.set_len(0)?;
        }
        synced
    }

    /// Returns whether the content matches the hash. If so, it is durable but for its name.
    pub fn is_complete(&mut self) -> io::Result<bool> {
        if self.hasher.finalize().as_bytes() != self.hash.as_bytes() {
            return Ok(false);
        }
        let synced = self.file.sync_all();
        self.discard_unless(synced)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Call, Failure, Fault, SimDisk};

    fn hash_of(bytes: &[u8]) -> AttachmentHash {
        AttachmentHash::new(*blake3::hash(bytes).as_bytes())
    }

    fn content(files: &LocalAttachments, hash: AttachmentHash) -> Vec<u8> {
        files.disk().read(&files.path(hash)).unwrap()
    }

    #[test]
    fn upload_resumes_and_is_placed_by_hash() {
        let dir = tempfile::tempdir().unwrap();
        let files = LocalAttachments::open(&Env::real(), dir.path()).unwrap();
        let (user, hash) = (UserId::new(7), hash_of(b"one and two"));
        files.upload(user, hash).unwrap().add(b"one and").unwrap();
        let unfinished = files.unfinished().unwrap();
        assert_eq!(
            unfinished
                .iter()
                .map(|unfinished| (unfinished.uploader, unfinished.hash, unfinished.bytes))
                .collect::<Vec<_>>(),
            [(user.into(), hash, 7)]
        );
        let mut again = files.upload(user, hash).unwrap();
        while again.reread().unwrap() {}
        assert_eq!(again.bytes(), 7);
        assert!(!again.is_complete().unwrap());
        again.add(b" two").unwrap();
        assert!(again.is_complete().unwrap());
        files.place(&again).unwrap();
        assert!(files.unfinished().unwrap().is_empty());
        assert_eq!(content(&files, hash), b"one and two");
        let [first, ..] = *hash.as_bytes();
        assert_eq!(files.beginning_with(first).unwrap(), [hash]);
        files.remove(hash).unwrap();
        files.remove(hash).unwrap();
        assert!(files.beginning_with(first).unwrap().is_empty());
    }

    #[test]
    fn uploads_respect_the_reserve() {
        let dir = tempfile::tempdir().unwrap();
        let files = LocalAttachments::open(&Env::real(), dir.path())
            .unwrap()
            .leaving(1 << 60);
        let (user, hash) = (UserId::new(7), hash_of(b"one"));
        assert_eq!(
            files.check_space(1).unwrap_err().kind(),
            io::ErrorKind::StorageFull
        );
        assert_eq!(
            files
                .upload(user, hash)
                .unwrap()
                .add(b"one")
                .unwrap_err()
                .kind(),
            io::ErrorKind::StorageFull
        );
        assert_eq!(files.arrived(user, hash).unwrap(), 0);
    }

    #[test]
    fn upload_does_not_resume_after_a_failed_sync() {
        for seed in 0..20 {
            let disk = SimDisk::new(seed);
            let files =
                LocalAttachments::open(&Env::simulated(&disk, seed), Path::new("/")).unwrap();
            let content_of = vec![7; 3 * TRANSFER_SYNC_BYTES as usize];
            let (user, hash) = (UserId::new(7), hash_of(&content_of));
            disk.fail(Fault {
                call: Call::Sync,
                nth: 1 + seed % 3,
                failure: Failure::Io,
                is_sticky: false,
            });
            let mut upload = files.upload(user, hash).unwrap();
            let chunks = || content_of.chunks(TRANSFER_SYNC_BYTES as usize);
            chunks()
                .try_for_each(|bytes| upload.add(bytes))
                .unwrap_err();
            let mut again = files.upload(user, hash).unwrap();
            while again.reread().unwrap() {}
            let left = &content_of[again.bytes() as usize..];
            left.chunks(TRANSFER_SYNC_BYTES as usize)
                .try_for_each(|bytes| again.add(bytes))
                .unwrap();
            assert!(again.is_complete().unwrap());
            files.place(&again).unwrap();
            disk.crash();
            assert!(content(&files, hash) == content_of, "seed {seed}");
        }
    }

    #[test]
    fn restarted_upload_is_empty() {
        let dir = tempfile::tempdir().unwrap();
        let files = LocalAttachments::open(&Env::real(), dir.path()).unwrap();
        let (user, hash) = (UserId::new(7), hash_of(b"right"));
        let mut upload = files.upload(user, hash).unwrap();
        upload.add(b"something longer").unwrap();
        upload.restart().unwrap();
        upload.add(b"right").unwrap();
        assert!(upload.is_complete().unwrap());
        files.place(&upload).unwrap();
        assert_eq!(content(&files, hash), b"right");
    }
}
