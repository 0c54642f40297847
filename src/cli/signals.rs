//! Stop signals.

use std::io;

use tokio::signal;
use tracing::warn;

use crate::cli::failure::Exit;

/// Resolves at the first Ctrl-C or SIGTERM. From then on, a second Ctrl-C ends the process at once.
pub(crate) async fn stop_requested() {
    match interrupt_or_terminate().await {
        Ok(()) => {
            tokio::spawn(async {
                if signal::ctrl_c().await.is_ok() {
                    exit_interrupted();
                }
            });
        }
        // The system can still end the process, which loses no accepted message.
        Err(error) => {
            warn!(%error, "cannot listen for signals");
            std::future::pending().await
        }
    }
}

#[allow(clippy::exit, reason = "a second Ctrl-C must not wait for anything")]
fn exit_interrupted() {
    std::process::exit(Exit::Interrupted.code().into());
}

/// Resolves at the next Ctrl-C or SIGTERM.
#[cfg(unix)]
pub(crate) async fn interrupt_or_terminate() -> io::Result<()> {
    let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
    tokio::select! {
        result = signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

/// Resolves at the next Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn interrupt_or_terminate() -> io::Result<()> {
    signal::ctrl_c().await
}
