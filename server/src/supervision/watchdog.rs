//! The watchdog: a thread that sees when the sequencer or the network thread, which also runs the
//! hub, stands still. Both beat at least once a second, however busy or idle they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::{fmt, io};

use tokio::time::{MissedTickBehavior, interval};
use tracing::{error, warn};

use crate::limits::{WATCHDOG_INTERVAL, WATCHDOG_STALLED_TICKS, WATCHDOG_WARNING_TICKS};

/// A part of the server that has not done anything for a minute. Only ending the process helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {0} of the server stands still")]
pub struct Stalled(Part);

/// A watched thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Sequencer,
    /// The network thread, with the hub and all sessions.
    Network,
}

const PARTS: [Part; 2] = [Part::Sequencer, Part::Network];

/// What the watched threads count up. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heartbeats(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    sequencer: AtomicU64,
    network: AtomicU64,
}

/// The thread. It ends when dropped.
#[derive(Debug)]
pub(crate) struct Watchdog {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// For each part, its last count and the ticks since it changed.
#[derive(Debug, Default)]
struct Watch([(u64, u32); PARTS.len()]);

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sequencer => "sequencer",
            Self::Network => "network thread",
        })
    }
}

impl Heartbeats {
    pub(crate) fn beat(&self, part: Part) {
        self.count(part).fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self, part: Part) -> &AtomicU64 {
        match part {
            Part::Sequencer => &self.0.sequencer,
            Part::Network => &self.0.network,
        }
    }
}

/// Beats for the network thread, which runs this task.
pub(crate) async fn beat(heartbeats: Heartbeats) {
    let mut ticks = interval(WATCHDOG_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        heartbeats.beat(Part::Network);
    }
}

impl Watchdog {
    /// Starts the thread. It calls `stalled` once, when a part stands still.
    pub(crate) fn start(
        heartbeats: Heartbeats,
        stalled: impl FnOnce(Stalled) + Send + 'static,
    ) -> io::Result<Self> {
        let is_over = Arc::<AtomicBool>::default();
        let ends = is_over.clone();
        let thread = std::thread::Builder::new()
            .name("watchdog".into())
            .spawn(move || {
                let mut watch = Watch::default();
                while !ends.load(Ordering::Relaxed) {
                    std::thread::park_timeout(WATCHDOG_INTERVAL);
                    if let Err(part) = watch.tick(&heartbeats) {
                        return stalled(part);
                    }
                }
            })?;
        Ok(Self {
            is_over,
            thread: Some(thread),
        })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // Panicked at worst, and then nothing watches any longer.
            let _ = thread.join();
        }
    }
}

impl Watch {
    /// Compares the counts with those of the last tick. Ticks are counted instead of time: while
    /// the whole process is stopped, no part is at fault.
    fn tick(&mut self, heartbeats: &Heartbeats) -> Result<(), Stalled> {
        for (part, (last, still)) in PARTS.into_iter().zip(&mut self.0) {
            let count = heartbeats.count(part).load(Ordering::Relaxed);
            if count != *last {
                (*last, *still) = (count, 0);
                continue;
            }
            *still += 1;
            match *still {
                WATCHDOG_WARNING_TICKS => warn!(%part, "no progress for seconds"),
                WATCHDOG_STALLED_TICKS => {
                    error!(%part, "no progress for a minute");
                    return Err(Stalled(part));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_without_progress_is_found() {
        for (still, other) in [
            (Part::Sequencer, Part::Network),
            (Part::Network, Part::Sequencer),
        ] {
            let (heartbeats, mut watch) = (Heartbeats::default(), Watch::default());
            for _ in 1..WATCHDOG_STALLED_TICKS {
                heartbeats.beat(other);
                assert_eq!(watch.tick(&heartbeats), Ok(()));
            }
            assert_eq!(watch.tick(&heartbeats), Err(Stalled(still)));
        }
    }

    #[test]
    fn slow_part_is_not_stalled() {
        let (heartbeats, mut watch) = (Heartbeats::default(), Watch::default());
        for _ in 0..3 {
            PARTS.into_iter().for_each(|part| heartbeats.beat(part));
            for _ in 0..WATCHDOG_STALLED_TICKS {
                assert_eq!(watch.tick(&heartbeats), Ok(()));
            }
        }
    }
}
