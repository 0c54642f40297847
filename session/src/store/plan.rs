//! A change to the store before it is written: what the operations make of the stored rows.

use std::collections::BTreeMap;

use redb::{Database, ReadOnlyTable, ReadTransaction, ReadableDatabase as _};

use super::error::StoreError;
use super::row::{Row, Table};

/// A row, as it is stored.
pub(crate) type KeyAndValue = (Vec<u8>, Vec<u8>);

/// The stored rows as of one moment.
pub(crate) struct Stored {
    tables: Vec<ReadOnlyTable<&'static [u8], &'static [u8]>>,
}

impl Stored {
    pub(crate) fn read(db: &Database) -> Result<Self, StoreError> {
        let transaction: ReadTransaction = db.begin_read()?;
        let open = |table: Table| transaction.open_table(table.definition());
        let tables = Table::ALL.into_iter().map(open).collect::<Result<_, _>>()?;
        Ok(Self { tables })
    }

    fn table(&self, table: Table) -> &ReadOnlyTable<&'static [u8], &'static [u8]> {
        &self.tables[table as usize]
    }

    pub(crate) fn get(&self, row: &Row) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.table(row.table).get(row.key.as_slice())?;
        Ok(value.map(|value| value.value().to_vec()))
    }

    /// Calls `each` with the rows of a range, in the order of their keys, as long as it returns
    /// true.
    pub(crate) fn scan(
        &self,
        table: Table,
        (from, to): (&[u8], &[u8]),
        mut each: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), StoreError> {
        for row in self.table(table).range(from..=to)? {
            let (key, value) = row?;
            if !each(key.value(), value.value()) {
                break;
            }
        }
        Ok(())
    }

    /// Like [`Stored::scan`], from the last key to the first.
    pub(crate) fn scan_back(
        &self,
        table: Table,
        (from, to): (&[u8], &[u8]),
        mut each: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), StoreError> {
        for row in self.table(table).range(from..=to)?.rev() {
            let (key, value) = row?;
            if !each(key.value(), value.value()) {
                break;
            }
        }
        Ok(())
    }

    /// Returns all rows of a table.
    pub(crate) fn all(&self, table: Table) -> Result<Vec<KeyAndValue>, StoreError> {
        let mut rows = Vec::new();
        self.scan(table, (&[], &[0xff; 17]), |key, value| {
            rows.push((key.to_vec(), value.to_vec()));
            true
        })?;
        Ok(rows)
    }
}

/// The rows to write, over those that are stored.
pub(crate) struct Plan<'a> {
    stored: &'a Stored,
    rows: BTreeMap<Row, Option<Vec<u8>>>,
    /// Frames of removed rows, for the second copy alone.
    pub(crate) removed: Vec<u8>,
    /// Whether content was erased, so that freed pages must be overwritten.
    pub(crate) erases: bool,
}

impl<'a> Plan<'a> {
    pub(crate) const fn new(stored: &'a Stored) -> Self {
        Self {
            stored,
            rows: BTreeMap::new(),
            removed: Vec::new(),
            erases: false,
        }
    }

    pub(crate) fn get(&self, row: &Row) -> Result<Option<Vec<u8>>, StoreError> {
        match self.rows.get(row) {
            Some(value) => Ok(value.clone()),
            None => self.stored.get(row),
        }
    }

    pub(crate) fn put(&mut self, row: Row, value: Vec<u8>) {
        self.rows.insert(row, Some(value));
    }

    pub(crate) fn remove(&mut self, row: Row) {
        self.rows.insert(row, None);
    }

    /// Returns the keys of a range.
    pub(crate) fn keys(
        &self,
        table: Table,
        from: &[u8],
        to: &[u8],
    ) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        self.stored.scan(table, (from, to), |key, _| {
            rows.push(Row {
                table,
                key: key.to_vec(),
            });
            true
        })?;
        let bound = |key: &[u8]| Row {
            table,
            key: key.to_vec(),
        };
        rows.extend(
            self.rows
                .range(bound(from)..=bound(to))
                .map(|(row, _)| row.clone()),
        );
        rows.sort_unstable();
        rows.dedup();
        rows.retain(|row| self.rows.get(row).is_none_or(Option::is_some));
        Ok(rows)
    }

    /// Returns the rows that differ from the stored ones, each with the length of the stored value.
    pub(crate) fn changes(self) -> Result<Vec<Change>, StoreError> {
        let mut changes = Vec::new();
        for (row, new) in self.rows {
            let old = self.stored.get(&row)?;
            if old != new {
                let old_bytes = old.map(|old| old.len());
                changes.push(Change {
                    row,
                    old_bytes,
                    new,
                });
            }
        }
        Ok(changes)
    }
}

/// A row to write.
pub(crate) struct Change {
    pub(crate) row: Row,
    pub(crate) old_bytes: Option<usize>,
    pub(crate) new: Option<Vec<u8>>,
}
