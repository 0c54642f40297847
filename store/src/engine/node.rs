//! What a machine knows beside the log.
//!
//! Two machines that replay one log have the same state. These are not in the log, and differ
//! between them:
//!
//! * how full the disk is: [`Node::is_disk_short`] refuses commands before they are decided
//! * effects that are visible before their batch is in the log: [`Uncommitted::OnThisNode`]
//! * the content of attachments: the log has their records, and
//!   [`LocalAttachments`](crate::files::attachments::LocalAttachments) the files

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::env::Env;
use crate::files::directory_id::DirectoryId;
use crate::files::disk_reserve::{DiskReserve, ReserveMonitor};
use crate::files::lock::DirLock;

/// The machine and the data directory of an engine.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) env: Env,
    dir: PathBuf,
    directory: DirectoryId,
    reserve: Option<ReserveMonitor>,
    _lock: Arc<DirLock>,
}

/// What is decided, but not in the log yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uncommitted {
    Nothing,
    /// Cursor moves. They may be published and answered at once, on this node alone: a crash, or
    /// another node that takes over, returns to older cursors.
    OnThisNode,
    /// A reply depends on the commit.
    Awaited,
}

impl Node {
    pub(super) fn new(env: &Env, dir: &Path, directory: DirectoryId, lock: Arc<DirLock>) -> Self {
        Self {
            env: env.clone(),
            dir: dir.to_owned(),
            directory,
            reserve: None,
            _lock: lock,
        }
    }

    pub(super) const fn directory(&self) -> DirectoryId {
        self.directory
    }

    /// Monitors the free space. `reserve_bytes` replaces the default reserve.
    pub(super) fn monitor_reserve(&mut self, reserve_bytes: Option<u64>) {
        let reserve = DiskReserve::of(&self.env, &self.dir, reserve_bytes);
        self.reserve = Some(ReserveMonitor::over(reserve, &self.env.clock));
    }

    /// Checks the free space, if that is due.
    pub(super) fn check_disk(&mut self) {
        if let Some(reserve) = &mut self.reserve {
            reserve.check();
        }
    }

    pub(super) fn is_disk_short(&self) -> bool {
        self.reserve.as_ref().is_some_and(ReserveMonitor::is_short)
    }
}
