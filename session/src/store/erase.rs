//! Overwriting freed pages, so that erased content leaves the file.
//!
//! The database copies a page before it changes it, and keeps the old one as it was until it is
//! used again. [`Store::clean`] makes it use all of them: it moves the pages in use to the
//! beginning of the file and cuts off its end, fills every free page in between with zeros, and
//! removes the filling.

use std::fs;

use redb::TableDefinition;

use super::cache::Store;
use super::error::StoreError;
use super::row::Meta;

const FILLING: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("filling");

/// With its key and the head of the page, a value fills one page.
const FILLING_BYTES: usize = 3_900;

impl Store {
    /// Whether freed pages may hold what was erased. [`Store::clean`] is due within a minute.
    #[must_use]
    pub const fn is_unclean(&self) -> bool {
        self.is_unclean
    }

    /// Overwrites what was erased. Takes time in proportion to the file.
    ///
    /// # Errors
    /// [`StoreError::Database`] if it cannot be written.
    pub fn clean(&mut self) -> Result<(), StoreError> {
        self.flush()?;
        if !self.is_unclean {
            return Ok(());
        }
        self.renew_second()?;
        if let Some(path) = self.path.clone() {
            self.db.compact()?;
            let bytes = || fs::metadata(&path).map_err(StoreError::io(&path));
            let before = bytes()?.len();
            let transaction = self.begin()?;
            {
                let mut filling = transaction.open_table(FILLING)?;
                let mut key = 0;
                // The file grows only once no page is free.
                while bytes()?.len() <= before {
                    filling.insert(key, [0; FILLING_BYTES].as_slice())?;
                    key += 1;
                }
            }
            transaction.commit()?;
            let transaction = self.begin()?;
            transaction.delete_table(FILLING)?;
            transaction.commit()?;
            self.db.compact()?;
        }
        self.is_unclean = false;
        self.put_meta(&[(Meta::Unclean, None)])
    }
}
