//! The state of a simulated disk: files, folders, and which calls fail.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path};
use std::sync::Arc;

use parking_lot::Mutex;

use super::dice::Dice;
use super::faults::{Call, Faults};
use super::file::Pages;
use super::folder::{Folder, NodeId};
use crate::disk::Space;

pub(super) type Shared = Arc<Mutex<Machine>>;

/// The disk and the power of the machine that it is in.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) nodes: BTreeMap<NodeId, Node>,
    pub(super) next_id: u64,
    pub(super) faults: Faults,
    pub(super) dice: Dice,
    pub(super) space: Space,
    /// Raised by a power cut. Files that were opened before it are gone.
    pub(super) boot: u64,
    /// A checksum of all calls.
    pub(super) trace: u32,
}

#[derive(Debug)]
pub(super) enum Node {
    File { pages: Pages, holder: Option<u64> },
    Folder(Folder),
}

const ROOT: NodeId = NodeId(0);

/// The default capacity.
const SPACE: Space = Space {
    bytes: 1 << 40,
    free_bytes: 1 << 39,
};

pub(super) fn not_found() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Machine {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            nodes: BTreeMap::from([(ROOT, Node::Folder(Folder::default()))]),
            next_id: 1,
            faults: Faults::default(),
            dice: Dice::new(seed),
            space: SPACE,
            boot: 0,
            trace: 0,
        }
    }

    /// Starts the machine again after a power cut.
    pub(super) fn crash(&mut self) {
        self.boot += 1;
        self.faults.clear();
        let losses = &mut self.faults.losses;
        for node in self.nodes.values_mut() {
            match node {
                Node::File { pages, holder } => {
                    pages.cut_power(&mut self.dice, losses);
                    *holder = None;
                }
                Node::Folder(folder) => folder.cut_power(&mut self.dice, losses),
            }
        }
        self.drop_unnamed();
    }

    pub(super) fn enter(&mut self, call: Call, what: &[u8]) -> io::Result<()> {
        self.trace = crc32c::crc32c_append(self.trace, &[call as u8]);
        self.trace = crc32c::crc32c_append(self.trace, what);
        self.faults.enter(call)
    }

    pub(super) fn take_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    pub(super) fn find(&self, path: &Path) -> io::Result<NodeId> {
        let mut at = ROOT;
        for component in path.components() {
            at = match component {
                Component::RootDir | Component::CurDir => at,
                Component::Normal(name) => self.folder(at)?.get(name).ok_or_else(not_found)?,
                Component::Prefix(_) | Component::ParentDir => return Err(not_found()),
            };
        }
        Ok(at)
    }

    /// Returns the folder of a path, and the name in it.
    fn place<'a>(&self, path: &'a Path) -> io::Result<(NodeId, &'a OsStr)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        Ok((self.find(path.parent().unwrap_or(Path::new("")))?, name))
    }

    pub(super) fn folder(&self, id: NodeId) -> io::Result<&Folder> {
        match self.nodes.get(&id) {
            Some(Node::Folder(folder)) => Ok(folder),
            Some(Node::File { .. }) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(not_found()),
        }
    }

    pub(super) fn folder_mut(&mut self, id: NodeId) -> io::Result<&mut Folder> {
        match self.nodes.get_mut(&id) {
            Some(Node::Folder(folder)) => Ok(folder),
            Some(Node::File { .. }) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(not_found()),
        }
    }

    pub(super) fn add(&mut self, path: &Path, node: Node) -> io::Result<NodeId> {
        let (folder, name) = self.place(path)?;
        let id = NodeId(self.take_id());
        self.folder_mut(folder)?.put(name, id);
        self.nodes.insert(id, node);
        Ok(id)
    }

    pub(super) fn remove(&mut self, path: &Path, is_folder: bool) -> io::Result<()> {
        let id = self.find(path)?;
        match self.nodes.get(&id) {
            Some(Node::Folder(_)) if !is_folder => return Err(io::ErrorKind::IsADirectory.into()),
            Some(Node::File { .. }) if is_folder => {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            _ => {}
        }
        let (folder, name) = self.place(path)?;
        self.folder_mut(folder)?.remove(name);
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let id = self.find(from)?;
        let ((old, old_name), (new, new_name)) = (self.place(from)?, self.place(to)?);
        if old == new {
            self.folder_mut(old)?.rename(old_name, new_name, id);
        } else {
            self.folder_mut(new)?.put(new_name, id);
            self.folder_mut(old)?.remove(old_name);
        }
        Ok(())
    }

    /// Drops files and folders that no name leads to.
    pub(super) fn drop_unnamed(&mut self) {
        let mut named = BTreeSet::from([ROOT]);
        let mut unread = vec![ROOT];
        while let Some(id) = unread.pop() {
            if let Ok(folder) = self.folder(id) {
                unread.extend(folder.nodes().filter(|node| named.insert(*node)));
            }
        }
        self.nodes.retain(|id, _| named.contains(id));
    }
}
