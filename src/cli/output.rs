//! Output of a command: results, notes and progress.
//!
//! A command never writes to the standard streams itself. It writes to an [`Output`], so that it
//! runs as a process as well as inside an interactive client, which shows a buffer.

use std::fmt::Display;
use std::future::{pending, poll_fn};
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};
use std::mem;
#[cfg(unix)]
use std::os::fd::AsFd as _;
use std::pin::{Pin, pin};
use std::task::Poll;

use serde::Serialize;
#[cfg(unix)]
use tokio::{io::Interest, net::unix::pipe};

use crate::cli::failure::Failure;
use crate::cli::limits;
use crate::ui::json;
use crate::ui::progress::Progress;

/// The format of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text. Control characters in other users' messages are made visible.
    People,
    /// One JSON object per line. Messages are exact.
    Json,
}

/// A sink for results and notes.
#[derive(Debug)]
pub struct Output {
    sink: Sink,
    format: Format,
}

#[derive(Debug)]
enum Sink {
    /// The standard streams of the process. Results are buffered until [`Output::flush`].
    Process(BufWriter<Stdout>),
    Memory {
        results: Vec<u8>,
        notes: String,
    },
}

impl Output {
    /// Results go to standard output, notes and progress to standard error.
    pub(crate) fn process(format: Format) -> Self {
        Self {
            sink: Sink::Process(BufWriter::with_capacity(limits::IO_BYTES, io::stdout())),
            format,
        }
    }

    /// Results and notes stay in memory, without colours; there is no progress.
    #[must_use]
    pub const fn memory(format: Format) -> Self {
        Self {
            sink: Sink::Memory {
                results: Vec::new(),
                notes: String::new(),
            },
            format,
        }
    }

    /// Takes the buffered results.
    pub fn take_results(&mut self) -> String {
        match &mut self.sink {
            Sink::Process(_) => String::new(),
            Sink::Memory { results, .. } => {
                String::from_utf8_lossy(&mem::take(results)).into_owned()
            }
        }
    }

    /// Takes the buffered notes.
    pub fn take_notes(&mut self) -> String {
        match &mut self.sink {
            Sink::Process(_) => String::new(),
            Sink::Memory { notes, .. } => mem::take(notes),
        }
    }

    /// Returns whether results are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Returns whether results go to the standard output of a process.
    pub(crate) const fn is_process(&self) -> bool {
        matches!(self.sink, Sink::Process(_))
    }

    /// Returns whether notes go to a terminal.
    pub(crate) fn is_watched(&self) -> bool {
        match self.sink {
            Sink::Process(_) => io::stderr().is_terminal(),
            Sink::Memory { .. } => true,
        }
    }

    /// Returns whether results may have colours.
    pub(crate) fn is_styled(&self) -> bool {
        match self.sink {
            Sink::Process(_) => {
                let choice = anstream::AutoStream::choice(&io::stdout());
                self.format == Format::People && choice != anstream::ColorChoice::Never
            }
            Sink::Memory { .. } => false,
        }
    }

    /// Writes one result.
    pub(crate) fn print<T: Serialize + Display>(&mut self, result: &T) -> Result<(), Failure> {
        let format = self.format;
        let writer = self.writer();
        match format {
            Format::People => writeln!(writer, "{result}")?,
            Format::Json => {
                json::write(&mut *writer, result)?;
                writer.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    /// Writes a text unchanged, in either format.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        Ok(self.writer().write_all(text.as_bytes())?)
    }

    fn writer(&mut self) -> &mut dyn io::Write {
        match &mut self.sink {
            Sink::Process(stdout) => stdout,
            Sink::Memory { results, .. } => results,
        }
    }

    /// Writes a note for people, apart from the results.
    pub(crate) fn note(&mut self, text: impl Display) {
        match &mut self.sink {
            // Results must not fail when standard error is closed.
            Sink::Process(_) => drop(writeln!(io::stderr().lock(), "{text}")),
            Sink::Memory { notes, .. } => {
                notes.push_str(&text.to_string());
                notes.push('\n');
            }
        }
    }

    /// Writes a failure, apart from the results.
    pub(crate) fn report(&mut self, failure: &Failure) {
        match &mut self.sink {
            Sink::Process(_) => {
                let choice = anstream::AutoStream::choice(&io::stderr());
                let text = failure.text(choice != anstream::ColorChoice::Never);
                // Standard error may be closed; the exit code still reports the failure.
                drop(io::stderr().lock().write_all(text.as_bytes()));
            }
            Sink::Memory { notes, .. } => notes.push_str(&failure.text(false)),
        }
    }

    /// Returns a progress display, which is visible on terminals only.
    pub(crate) fn progress(&self) -> Progress {
        match self.sink {
            Sink::Process(_) => Progress::on_terminal(),
            Sink::Memory { .. } => Progress::hidden(),
        }
    }

    /// Writes out the buffer.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.writer().flush()?)
    }

    /// Waits for `future`, and flushes first if it is not ready: results appear at once, and a long
    /// run of results is still written in large parts. `on_flush` is called after the
    /// flush.
    pub(crate) async fn flush_while_waiting<T>(
        &mut self,
        future: impl Future<Output = T>,
        on_flush: impl FnOnce(),
    ) -> Result<T, Failure> {
        let mut future = pin!(future);
        if let Some(ready) = poll_once(future.as_mut()).await {
            return Ok(ready);
        }
        self.flush()?;
        on_flush();
        match self.sink {
            Sink::Process(_) => tokio::select! {
                biased;
                ready = future => Ok(ready),
                () = reader_gone() => Err(Failure::BrokenPipe),
            },
            Sink::Memory { .. } => Ok(future.await),
        }
    }
}

/// Waits until the reader of standard output has closed it, as `head` does, so that a command that
/// waits for something to print does not outlive it.
#[cfg(unix)]
async fn reader_gone() {
    // Files cannot be watched, and have no reader. Nothing is written to this handle, so that it
    // need not be non-blocking, which standard output would share.
    if let Ok(stdout) = io::stdout().as_fd().try_clone_to_owned()
        && let Ok(stdout) = pipe::Sender::from_owned_fd_unchecked(stdout)
        && stdout.ready(Interest::ERROR).await.is_ok()
    {
        return;
    }
    pending().await
}

#[cfg(not(unix))]
async fn reader_gone() {
    pending().await
}

/// Polls `future` once, and returns its value if it is ready.
pub(crate) async fn poll_once<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| {
        Poll::Ready(match future.as_mut().poll(context) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        })
    })
    .await
}
