//! How often each fault happened, and in which phase of the server.

use std::collections::BTreeMap;
use std::fmt;

use cairn_store::testing::{Call, Failure};

/// What the server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// From the opening of the data directory until connections are accepted.
    Start,
    /// It decides and commits.
    Serve,
    /// A checkpoint is written.
    Checkpoint,
    /// Segments are prepared, or the watermark is written.
    Prepare,
    /// A graceful stop, with the last checkpoint.
    Stop,
    /// It does not run.
    Down,
}

impl Phase {
    pub const ALL: [Self; 6] = [
        Self::Start,
        Self::Serve,
        Self::Checkpoint,
        Self::Prepare,
        Self::Stop,
        Self::Down,
    ];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    PowerCut,
    TornSector,
    StaleSector,
    LostName,
    LostLength,
    IoError,
    NoSpace,
    TooManyFiles,
    DiskFull,
    Kill,
    Restart,
    Damage,
    ClockAhead,
    ClockBehind,
    FollowerStopped,
    BackgroundStopped,
    ClientDied,
    ConnectionCut,
    RequestsLost,
    AnswersLost,
    Delayed,
    SlowReader,
    StreamEvicted,
    Attack,
}

impl Fault {
    pub const ALL: [Self; 24] = [
        Self::PowerCut,
        Self::TornSector,
        Self::StaleSector,
        Self::LostName,
        Self::LostLength,
        Self::IoError,
        Self::NoSpace,
        Self::TooManyFiles,
        Self::DiskFull,
        Self::Kill,
        Self::Restart,
        Self::Damage,
        Self::ClockAhead,
        Self::ClockBehind,
        Self::FollowerStopped,
        Self::BackgroundStopped,
        Self::ClientDied,
        Self::ConnectionCut,
        Self::RequestsLost,
        Self::AnswersLost,
        Self::Delayed,
        Self::SlowReader,
        Self::StreamEvicted,
        Self::Attack,
    ];

    /// Returns whether the fault can happen in this phase. Calls of the disk are made in all phases
    /// but the last. A client does not know what the server does, and reaches none that is down.
    #[must_use]
    pub const fn is_possible_in(self, phase: Phase) -> bool {
        match self {
            Self::PowerCut
            | Self::TornSector
            | Self::StaleSector
            | Self::LostLength
            | Self::IoError
            | Self::NoSpace
            | Self::TooManyFiles
            | Self::LostName => !matches!(phase, Phase::Down),
            // The server is up when they are ordered.
            Self::Kill | Self::Restart | Self::StreamEvicted => {
                matches!(phase, Phase::Serve | Phase::Checkpoint)
            }
            // It is done to a server that does not run.
            Self::Damage => matches!(phase, Phase::Down),
            Self::DiskFull
            | Self::ClockAhead
            | Self::ClockBehind
            | Self::FollowerStopped
            | Self::BackgroundStopped
            | Self::ClientDied
            | Self::ConnectionCut
            | Self::RequestsLost
            | Self::AnswersLost
            | Self::Delayed
            | Self::SlowReader
            | Self::Attack => {
                matches!(phase, Phase::Serve | Phase::Checkpoint | Phase::Down)
            }
        }
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Io => Self::IoError,
            Failure::NoSpace => Self::NoSpace,
            Failure::TooManyFiles => Self::TooManyFiles,
        }
    }
}

/// Counts over any number of runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pairs: BTreeMap<(Fault, Phase), u64>,
    /// Calls that failed, in the order of [`Call::ALL`].
    calls: [u64; Call::ALL.len()],
}

impl Tally {
    pub(crate) fn add(&mut self, fault: Fault, phase: Phase, count: u64) {
        if count > 0 {
            *self.pairs.entry((fault, phase)).or_default() += count;
        }
    }

    pub(crate) fn add_call(&mut self, call: Call) {
        if let Some(at) = Call::ALL.iter().position(|other| *other == call) {
            self.calls[at] += 1;
        }
    }

    pub fn merge(&mut self, other: &Self) {
        for (&pair, count) in &other.pairs {
            *self.pairs.entry(pair).or_default() += count;
        }
        for (count, other) in self.calls.iter_mut().zip(other.calls) {
            *count += other;
        }
    }

    #[must_use]
    pub fn of(&self, fault: Fault, phase: Phase) -> u64 {
        self.pairs.get(&(fault, phase)).copied().unwrap_or(0)
    }

    /// Returns what never happened: pairs of faults and phases, and classes of calls that never
    /// failed.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let pairs = Fault::ALL.into_iter().flat_map(|fault| {
            Phase::ALL
                .into_iter()
                .filter(move |phase| fault.is_possible_in(*phase))
                .map(move |phase| (fault, phase))
        });
        let pairs = pairs
            .filter(|(fault, phase)| self.of(*fault, *phase) == 0)
            .map(|(fault, phase)| format!("{fault:?} in {phase:?}"));
        let calls = Call::ALL.into_iter().zip(self.calls);
        let calls = calls
            .filter(|(_, count)| *count == 0)
            .map(|(call, _)| format!("a failed {call:?}"));
        pairs.chain(calls).collect()
    }
}

/// A table of faults and phases; a dash where a fault is impossible.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<18}", "fault")?;
        for phase in Phase::ALL {
            write!(f, "{:>12}", format!("{phase:?}").to_lowercase())?;
        }
        writeln!(f)?;
        for fault in Fault::ALL {
            write!(f, "{:<18}", format!("{fault:?}"))?;
            for phase in Phase::ALL {
                match (self.of(fault, phase), fault.is_possible_in(phase)) {
                    (0, false) => write!(f, "{:>12}", "-")?,
                    (count, _) => write!(f, "{count:>12}")?,
                }
            }
            writeln!(f)?;
        }
        write!(f, "failed calls:")?;
        for (call, count) in Call::ALL.into_iter().zip(self.calls) {
            write!(f, " {call:?} {count}")?;
        }
        Ok(())
    }
}
