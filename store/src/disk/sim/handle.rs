//! An open file of a simulated disk.

use std::io;

use super::dice::Dice;
use super::faults::Call;
use super::file::Pages;
use super::folder::NodeId;
use super::machine::{Node, Shared, not_found};
use crate::disk::DiskFile;

#[derive(Debug)]
pub(super) struct SimFile {
    pub(super) machine: Shared,
    pub(super) node: NodeId,
    pub(super) id: u64,
    pub(super) boot: u64,
    pub(super) is_writable: bool,
}

impl SimFile {
    /// Runs a call; `failed` is what it does when it fails while the power is on.
    fn enter<T>(
        &self,
        call: Call,
        what: &[u8],
        work: impl FnOnce(&mut Pages) -> T,
        failed: impl FnOnce(&mut Pages, &mut Dice),
    ) -> io::Result<T> {
        let machine = &mut *self.machine.lock();
        if self.boot != machine.boot {
            return Err(io::Error::other("the file was opened before a power cut"));
        }
        if matches!(call, Call::Write | Call::SetLen) && !self.is_writable {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let was_off = machine.faults.is_off();
        let entered = machine.enter(call, &[&self.node.0.to_le_bytes(), what].concat());
        let Some(Node::File { pages, .. }) = machine.nodes.get_mut(&self.node) else {
            return Err(not_found());
        };
        if let Err(error) = entered {
            if !was_off {
                failed(pages, &mut machine.dice);
            }
            return Err(error);
        }
        Ok(work(pages))
    }

    fn sync(&self) -> io::Result<()> {
        self.enter(Call::Sync, b"", Pages::sync, Pages::fail_sync)
    }
}

impl DiskFile for SimFile {
    fn bytes(&self) -> io::Result<u64> {
        self.enter(Call::Stat, b"", |pages| pages.bytes(), |_, _| ())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.enter(
            Call::Read,
            &offset.to_le_bytes(),
            |pages| pages.read(buffer, offset),
            |_, _| (),
        )
    }

    /// A write that fails has written the first part of its bytes.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let place = [offset, u64::from(crc32c::crc32c(bytes))].map(u64::to_le_bytes);
        self.enter(
            Call::Write,
            &place.concat(),
            |pages| pages.write(bytes, offset),
            |pages, dice| {
                let written = dice.below(bytes.len() as u64) as usize;
                pages.write(bytes.get(..written).unwrap_or_default(), offset);
            },
        )
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.enter(
            Call::SetLen,
            &bytes.to_le_bytes(),
            |pages| pages.set_len(bytes),
            |_, _| (),
        )
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.sync()
    }

    fn try_lock(&self) -> io::Result<bool> {
        let machine = &mut *self.machine.lock();
        let Some(Node::File { holder, .. }) = machine.nodes.get_mut(&self.node) else {
            return Err(not_found());
        };
        match holder {
            Some(other) => Ok(*other == self.id),
            None => {
                *holder = Some(self.id);
                Ok(true)
            }
        }
    }
}

impl Drop for SimFile {
    fn drop(&mut self) {
        let machine = &mut *self.machine.lock();
        if let Some(Node::File { holder, .. }) = machine.nodes.get_mut(&self.node)
            && *holder == Some(self.id)
        {
            *holder = None;
        }
    }
}
