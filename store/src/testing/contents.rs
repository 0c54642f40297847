//! What the data directory of a stopped server holds, to be searched for what must be gone.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests"
)]

use std::collections::BTreeSet;
use std::path::Path;

use crate::blocks::block::{BlockPlace, BlockReader};
use crate::disk::{Disk, FileKind};
use crate::env::Env;
use crate::files::poison::Poison;
use crate::trees::db::Trees;
use crate::trees::{RowKey, RowPrefix, Tree, parse};

/// The name under which the log is found.
pub const LOG: &str = "log";

/// The name under which attachments are found.
pub const ATTACHMENTS: &str = "attachments";

/// Bytes with the name of where they are: a tree, whose blocks are unpacked, [`LOG`] or
/// [`ATTACHMENTS`].
#[derive(Debug)]
pub struct Contents(Vec<(String, Vec<u8>)>);

impl Contents {
    /// Reads everything.
    #[must_use]
    pub fn read(env: &Env, data: &Path) -> Self {
        let mut contents = Self(Vec::new());
        let (dir, aside) = (data.join("trees"), data.join("aside"));
        let trees = Trees::open_in(env, &dir, &aside, &Poison::new()).unwrap();
        let reader = BlockReader::default();
        for tree in Tree::ALL {
            for (key, value) in trees
                .scan_values(&RowPrefix::all(tree), None, usize::MAX)
                .unwrap()
            {
                let value = match tree {
                    Tree::Messages => unpacked(&reader, &key, &value),
                    _ => value.to_vec(),
                };
                let bytes = [key.bytes(), &value].concat();
                contents.0.push((tree.name().to_owned(), bytes));
            }
        }
        contents.add_files(env.disk.as_ref(), &data.join("log"), LOG);
        contents.add_files(env.disk.as_ref(), &data.join("attachments"), ATTACHMENTS);
        contents
    }

    /// Reads the files as they are.
    #[must_use]
    pub fn of_files(env: &Env, data: &Path) -> Self {
        let mut contents = Self(Vec::new());
        contents.add_files(env.disk.as_ref(), data, "");
        contents
    }

    fn add_files(&mut self, disk: &dyn Disk, dir: &Path, name: &str) {
        for file in disk.list(dir).unwrap_or_default() {
            let path = dir.join(file);
            match disk.stat(&path).map(|stat| stat.kind) {
                Ok(FileKind::Folder) => self.add_files(disk, &path, name),
                Ok(FileKind::File) => {
                    let bytes = disk.read(&path).unwrap();
                    let name = match name {
                        "" => path.display().to_string(),
                        name => name.to_owned(),
                    };
                    self.0.push((name, bytes));
                }
                _ => {}
            }
        }
    }

    /// Returns the names of where these bytes are.
    #[must_use]
    pub fn places_of(&self, wanted: &[u8]) -> BTreeSet<&str> {
        let holds = |bytes: &[u8]| bytes.windows(wanted.len()).any(|some| some == wanted);
        let places = self.0.iter().filter(|(_, bytes)| holds(bytes));
        places.map(|(place, _)| place.as_str()).collect()
    }
}

fn unpacked(reader: &BlockReader, key: &RowKey, value: &[u8]) -> Vec<u8> {
    let (conversation, first) = parse::block(key.bytes()).unwrap();
    let place = BlockPlace {
        conversation,
        first,
    };
    reader.unpack(place, value).unwrap().entries.to_vec()
}
