//! Opening the store: its lock, its file, and what to do if the file is damaged or of another
//! account.

use std::fs::{self, OpenOptions};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use cairn_client::proto::limits::NAMED_STREAMS_PER_DEVICE;
use cairn_client::proto::wire::codec;
use cairn_client::{Account, Timestamp};
use redb::backends::InMemoryBackend;
use redb::{Builder, Database};

use super::cache::{Store, decode};
use super::error::StoreError;
use super::frame::{self, Found, Seal, Second};
use super::lock::{Lock, private};
use super::medium::Medium;
use super::plan::Stored;
use super::row::{Meta, Row, Table};
use crate::{Doubt, Draft, Restored, SavedPending, SavedState, StoreOp};

/// The version of the tables. A file of another one is set aside.
const SCHEMA: u32 = 1;

const FILE: &str = "cache.redb";
const NEW_FILE: &str = "cache.redb.new";
const SECOND_FILE: &str = "cache.frames";
const LOCK_FILE: &str = "cache.lock";
const DAMAGED_FILE: &str = "cache.redb.damaged";
const OTHER_FILE: &str = "cache.redb.other";

/// How long a file that was set aside stays.
const ASIDE_TIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Pages that the database keeps in memory.
const PAGE_CACHE_BYTES: usize = 16 * 1024 * 1024;

/// The bound of the entries, unless the program chooses another.
pub const ENTRIES_BYTES_MAX: u64 = 200 * 1024 * 1024;

/// How the store was opened.
#[derive(Debug)]
pub enum Condition {
    /// The cache of earlier runs, or a new one.
    Kept,
    /// Nothing outlives the process: the program chose so.
    NotKept,
    /// Nothing outlives the process: another one has the profile open.
    InUse,
    /// Nothing outlives the process: the files cannot be used.
    Unusable(StoreError),
    /// The file was damaged. It was set aside, and a new one holds what could be read.
    Damaged(Damage),
    /// The file is a copy, as of a profile or from a backup. Own messages that had not been sent
    /// are unknown: the other copy may have sent them.
    Copied {
        /// How many there are.
        outbox: usize,
    },
    /// The file was of another account or another server. It was set aside unread.
    OtherAccount {
        /// The file that was set aside.
        aside: PathBuf,
    },
}

/// What became of a damaged file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The damaged file.
    pub aside: PathBuf,
    /// Drafts that could be read. Others may be lost.
    pub drafts: usize,
    /// Own messages that could be read; whether they were sent is not known. Others may be lost.
    pub outbox: usize,
}

/// The store, what it held, and how it was opened.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: Store,
    /// What it held.
    pub restored: Restored,
    /// The number of its named send stream.
    pub stream: u64,
    /// How it was opened.
    pub condition: Condition,
}

/// What a file turned out to be.
enum Content {
    Usable(Database),
    Damaged,
    OfOther,
}

impl Store {
    /// Opens the cache of an account in the folder of its profile, or in memory if there is no
    /// folder. It opens in memory as well if the folder cannot be used; see [`Condition`].
    ///
    /// # Errors
    /// [`StoreError::Database`] if not even memory can be used.
    pub fn open(
        account: &Account,
        dir: Option<&Path>,
        bytes_max: u64,
        now: Timestamp,
    ) -> Result<Opened, StoreError> {
        let Some(dir) = dir else {
            return Self::in_memory(Condition::NotKept, bytes_max, now);
        };
        match Self::open_in(account, dir, bytes_max, now) {
            Ok(Some(opened)) => Ok(opened),
            Ok(None) => Self::in_memory(Condition::InUse, bytes_max, now),
            Err(error) => Self::in_memory(Condition::Unusable(error), bytes_max, now),
        }
    }

    /// Opens the cache of an account on a file in memory, which must be whole.
    ///
    /// # Errors
    /// [`StoreError::Database`] if the file is damaged, or in use.
    pub fn open_on(
        account: &Account,
        medium: &Medium,
        bytes_max: u64,
        now: Timestamp,
    ) -> Result<Opened, StoreError> {
        let is_new = medium.is_empty();
        let db = builder().create_with_backend(medium.open())?;
        let mut store = Self::new(db, None, None, bytes_max);
        store.is_kept = true;
        if is_new {
            let identity = (account.pin, account.user, account.device);
            store.begin_empty(&codec::encode(&identity))?;
        }
        let restored = store.restore(now)?;
        let stream = store.stream()?;
        Ok(Opened {
            store,
            restored,
            stream,
            condition: Condition::Kept,
        })
    }

    fn in_memory(
        condition: Condition,
        bytes_max: u64,
        now: Timestamp,
    ) -> Result<Opened, StoreError> {
        let db = builder().create_with_backend(InMemoryBackend::new())?;
        let mut store = Self::new(db, None, None, bytes_max);
        store.begin_empty(&[])?;
        let restored = store.restore(now)?;
        Ok(Opened {
            store,
            restored,
            stream: 0,
            condition,
        })
    }

    fn open_in(
        account: &Account,
        dir: &Path,
        bytes_max: u64,
        now: Timestamp,
    ) -> Result<Option<Opened>, StoreError> {
        let Some(lock) = Lock::take(&dir.join(LOCK_FILE))? else {
            return Ok(None);
        };
        for aside in [DAMAGED_FILE, OTHER_FILE] {
            remove_if_old(&dir.join(aside));
        }
        let identity = codec::encode(&(account.pin, account.user, account.device));
        let seal = Seal::of(&identity);
        let place = Place {
            new: dir.join(NEW_FILE),
            path: dir.join(FILE),
        };
        let file = File {
            lock,
            seal,
            bytes_max,
        };
        let content = examine(&place.path, &identity)?;
        let (mut store, condition) = match content {
            Some(Content::Usable(db)) => Self::continued(db, place.path, file)?,
            Some(Content::Damaged) => {
                let bytes = fs::read(&place.path).map_err(StoreError::io(&place.path))?;
                // Without the second copy, the file itself holds most.
                let second = fs::read(dir.join(SECOND_FILE)).unwrap_or_default();
                let found = frame::find_in(bytes, &second, seal);
                let aside = dir.join(DAMAGED_FILE);
                let mut damage = Damage {
                    aside: aside.clone(),
                    drafts: 0,
                    outbox: 0,
                };
                let store = Self::create(&place, file, &identity, |store| {
                    store.salvage(found, &mut damage)?;
                    set_aside(&place.path, &aside)
                })?;
                (store, Condition::Damaged(damage))
            }
            Some(Content::OfOther) => {
                let aside = dir.join(OTHER_FILE);
                let store =
                    Self::create(&place, file, &identity, |_| set_aside(&place.path, &aside))?;
                (store, Condition::OtherAccount { aside })
            }
            None => {
                let store = Self::create(&place, file, &identity, |_| Ok(()))?;
                (store, Condition::Kept)
            }
        };
        let second = Second::create(dir.join(SECOND_FILE), &store.all_frames()?)?;
        store.second = Some(second);
        let restored = store.restore(now)?;
        let stream = store.stream()?;
        Ok(Some(Opened {
            store,
            restored,
            stream,
            condition,
        }))
    }

    /// Continues a file that is as it was left, or a copy of it.
    fn continued(db: Database, path: PathBuf, file: File) -> Result<(Self, Condition), StoreError> {
        let aside = path.with_file_name(DAMAGED_FILE);
        let mut store = Self::new(db, Some(path), Some(file.lock), file.bytes_max);
        store.frames.seal = file.seal;
        store.restore_frames()?;
        if store.is_copy()? {
            let outbox = store.doubt_outbox()?;
            return Ok((store, Condition::Copied { outbox }));
        }
        let damage = Stored::read(&store.db)?.get(&Row::meta(Meta::Damage))?;
        let damage = damage.and_then(|bytes| decode::<(u64, u64)>(&bytes));
        let condition = damage.map_or(Condition::Kept, |(drafts, outbox)| {
            Condition::Damaged(Damage {
                aside,
                drafts: usize::try_from(drafts).unwrap_or(usize::MAX),
                outbox: usize::try_from(outbox).unwrap_or(usize::MAX),
            })
        });
        Ok((store, condition))
    }

    /// Creates a file, and fills it before it gets its name: one that exists is complete, so an
    /// empty one is damaged, and a crash leaves the old one or the new one.
    fn create(
        place: &Place,
        file: File,
        identity: &[u8],
        fill: impl FnOnce(&mut Self) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        let Place { new, path } = place;
        private(OpenOptions::new().write(true).create(true).truncate(true))
            .open(new)
            .map_err(StoreError::io(new))?;
        let db = builder().create(new)?;
        let mut store = Self::new(db, Some(new.clone()), Some(file.lock), file.bytes_max);
        store.frames.seal = file.seal;
        store.begin_empty(identity)?;
        store.keep_inode()?;
        fill(&mut store)?;
        fs::rename(new, path).map_err(StoreError::io(path))?;
        store.path = Some(path.clone());
        if let Some(dir) = path.parent() {
            sync_dir(dir)?;
        }
        Ok(store)
    }

    /// Records that a damage was reported to the user. The next start does not report it again.
    ///
    /// # Errors
    /// [`StoreError::Database`] if it cannot be written.
    pub fn damage_reported(&mut self) -> Result<(), StoreError> {
        self.put_meta(&[(Meta::Damage, None)])
    }

    /// Returns whether the file is a copy of the one that was written last.
    fn is_copy(&self) -> Result<bool, StoreError> {
        let Some(now) = self.path.as_deref().and_then(inode) else {
            return Ok(false);
        };
        let stored = Stored::read(&self.db)?;
        let before = stored.get(&Row::meta(Meta::Inode))?;
        drop(stored);
        let before = before.and_then(|bytes| decode::<u64>(&bytes));
        Ok(before.is_some_and(|before| before != now))
    }

    fn keep_inode(&mut self) -> Result<(), StoreError> {
        let inode = self.path.as_deref().and_then(inode);
        let inode = inode.map(|inode| codec::encode(&inode));
        self.put_meta(&[(Meta::Inode, inode)])
    }

    /// Makes the outbox of a copy unknown. Returns how many own messages it holds.
    fn doubt_outbox(&mut self) -> Result<usize, StoreError> {
        let outbox = self.outbox()?;
        let count = outbox.len();
        let doubted = outbox.into_iter().map(|mut pending| {
            doubt(&mut pending, Doubt::Copied);
            StoreOp::Pending(Box::new(pending))
        });
        self.perform(doubted.collect::<Vec<_>>())?;
        // The numbers of one stream are for one process.
        let stream = self.stream()?;
        let inode = self.path.as_deref().and_then(inode).unwrap_or_default();
        let others = NAMED_STREAMS_PER_DEVICE - 1;
        self.keep_stream((stream + 1 + inode % others) % NAMED_STREAMS_PER_DEVICE)?;
        // Last: after a crash before, the file is a copy still.
        self.keep_inode()?;
        Ok(count)
    }

    fn begin_empty(&mut self, identity: &[u8]) -> Result<(), StoreError> {
        let transaction = self.begin()?;
        for table in Table::ALL {
            transaction.open_table(table.definition())?;
        }
        transaction.commit()?;
        self.put_meta(&[
            (Meta::Schema, Some(SCHEMA.to_le_bytes().to_vec())),
            (Meta::Identity, Some(identity.to_vec())),
        ])
    }

    /// Stores what was found in a damaged file. Whether the own messages among it were sent or
    /// withdrawn since is not known.
    fn salvage(&mut self, found: Found, damage: &mut Damage) -> Result<(), StoreError> {
        self.frames.generation = found.last_generation;
        let mut ops = Vec::new();
        for frame in found.frames.into_values() {
            if frame.table == Table::Drafts.number() {
                if let Some(draft) = decode::<Draft>(&frame.payload) {
                    damage.drafts += 1;
                    ops.push(StoreOp::Draft(draft));
                }
            } else if frame.table == Table::Outbox.number()
                && let Some(mut pending) = decode::<SavedPending>(&frame.payload)
            {
                damage.outbox += 1;
                doubt(&mut pending, Doubt::Damaged);
                ops.push(StoreOp::Pending(Box::new(pending)));
            }
        }
        self.perform(ops)?;
        let counts = (damage.drafts as u64, damage.outbox as u64);
        self.put_meta(&[(Meta::Damage, Some(codec::encode(&counts)))])
    }
}

/// The names of the file, before and after it is complete.
struct Place {
    new: PathBuf,
    path: PathBuf,
}

/// What a store on disk is made of besides its database.
struct File {
    lock: Lock,
    seal: Seal,
    bytes_max: u64,
}

/// Makes an own message unknown, unless it was refused.
fn doubt(pending: &mut SavedPending, why: Doubt) {
    if !matches!(pending.state, SavedState::Failed(_)) {
        pending.state = SavedState::Unknown(why);
        pending.seq = None;
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(PAGE_CACHE_BYTES);
    builder.set_check_integrity_on_open(true);
    builder
}

/// Opens a file and checks all of it. Returns `None` if there is none.
fn examine(path: &Path, identity: &[u8]) -> Result<Option<Content>, StoreError> {
    match fs::metadata(path) {
        Ok(found) if found.len() == 0 => return Ok(Some(Content::Damaged)),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io(path)(error)),
    }
    // The database is robust against damage, but does not promise never to panic.
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let db = builder().open(path).map_err(StoreError::from)?;
        let stored = Stored::read(&db)?;
        let schema = stored.get(&Row::meta(Meta::Schema))?;
        let of = stored.get(&Row::meta(Meta::Identity))?;
        drop(stored);
        Ok::<_, StoreError>(match (schema, of) {
            (Some(schema), Some(of)) if schema == SCHEMA.to_le_bytes() => {
                if of == identity {
                    Content::Usable(db)
                } else {
                    Content::OfOther
                }
            }
            _ => Content::Damaged,
        })
    }));
    Ok(Some(match opened {
        Ok(Ok(content)) => content,
        Ok(Err(StoreError::Database(redb::Error::Io(error))))
            if error.kind() == std::io::ErrorKind::PermissionDenied =>
        {
            return Err(StoreError::io(path)(error));
        }
        Ok(Err(_)) | Err(_) => Content::Damaged,
    }))
}

/// The number of a file in its file system; `None` where there is none.
fn inode(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        fs::metadata(path).ok().map(|found| found.ino())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Adds a second name to a file. It loses the first one when the new file takes it.
fn set_aside(path: &Path, aside: &Path) -> Result<(), StoreError> {
    match fs::remove_file(aside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(StoreError::io(aside)(error));
        }
        _ => {}
    }
    // Not every file system has links.
    fs::hard_link(path, aside)
        .or_else(|_| fs::copy(path, aside).map(drop))
        .map_err(StoreError::io(aside))
}

fn remove_if_old(path: &Path) {
    let age = fs::metadata(path).and_then(|found| found.modified());
    let age = age.map(|modified| {
        SystemTime::now()
            .duration_since(modified)
            .unwrap_or_default()
    });
    if age.is_ok_and(|age| age > ASIDE_TIME) {
        // It is tried again at the next start.
        let _ = fs::remove_file(path);
    }
}

/// `rename` alone does not survive a power cut.
fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    {
        let opened = fs::File::open(dir).map_err(StoreError::io(dir))?;
        opened.sync_all().map_err(StoreError::io(dir))?;
    }
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}
