//! How a server is asked to stop.

use std::io;
use std::process;

use tokio::signal;
use tracing::warn;

use crate::cli::failure::Exit;

/// Resolves at the first Ctrl-C or SIGTERM. From then on, a second Ctrl-C ends the process at once.
pub(crate) async fn asked_for() {
    match either().await {
        Ok(()) => {
            tokio::spawn(async {
                if signal::ctrl_c().await.is_ok() {
                    process::exit(Exit::Interrupted.code().into());
                }
            });
        }
        // The system's own way of ending a process remains, and a cairn that is killed loses nothing that it accepted.
        Err(error) => {
            warn!(%error, "cannot listen for signals");
            std::future::pending().await
        }
    }
}

/// Resolves at the next Ctrl-C or SIGTERM.
#[cfg(unix)]
pub(crate) async fn either() -> io::Result<()> {
    let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
    tokio::select! {
        result = signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

/// Resolves at the next Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn either() -> io::Result<()> {
    signal::ctrl_c().await
}
