//! A disk in memory, for tests. Any of its calls can fail, and a power cut keeps any part of what
//! was not synced: any sectors, some of them torn, any growth of a file, and any names.

mod dice;
mod faults;
mod file;
mod folder;
mod handle;
mod machine;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::Mutex;

pub use self::faults::{Call, Failure, Fault, Losses, Trouble};
use self::file::Pages;
use self::folder::Folder;
use self::handle::SimFile;
use self::machine::{Machine, Node, Shared};
use super::{Disk, DiskFile, FileKind, OpenMode, Space, Stat};

/// A simulated disk. Clones share it. The same seed and the same calls give the same disk.
#[derive(Clone, Debug)]
pub struct SimDisk(Shared);

impl SimDisk {
    /// An empty disk. The seed decides what power cuts and failures leave.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Machine::new(seed))))
    }

    /// Plans a failure.
    pub fn fail(&self, fault: Fault) {
        self.0.lock().faults.plan(fault);
    }

    /// Forgets all planned failures.
    pub fn clear_faults(&self) {
        self.0.lock().faults.clear();
    }

    /// Returns how many calls failed as planned.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.0.lock().faults.hits
    }

    /// Returns how many calls were made.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.0.lock().faults.calls
    }

    /// Returns a checksum of all calls, in order.
    #[must_use]
    pub fn trace(&self) -> u32 {
        self.0.lock().trace
    }

    /// Cuts the power during the call of this number, from 1. It fails, and so do all later ones.
    pub fn cut_power_at(&self, call: u64) {
        self.0.lock().faults.cut_power_after(call.max(1));
    }

    /// Returns whether the power is cut.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.0.lock().faults.is_off()
    }

    /// Cuts the power, if it is not cut, and starts the machine again. What was not synced may be
    /// lost; no planned failure remains.
    pub fn crash(&self) {
        self.0.lock().crash();
    }

    /// Ends the machine without a power cut, as a kill of the process does: every later call fails
    /// until [`SimDisk::clear_faults`], and nothing is lost.
    pub fn halt(&self) {
        self.0.lock().faults.halt();
    }

    /// Calls `watcher` at once whenever a call fails on purpose. It must not use the disk.
    pub fn watch(&self, watcher: impl Fn(Trouble) + Send + Sync + 'static) {
        self.0.lock().faults.watcher = Some(Arc::new(watcher));
    }

    /// Returns what power cuts have taken so far.
    #[must_use]
    pub fn losses(&self) -> Losses {
        self.0.lock().faults.losses
    }

    /// Sets the capacity that is reported. It does not limit writes.
    pub fn set_space(&self, space: Space) {
        self.0.lock().space = space;
    }

    fn enter<T>(
        &self,
        call: Call,
        path: &Path,
        work: impl FnOnce(&mut Machine) -> io::Result<T>,
    ) -> io::Result<T> {
        let machine = &mut *self.0.lock();
        machine.enter(call, path.as_os_str().as_encoded_bytes())?;
        work(machine)
    }
}

impl Disk for SimDisk {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn DiskFile>> {
        let (node, id, boot) = self.enter(Call::Open, path, |machine| {
            let is_new = matches!(mode, OpenMode::Create | OpenMode::CreateEmpty);
            let node = match machine.find(path) {
                Ok(node) => node,
                Err(error) if error.kind() == io::ErrorKind::NotFound && is_new => {
                    let (pages, holder) = (Pages::default(), None);
                    machine.add(path, Node::File { pages, holder })?
                }
                Err(error) => return Err(error),
            };
            match machine.nodes.get_mut(&node) {
                Some(Node::File { pages, .. }) if mode == OpenMode::CreateEmpty => {
                    pages.set_len(0);
                }
                Some(Node::File { .. }) => {}
                _ => return Err(io::ErrorKind::IsADirectory.into()),
            }
            Ok((node, machine.take_id(), machine.boot))
        })?;
        Ok(Box::new(SimFile {
            machine: Arc::clone(&self.0),
            node,
            id,
            boot,
            is_writable: mode != OpenMode::Read,
        }))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.enter(Call::CreateDir, path, |machine| {
            match machine.find(path) {
                Ok(_) => return Err(io::ErrorKind::AlreadyExists.into()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            machine.add(path, Node::Folder(Folder::default()))?;
            Ok(())
        })
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        self.enter(Call::List, dir, |machine| {
            let folder = machine.folder(machine.find(dir)?)?;
            Ok(folder.names().cloned().collect())
        })
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        self.enter(Call::Stat, path, |machine| {
            let (kind, bytes) = match machine.nodes.get(&machine.find(path)?) {
                Some(Node::File { pages, .. }) => (FileKind::File, pages.bytes()),
                _ => (FileKind::Folder, 0),
            };
            Ok(Stat {
                kind,
                bytes,
                modified: SystemTime::UNIX_EPOCH,
            })
        })
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.stat(path)
            .is_ok_and(|stat| stat.kind == FileKind::Folder)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.enter(Call::Rename, from, |machine| machine.rename(from, to))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.enter(Call::Remove, path, |machine| machine.remove(path, false))
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.enter(Call::Remove, path, |machine| machine.remove(path, true))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let machine = &mut *self.0.lock();
        let entered = machine.enter(Call::SyncDir, dir.as_os_str().as_encoded_bytes());
        let is_off = machine.faults.is_off();
        let mut dice = machine.dice.clone();
        let folder = machine.folder_mut(machine.find(dir)?)?;
        match &entered {
            Ok(()) => folder.sync(),
            Err(_) if is_off => {}
            Err(_) => folder.fail_sync(&mut dice),
        }
        machine.dice = dice;
        entered
    }

    /// The same in each run.
    fn pid(&self) -> u32 {
        1
    }

    fn space(&self, _: &Path) -> Option<Space> {
        Some(self.0.lock().space)
    }
}
