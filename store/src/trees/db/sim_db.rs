//! A double of sled, for tests: an ordered map in memory, and a journal of its changes on the given
//! disk. A power cut leaves what was synced and any number of the first changes after it.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::path::Path;

use parking_lot::Mutex;
use sled::IVec;

use super::database::{Database, Entries};
use super::error::TreesError;
use crate::disk::{Disk, DiskFile, OpenMode};
use crate::files::durable;
use crate::trees::{RowKey, Tree};

const JOURNAL: &str = "db";

/// Length and checksum of a change.
const HEADER_BYTES: usize = 8;

#[derive(Debug)]
pub(crate) struct SimDb(Mutex<State>);

#[derive(Debug)]
struct State {
    journal: Box<dyn DiskFile>,
    end: u64,
    rows: Rows,
}

type Rows = BTreeMap<(u8, Vec<u8>), Vec<u8>>;

impl SimDb {
    pub(crate) fn open(disk: &dyn Disk, dir: &Path) -> Result<Self, TreesError> {
        Self::read(disk, dir).map_err(|source| TreesError::Io {
            action: "open",
            path: dir.to_owned(),
            source,
        })
    }

    fn read(disk: &dyn Disk, dir: &Path) -> io::Result<Self> {
        durable::create_dir_all(disk, dir)?;
        let path = dir.join(JOURNAL);
        let journal = disk.open(&path, OpenMode::Create)?;
        let bytes = disk.read(&path)?;
        let (mut rows, mut end) = (Rows::new(), 0);
        while let Some(change) = change_at(&bytes, end) {
            apply(change, &mut rows);
            end += HEADER_BYTES + change.len();
        }
        // A change after a torn one must not be read later, when the torn one was replaced.
        journal.set_len(end as u64)?;
        journal.sync_all()?;
        disk.sync_dir(dir)?;
        Ok(Self(Mutex::new(State {
            journal,
            end: end as u64,
            rows,
        })))
    }

    fn write(&self, changes: &[(&RowKey, Option<&[u8]>)]) -> io::Result<()> {
        let state = &mut *self.0.lock();
        let mut change = vec![0; HEADER_BYTES];
        for (key, value) in changes {
            change.push(key.tree() as u8);
            push(&mut change, key.bytes());
            change.push(u8::from(value.is_some()));
            push(&mut change, value.unwrap_or_default());
        }
        let at = usize::try_from(state.end).map_err(io::Error::other)?;
        let body = change.split_off(HEADER_BYTES);
        let record = [header(at, &body).as_slice(), &body].concat();
        state.journal.write_at(&record, state.end)?;
        state.end += record.len() as u64;
        apply(&body, &mut state.rows);
        Ok(())
    }
}

fn push(change: &mut Vec<u8>, bytes: &[u8]) {
    change.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    change.extend_from_slice(bytes);
}

/// The checksum covers the place as well, so that no earlier content of the file passes.
fn header(at: usize, body: &[u8]) -> [u8; HEADER_BYTES] {
    let crc = crc32c::crc32c_append(crc32c::crc32c(&at.to_string().into_bytes()), body);
    (u64::from(crc) << 32 | body.len() as u64).to_le_bytes()
}

/// Returns the change at this offset, if it is complete.
fn change_at(journal: &[u8], at: usize) -> Option<&[u8]> {
    let found = journal.get(at..)?.first_chunk::<HEADER_BYTES>()?;
    let bytes = u64::from_le_bytes(*found) as u32 as usize;
    let body = journal.get(at + HEADER_BYTES..)?.get(..bytes)?;
    (header(at, body) == *found).then_some(body)
}

fn apply(mut change: &[u8], rows: &mut Rows) {
    while let Some((tree, key, value)) = take(&mut change) {
        match value {
            Some(value) => drop(rows.insert((tree, key.to_vec()), value.to_vec())),
            None => drop(rows.remove(&(tree, key.to_vec()))),
        }
    }
}

type Row<'a> = (u8, &'a [u8], Option<&'a [u8]>);

fn take<'a>(change: &mut &'a [u8]) -> Option<Row<'a>> {
    let tree = *change.split_off_first()?;
    let key = take_bytes(change)?;
    let is_put = *change.split_off_first()? == 1;
    let value = take_bytes(change)?;
    Some((tree, key, is_put.then_some(value)))
}

fn take_bytes<'a>(change: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (bytes, rest) = change.split_first_chunk()?;
    let (bytes, rest) = rest.split_at_checked(u32::from_le_bytes(*bytes) as usize)?;
    *change = rest;
    Some(bytes)
}

impl Database for SimDb {
    fn apply(&self, _: Tree, changes: &[(&RowKey, Option<&[u8]>)]) -> sled::Result<()> {
        Ok(self.write(changes)?)
    }

    fn insert(&self, key: &RowKey, value: &[u8]) -> sled::Result<()> {
        Ok(self.write(&[(key, Some(value))])?)
    }

    fn get(&self, key: &RowKey) -> sled::Result<Option<IVec>> {
        let place = (key.tree() as u8, key.bytes().to_vec());
        Ok(self
            .0
            .lock()
            .rows
            .get(&place)
            .map(|value| IVec::from(value.as_slice())))
    }

    fn range(
        &self,
        tree: Tree,
        (from, to): (Bound<&[u8]>, Bound<&[u8]>),
    ) -> sled::Result<Entries<'_>> {
        let place = |bytes: &[u8]| (tree as u8, bytes.to_vec());
        let end = match to {
            Bound::Unbounded => Bound::Excluded((tree as u8 + 1, Vec::new())),
            to => to.map(place),
        };
        let from = match from {
            Bound::Unbounded => Bound::Included(place(&[])),
            from => from.map(place),
        };
        let found: Vec<_> = self
            .0
            .lock()
            .rows
            .range((from, end))
            .map(|((_, key), value)| Ok((key.as_slice().into(), value.as_slice().into())))
            .collect();
        Ok(Box::new(found.into_iter()))
    }

    fn sync(&self) -> Result<(), TreesError> {
        let synced = self.0.lock().journal.sync_data();
        synced.map_err(|source| TreesError::Sled {
            action: "flush",
            source: source.into(),
        })
    }
}
