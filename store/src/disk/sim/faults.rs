//! The calls of a simulated disk, counted, and which of them fail.

use std::fmt;
use std::io;
use std::sync::Arc;

/// A class of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Opens and creates files.
    Open,
    CreateDir,
    List,
    Stat,
    Read,
    Write,
    SetLen,
    /// `sync_data` and `sync_all`.
    Sync,
    SyncDir,
    Rename,
    /// Of a file or folder.
    Remove,
}

impl Call {
    pub const ALL: [Self; 11] = [
        Self::Open,
        Self::CreateDir,
        Self::List,
        Self::Stat,
        Self::Read,
        Self::Write,
        Self::SetLen,
        Self::Sync,
        Self::SyncDir,
        Self::Rename,
        Self::Remove,
    ];
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// EIO
    Io,
    /// ENOSPC
    NoSpace,
    /// EMFILE
    TooManyFiles,
}

impl Failure {
    fn error(self) -> io::Error {
        io::Error::from_raw_os_error(match self {
            Self::Io => 5,
            Self::TooManyFiles => 24,
            Self::NoSpace => 28,
        })
    }
}

/// The call of a class that fails.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub call: Call,
    /// From 1, counted from when the fault was planned.
    pub nth: u64,
    pub failure: Failure,
    /// All later calls of the class fail as well.
    pub is_sticky: bool,
}

/// What happened to a call on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    Failed(Call, Failure),
    /// The power was cut during it.
    PowerCut(Call),
}

/// Called at once, while the disk is locked.
pub(super) type Watcher = Arc<dyn Fn(Trouble) + Send + Sync>;

/// What power cuts took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Sectors that were written in part.
    pub torn_sectors: u64,
    /// Sectors that hold what they held before.
    pub stale_sectors: u64,
    /// Names that were not created, removed or changed.
    pub names: u64,
    /// Files with another length than they were last given.
    pub lengths: u64,
}

#[derive(Default)]
pub(super) struct Faults {
    planned: Vec<Fault>,
    /// Calls until the power is cut.
    power_left: Option<u64>,
    pub(super) watcher: Option<Watcher>,
    pub(super) losses: Losses,
    pub(super) calls: u64,
    /// Calls that failed on purpose, without those after a power cut.
    pub(super) hits: u64,
}

impl Faults {
    pub(super) fn plan(&mut self, fault: Fault) {
        self.planned.push(fault);
    }

    pub(super) const fn cut_power_after(&mut self, calls: u64) {
        self.power_left = Some(calls);
    }

    pub(super) const fn is_off(&self) -> bool {
        matches!(self.power_left, Some(0))
    }

    /// Forgets all faults, and restores the power.
    pub(super) fn clear(&mut self) {
        self.planned.clear();
        self.power_left = None;
    }

    /// Stops everything at once.
    pub(super) const fn halt(&mut self) {
        self.power_left = Some(0);
    }

    fn report(&self, trouble: Trouble) {
        if let Some(watcher) = &self.watcher {
            watcher(trouble);
        }
    }

    /// Counts a call. Fails when it must fail.
    pub(super) fn enter(&mut self, call: Call) -> io::Result<()> {
        if self.is_off() {
            return Err(Failure::Io.error());
        }
        self.calls += 1;
        if let Some(left) = &mut self.power_left {
            *left -= 1;
            if *left == 0 {
                self.report(Trouble::PowerCut(call));
                return Err(Failure::Io.error());
            }
        }
        let mut failure = None;
        for fault in self.planned.iter_mut().filter(|fault| fault.call == call) {
            match fault.nth {
                1 => failure = failure.or(Some(fault.failure)),
                _ => fault.nth -= 1,
            }
        }
        let Some(failure) = failure else {
            return Ok(());
        };
        self.hits += 1;
        self.report(Trouble::Failed(call, failure));
        self.planned
            .retain(|fault| fault.call != call || fault.nth > 1 || fault.is_sticky);
        Err(failure.error())
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults")
            .field("planned", &self.planned)
            .field("power_left", &self.power_left)
            .field("calls", &self.calls)
            .finish_non_exhaustive()
    }
}
