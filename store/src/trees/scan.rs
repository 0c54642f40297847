//! Reading many rows in the order of their keys.

use serde::de::DeserializeOwned;

use crate::trees::db::{Trees, TreesError};
use crate::trees::rows;
use crate::trees::{RowKey, RowPrefix};

/// Rows that one step of [`Trees::each`] takes.
const PAGE_ROWS: usize = 1024;

impl Trees {
    /// The rows that begin with `prefix` and stand behind `after`, in the order of their keys; at
    /// most `limit` of them.
    ///
    /// # Errors
    /// As [`Trees::read`].
    pub fn scan<T: DeserializeOwned>(
        &self,
        prefix: &RowPrefix,
        after: Option<&RowKey>,
        limit: usize,
    ) -> Result<Vec<(RowKey, T)>, TreesError> {
        self.scan_values(prefix, after, limit)?
            .into_iter()
            .map(|(key, value)| Ok((key, rows::unseal(&key, &value)?)))
            .collect()
    }

    /// Gives every row that begins with `prefix` to `take`, in the order of the keys. It reads them
    /// a page at a time: sled's readers hold up its writer.
    ///
    /// # Errors
    /// As [`Trees::read`], and what `take` fails with.
    pub fn each<T: DeserializeOwned, E: From<TreesError>>(
        &self,
        prefix: &RowPrefix,
        mut take: impl FnMut(&RowKey, T) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut after: Option<RowKey> = None;
        loop {
            let rows = self.scan::<T>(prefix, after.as_ref(), PAGE_ROWS)?;
            let count = rows.len();
            for (key, record) in rows {
                take(&key, record)?;
                after = Some(key);
            }
            if count < PAGE_ROWS {
                return Ok(());
            }
        }
    }
}
