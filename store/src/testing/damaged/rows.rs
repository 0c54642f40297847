//! Rows of arbitrary bytes with their right checksums, as an error of a program would write them.

use std::path::Path;

use super::base::{BASE, DIR, check};
use super::{take, take_up_to};
use crate::check::doctor;
use crate::files::lock::DirLock;
use crate::trees::rows::{self, RowChange};
use crate::trees::{RowKey, RowPrefix, Tree};

/// Rows that are written, at most.
const ROWS_MAX: usize = 16;

/// Older versions of a row that are written.
const OLDER_VERSIONS: u8 = 1;

/// Writes rows into the trees of a directory, and reads everything. It is sound, or refused.
///
/// A row is `[tree][versions back, or 255 to remove it][length of key][key][length u16][record]`.
pub fn rows(mut data: &[u8]) {
    let env = BASE.restore();
    {
        let lock = DirLock::acquire(env.disk.as_ref(), Path::new(DIR)).unwrap();
        let trees = doctor::open_trees(&env, Path::new(DIR), &lock).unwrap();
        for _ in 0..ROWS_MAX {
            let Some([tree, back, length]) = take::<3>(&mut data) else {
                break;
            };
            let tree = Tree::ALL[usize::from(tree) % Tree::ALL.len()];
            let key = take_up_to(&mut data, usize::from(length));
            let Some(key) = RowKey::from_bytes(tree, key) else {
                continue;
            };
            let length = take::<2>(&mut data).map_or(0, u16::from_be_bytes);
            let record = take_up_to(&mut data, usize::from(length));
            let value = (back != u8::MAX).then(|| match tree {
                // Blocks have a form of their own.
                Tree::Messages => record.to_vec(),
                _ => rows::seal_record(back % (OLDER_VERSIONS + 1), &key, record),
            });
            // A value that is too large is refused.
            let _ = trees.write(tree, [RowChange { key, value }]);
        }
    }
    let _ = check(&env);
}

/// Each row of a sound directory.
#[must_use]
pub fn row_seeds() -> Vec<Vec<u8>> {
    let env = BASE.restore();
    let lock = DirLock::acquire(env.disk.as_ref(), Path::new(DIR)).unwrap();
    let trees = doctor::open_trees(&env, Path::new(DIR), &lock).unwrap();
    let mut seeds = vec![Vec::new()];
    for (number, tree) in Tree::ALL.into_iter().enumerate() {
        let all = trees.scan_values(&RowPrefix::all(tree), None, usize::MAX);
        for (key, value) in all.unwrap() {
            let value: &[u8] = value.as_ref();
            let record = match tree {
                Tree::Messages => value,
                _ => &value[rows::HEADER_BYTES..],
            };
            let mut seed = vec![number as u8, 0, key.bytes().len() as u8];
            seed.extend(key.bytes());
            seed.extend((record.len() as u16).to_be_bytes());
            seed.extend(record);
            seeds.push(seed);
        }
    }
    seeds
}
