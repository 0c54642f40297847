//! The terminal: modes that are restored however the program ends, and sequences outside of frames.

pub(crate) mod guard;
#[cfg(unix)]
pub(crate) mod hangup;
pub(crate) mod links;
pub(crate) mod osc;
pub(crate) mod probe;
pub(crate) mod screen;

/// Opens the terminal from which crossterm reads.
#[cfg(unix)]
fn reader() -> std::io::Result<std::os::fd::OwnedFd> {
    use std::io::{IsTerminal as _, stdin};
    use std::os::fd::AsFd as _;

    match stdin().is_terminal() {
        true => stdin().as_fd().try_clone_to_owned(),
        false => Ok(std::fs::File::open("/dev/tty")?.into()),
    }
}
