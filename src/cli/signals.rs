//! Stop signals.

#[cfg(unix)]
use std::fs::{self, File};
use std::future::pending;
use std::io;

use tokio::signal::ctrl_c;
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tracing::warn;

use crate::cli::failure::Exit;

/// Resolves at the first Ctrl-C or SIGTERM, or when the terminal of the process is closed. From
/// then on, a second Ctrl-C ends the process at once.
pub(crate) fn stop_requested() -> impl Future<Output = ()> {
    let stop = interrupt_or_terminate();
    async move {
        match stop.await {
            Ok(()) => {
                tokio::spawn(async {
                    if ctrl_c().await.is_ok() {
                        exit_interrupted();
                    }
                });
            }
            // The system can still end the process, which loses no accepted message.
            Err(error) => {
                warn!(%error, "cannot listen for signals");
                pending().await
            }
        }
    }
}

#[allow(clippy::exit, reason = "a second Ctrl-C must not wait for anything")]
fn exit_interrupted() {
    std::process::exit(Exit::Interrupted.code().into());
}

/// Resolves at the next Ctrl-C or SIGTERM, or when the terminal of the process is closed.
#[cfg(unix)]
pub(crate) fn interrupt_or_terminate() -> impl Future<Output = io::Result<()>> {
    // Now and not when the future is polled: a terminal that is closed meanwhile cannot be opened.
    let has_terminal = File::open("/dev/tty").is_ok();
    async move {
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            result = ctrl_c() => result,
            _ = terminate.recv() => Ok(()),
            result = hangup(has_terminal) => result,
        }
    }
}

/// Resolves when the terminal of the process is closed. SIGHUP is ignored by a process without one,
/// such as a service, and by one that was started with `nohup`.
#[cfg(unix)]
async fn hangup(has_terminal: bool) -> io::Result<()> {
    if !ignores_hangup() {
        let mut hangup = signal(SignalKind::hangup())?;
        while hangup.recv().await.is_some() {
            if has_terminal {
                return Ok(());
            }
        }
    }
    pending().await
}

/// Returns whether SIGHUP was ignored when the process started. It stays ignored as long as no
/// handler is installed. Unknown outside of Linux.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // The lowest bit stands for signal 1, which is SIGHUP.
    ignored.is_some_and(|mask| mask & 1 != 0)
}

/// Resolves at the next Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn interrupt_or_terminate() -> io::Result<()> {
    ctrl_c().await
}
