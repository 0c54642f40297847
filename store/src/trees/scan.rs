//! Reading many rows in key order.

use serde::de::DeserializeOwned;

use crate::trees::db::{Trees, TreesError};
use crate::trees::rows;
use crate::trees::{RowKey, RowPrefix};

/// Rows in one page of [`Trees::each`].
const PAGE_ROWS: usize = 1024;

impl Trees {
    /// Returns the rows with this prefix after `after`, in key order; at most `limit` of them.
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

    /// Calls `take` with every row with this prefix, in key order. Reads in pages, since sled's
    /// readers block its writer.
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
