//! The ordered map under the trees.

use std::ops::Bound;

use sled::IVec;

use super::error::TreesError;
use crate::trees::{RowKey, Tree};

/// Keys and values in order. Iteration from both ends.
pub(crate) type Entries<'a> = Box<dyn DoubleEndedIterator<Item = sled::Result<(IVec, IVec)>> + 'a>;

/// An ordered map for each tree. What was written is durable after the next [`Database::sync`];
/// before that, a power cut may leave any number of the first calls.
pub(crate) trait Database: Send + Sync {
    /// Writes several rows of a tree at once, or deletes those without a value.
    fn apply(&self, tree: Tree, changes: &[(&RowKey, Option<&[u8]>)]) -> sled::Result<()>;

    fn insert(&self, key: &RowKey, value: &[u8]) -> sled::Result<()>;

    fn get(&self, key: &RowKey) -> sled::Result<Option<IVec>>;

    fn range(&self, tree: Tree, range: (Bound<&[u8]>, Bound<&[u8]>)) -> sled::Result<Entries<'_>>;

    /// Makes everything written durable. Must never be repeated after an error.
    fn sync(&self) -> Result<(), TreesError>;
}
