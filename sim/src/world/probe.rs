//! What the simulated machine reports while it runs: its phase, and the faults that happened.

use std::sync::Arc;

use cairn_memory::Network;
use cairn_store::testing::{SimDisk, Trouble};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::tally::{Fault, Phase, Tally};
use crate::trace::Trace;

/// Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Probe(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    /// Notified when the power was cut.
    off: Notify,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// A checkpoint was begun and is not complete.
    is_checkpointing: bool,
    /// The phase in which the power was cut.
    cut_in: Phase,
    tally: Tally,
}

impl Probe {
    /// Watches a disk. A power cut unplugs the machine from the network at once.
    pub(crate) fn watch(disk: &SimDisk, network: &Network, trace: &Arc<Trace>) -> Self {
        let probe = Self(Arc::new(Inner {
            state: Mutex::new(State {
                phase: Phase::Down,
                is_checkpointing: false,
                cut_in: Phase::Down,
                tally: Tally::default(),
            }),
            off: Notify::new(),
        }));
        let (watcher, network, trace) = (probe.clone(), network.clone(), trace.clone());
        disk.watch(move |trouble| match trouble {
            Trouble::Failed(call, failure) => {
                let phase = watcher.phase();
                trace.note(
                    "disk",
                    format_args!("{call:?} fails: {failure:?} ({phase:?})"),
                );
                let mut state = watcher.0.state.lock();
                state.tally.add(failure.into(), phase, 1);
                state.tally.add_call(call);
            }
            Trouble::PowerCut(call) => {
                let phase = watcher.phase();
                trace.note(
                    "disk",
                    format_args!("power cut during {call:?} ({phase:?})"),
                );
                watcher.0.state.lock().cut_in = phase;
                watcher.count(Fault::PowerCut);
                network.unplug();
                watcher.0.off.notify_one();
            }
        });
        probe
    }

    pub(crate) fn phase(&self) -> Phase {
        self.0.state.lock().phase
    }

    /// Returns the phase as a client or an operator could meet it.
    pub(crate) fn seen_phase(&self) -> Phase {
        let state = self.0.state.lock();
        match state.phase {
            Phase::Serve | Phase::Prepare | Phase::Checkpoint if state.is_checkpointing => {
                Phase::Checkpoint
            }
            Phase::Serve | Phase::Prepare | Phase::Checkpoint => Phase::Serve,
            Phase::Start | Phase::Stop | Phase::Down => Phase::Down,
        }
    }

    /// Returns the phase before.
    pub(crate) fn enter(&self, phase: Phase) -> Phase {
        std::mem::replace(&mut self.0.state.lock().phase, phase)
    }

    pub(crate) fn is_checkpointing(&self) -> bool {
        self.0.state.lock().is_checkpointing
    }

    pub(crate) fn set_checkpointing(&self, is_checkpointing: bool) {
        self.0.state.lock().is_checkpointing = is_checkpointing;
    }

    /// Counts a fault in the present phase.
    pub(crate) fn count(&self, fault: Fault) {
        let phase = self.phase();
        self.0.state.lock().tally.add(fault, phase, 1);
    }

    /// Counts a fault in the phase that is seen from outside.
    pub(crate) fn count_seen(&self, fault: Fault) {
        let phase = self.seen_phase();
        self.0.state.lock().tally.add(fault, phase, 1);
    }

    /// Restarts a machine without power, and counts what it lost.
    pub(crate) fn crash(&self, disk: &SimDisk) {
        let before = disk.losses();
        disk.crash();
        let after = disk.losses();
        let mut state = self.0.state.lock();
        let phase = state.cut_in;
        let counts = [
            (Fault::TornSector, after.torn_sectors - before.torn_sectors),
            (
                Fault::StaleSector,
                after.stale_sectors - before.stale_sectors,
            ),
            (Fault::LostName, after.names - before.names),
            (Fault::LostLength, after.lengths - before.lengths),
        ];
        for (fault, count) in counts {
            state.tally.add(fault, phase, count);
        }
    }

    /// Records that the power is cut without a call.
    pub(crate) fn cut(&self) {
        let mut state = self.0.state.lock();
        state.cut_in = state.phase;
    }

    /// Waits until the power is cut.
    pub(crate) async fn off(&self, disk: &SimDisk) {
        loop {
            let off = self.0.off.notified();
            if disk.is_off() {
                return;
            }
            off.await;
        }
    }

    pub(crate) fn tally(&self) -> Tally {
        self.0.state.lock().tally.clone()
    }
}
