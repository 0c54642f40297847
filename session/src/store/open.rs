//! Opening the store: its lock, its file, and what to do if the file is damaged or of another
//! account.

use std::fs::{self, OpenOptions};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use cairn_client::proto::wire::codec;
use cairn_client::{Account, Timestamp};
use redb::backends::InMemoryBackend;
use redb::{Builder, Database};

use super::cache::{Store, decode};
use super::error::StoreError;
use super::frame::{self, Found, Seal};
use super::lock::{Lock, private};
use super::plan::Stored;
use super::row::{Meta, Row, Table};
use crate::{Doubt, Draft, Restored, SavedPending, SavedState, StoreOp};

/// The version of the tables. A file of another one is set aside.
const SCHEMA: u32 = 1;

const FILE: &str = "cache.redb";
const NEW_FILE: &str = "cache.redb.new";
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
        let path = dir.join(FILE);
        let mut condition = Condition::Kept;
        let mut found = Found::default();
        let db = match examine(&path, &identity)? {
            Some(Content::Usable(db)) => Some(db),
            Some(Content::Damaged) => {
                let bytes = fs::read(&path).map_err(StoreError::io(&path))?;
                found = frame::find(&bytes, seal);
                let aside = set_aside(&path, dir.join(DAMAGED_FILE))?;
                condition = Condition::Damaged(Damage {
                    aside,
                    drafts: 0,
                    outbox: 0,
                });
                None
            }
            Some(Content::OfOther) => {
                let aside = set_aside(&path, dir.join(OTHER_FILE))?;
                condition = Condition::OtherAccount { aside };
                None
            }
            None => None,
        };
        let mut store = match db {
            Some(db) => Self::new(db, Some(path), Some(lock), bytes_max),
            None => Self::create(dir, path, lock, bytes_max, &identity)?,
        };
        store.frames.seal = seal;
        if let Condition::Damaged(damage) = &mut condition {
            store.salvage(found, damage)?;
        }
        let restored = store.restore(now)?;
        let stream = store.stream()?;
        Ok(Some(Opened {
            store,
            restored,
            stream,
            condition,
        }))
    }

    /// Creates a file under another name first: one that exists is complete, so an empty one is
    /// damaged.
    fn create(
        dir: &Path,
        path: PathBuf,
        lock: Lock,
        bytes_max: u64,
        identity: &[u8],
    ) -> Result<Self, StoreError> {
        let new = dir.join(NEW_FILE);
        private(OpenOptions::new().write(true).create(true).truncate(true))
            .open(&new)
            .map_err(StoreError::io(&new))?;
        let db = builder().create(&new)?;
        let mut store = Self::new(db, Some(path.clone()), Some(lock), bytes_max);
        store.begin_empty(identity)?;
        fs::rename(&new, &path).map_err(StoreError::io(&path))?;
        sync_dir(dir)?;
        Ok(store)
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
                if !matches!(pending.state, SavedState::Failed(_)) {
                    pending.state = SavedState::Unknown(Doubt::Damaged);
                }
                ops.push(StoreOp::Pending(Box::new(pending)));
            }
        }
        self.perform(ops)
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

fn set_aside(path: &Path, aside: PathBuf) -> Result<PathBuf, StoreError> {
    fs::rename(path, &aside).map_err(StoreError::io(path))?;
    Ok(aside)
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
