//! Ends the process if its terminal is closed.
//!
//! crossterm reads from a closed terminal in a loop that never returns, so neither SIGHUP nor
//! SIGTERM would be handled. Drafts and messages are on disk before they are shown: ending the
//! process loses neither.

use std::io;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::cli::Exit;

/// How long the event loop has to close in order, if it is not reading.
const GRACE: Duration = Duration::from_secs(1);

/// Watches the terminal that crossterm reads, from a thread.
pub(crate) fn watch() -> io::Result<()> {
    let terminal = super::reader()?;
    thread::Builder::new()
        .name("hangup".into())
        .spawn(move || {
            if closes(&terminal) {
                thread::park_timeout(GRACE);
                end();
            }
        })?;
    Ok(())
}

/// Waits until the terminal is closed. Returns `false` if that cannot be known.
fn closes(terminal: &OwnedFd) -> bool {
    // A hangup is reported even if no event is requested.
    let mut terminals = [PollFd::new(terminal, PollFlags::empty())];
    loop {
        match poll(&mut terminals, None) {
            Ok(_) if terminals[0].revents().contains(PollFlags::HUP) => return true,
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return false,
        }
        if terminals[0].revents().contains(PollFlags::NVAL) {
            return false;
        }
    }
}

#[allow(clippy::exit, reason = "the event loop does not return")]
fn end() {
    std::process::exit(Exit::Interrupted.code().into());
}
