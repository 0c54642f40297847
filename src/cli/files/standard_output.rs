//! Files on standard output: `cairn get -o -`.

use std::io::{self, IsTerminal as _, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::fs::File;
use tokio::io::AsyncWrite;

use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;

/// Standard output. A terminal gets text only, unless it is forced.
#[derive(Debug)]
pub(super) struct StandardOutput {
    stdout: File,
    is_guarded: bool,
}

impl StandardOutput {
    /// Returns standard output, if results do not go there as well.
    pub(super) fn of(output: &Output, is_forced: bool) -> Result<Self, Failure> {
        if output.is_json() || !output.is_process() {
            let headline = "the file and the result would both be on standard output";
            return Err(Failure::new(Exit::Usage, headline).hint("choose another path with -o"));
        }
        Ok(Self {
            stdout: File::from_std(duplicate()?),
            is_guarded: io::stdout().is_terminal() && !is_forced,
        })
    }

    /// Writes bytes that are in memory.
    pub(super) fn write_all(&self, bytes: &[u8]) -> Result<(), Failure> {
        if self.is_guarded {
            check_text(bytes).map_err(failure_of)?;
        }
        let mut stdout = io::stdout().lock();
        Ok(stdout.write_all(bytes).and_then(|()| stdout.flush())?)
    }
}

#[cfg(unix)]
fn duplicate() -> io::Result<std::fs::File> {
    use std::os::fd::AsFd as _;
    io::stdout()
        .as_fd()
        .try_clone_to_owned()
        .map(std::fs::File::from)
}

#[cfg(windows)]
fn duplicate() -> io::Result<std::fs::File> {
    use std::os::windows::io::AsHandle as _;
    io::stdout()
        .as_handle()
        .try_clone_to_owned()
        .map(std::fs::File::from)
}

/// Explains why nothing more was written.
pub(super) fn failure_of(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::InvalidData => {
            Failure::new(Exit::Failed, error).hint("save it with -o FILE, or add --force")
        }
        _ => error.into(),
    }
}

/// Refuses bytes that a terminal would interpret, or that are no text. A character may be cut off
/// at either end.
fn check_text(bytes: &[u8]) -> io::Result<()> {
    let from = bytes.iter().take(3).take_while(|&byte| byte & 0xc0 == 0x80);
    let bytes = &bytes[from.count()..];
    let valid = match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    };
    let is_text = |text: &str| {
        !text
            .chars()
            .any(|c| cairn_text::is_interpreted(c) && !matches!(c, '\n' | '\r' | '\t'))
    };
    match valid.is_some_and(is_text) {
        true => Ok(()),
        false => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is not text, and standard output is a terminal",
        )),
    }
}

impl AsyncWrite for StandardOutput {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_guarded {
            check_text(bytes)?;
        }
        Pin::new(&mut self.stdout).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdout).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdout).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_get_text_only() {
        for text in ["", "plan\n\tb\r\n", "世界", "🎉"] {
            let bytes = text.as_bytes();
            assert!(check_text(bytes).is_ok(), "{text:?}");
            for at in 0..bytes.len() {
                assert!(check_text(&bytes[..at]).is_ok() && check_text(&bytes[at..]).is_ok());
            }
        }
        for binary in [
            &b"\x1b[2J"[..],
            b"\0",
            b"GIF89a\x01\0",
            b"caf\xe9 au lait",
            "\u{9b}".as_bytes(),
            "\u{202e}".as_bytes(),
        ] {
            assert!(check_text(binary).is_err(), "{binary:?}");
        }
    }
}
