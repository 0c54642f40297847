//! A folder of a simulated disk: its names, and the changes of them that were not synced.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use super::dice::Dice;
use super::faults::Losses;

/// A file or folder, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodeId(pub(super) u64);

type Names = BTreeMap<OsString, NodeId>;

#[derive(Debug, Default)]
pub(super) struct Folder {
    names: Names,
    synced: Names,
    unsynced: Vec<NameChange>,
}

#[derive(Clone, Debug)]
enum NameChange {
    Put {
        name: OsString,
        node: NodeId,
    },
    Remove {
        name: OsString,
    },
    /// Within the folder: happens completely or not at all.
    Rename {
        from: OsString,
        to: OsString,
        node: NodeId,
    },
}

impl Folder {
    pub(super) fn get(&self, name: &OsStr) -> Option<NodeId> {
        self.names.get(name).copied()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &OsString> {
        self.names.keys()
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.names.values().copied()
    }

    pub(super) fn put(&mut self, name: &OsStr, node: NodeId) {
        let name = name.to_owned();
        self.change(NameChange::Put { name, node });
    }

    pub(super) fn remove(&mut self, name: &OsStr) {
        let name = name.to_owned();
        self.change(NameChange::Remove { name });
    }

    pub(super) fn rename(&mut self, from: &OsStr, to: &OsStr, node: NodeId) {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.change(NameChange::Rename { from, to, node });
    }

    fn change(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.unsynced.push(change);
    }

    pub(super) fn sync(&mut self) {
        self.unsynced
            .drain(..)
            .for_each(|change| change.apply(&mut self.synced));
    }

    /// Any of the changes may be lost, and no later sync writes them.
    pub(super) fn fail_sync(&mut self, dice: &mut Dice) {
        for change in self.unsynced.drain(..) {
            if dice.coin() {
                change.apply(&mut self.synced);
            }
        }
    }

    pub(super) fn cut_power(&mut self, dice: &mut Dice, losses: &mut Losses) {
        let share = dice.share();
        for change in self.unsynced.drain(..) {
            match dice.keeps(share) {
                true => change.apply(&mut self.synced),
                false => losses.names += 1,
            }
        }
        self.names = self.synced.clone();
    }
}

impl NameChange {
    fn apply(&self, names: &mut Names) {
        match self {
            Self::Put { name, node } => {
                names.insert(name.clone(), *node);
            }
            Self::Remove { name } => {
                names.remove(name);
            }
            Self::Rename { from, to, node } => {
                names.remove(from);
                names.insert(to.clone(), *node);
            }
        }
    }
}
