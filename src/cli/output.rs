//! Where a command writes: results, notes beside them, and how far it is.
//!
//! A command never writes to the standard streams itself. It is handed an [`Output`], so that it
//! runs in a process of its own as well as inside an interactive client, which shows a buffer.

use std::fmt::Display;
use std::future::poll_fn;
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};
use std::mem;
use std::pin::{Pin, pin};
use std::task::Poll;

use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::limits;
use crate::ui::progress::Progress;

/// For whom results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Words. Control characters in other people's messages are made visible.
    People,
    /// One JSON object a line. Messages are exact.
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
    /// The standard streams of the process. Results wait in a buffer until [`Output::flush`].
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

    /// Takes the results that are in memory.
    pub fn take_results(&mut self) -> String {
        match &mut self.sink {
            Sink::Process(_) => String::new(),
            Sink::Memory { results, .. } => {
                String::from_utf8_lossy(&mem::take(results)).into_owned()
            }
        }
    }

    /// Takes the notes that are in memory.
    pub fn take_notes(&mut self) -> String {
        match &mut self.sink {
            Sink::Process(_) => String::new(),
            Sink::Memory { notes, .. } => mem::take(notes),
        }
    }

    /// Returns whether results are for programs.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Returns whether notes are shown to a person right away, and not written to a file.
    pub(crate) fn is_watched(&self) -> bool {
        match self.sink {
            Sink::Process(_) => io::stderr().is_terminal(),
            Sink::Memory { .. } => true,
        }
    }

    /// Writes one result.
    pub(crate) fn print<T: Serialize + Display>(&mut self, result: &T) -> Result<(), Failure> {
        let format = self.format;
        let writer = self.writer();
        match format {
            Format::People => writeln!(writer, "{result}")?,
            Format::Json => {
                serde_json::to_writer(&mut *writer, result).map_err(io::Error::from)?;
                writer.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    /// Writes a text as it is, in either format.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        Ok(self.writer().write_all(text.as_bytes())?)
    }

    fn writer(&mut self) -> &mut dyn io::Write {
        match &mut self.sink {
            Sink::Process(stdout) => stdout,
            Sink::Memory { results, .. } => results,
        }
    }

    /// Writes something for people beside the results.
    pub(crate) fn note(&mut self, text: impl Display) {
        match &mut self.sink {
            // Results must not suffer when standard error is closed.
            Sink::Process(_) => drop(writeln!(io::stderr().lock(), "{text}")),
            Sink::Memory { notes, .. } => {
                notes.push_str(&text.to_string());
                notes.push('\n');
            }
        }
    }

    /// Writes why the command failed, beside the results.
    pub(crate) fn report(&mut self, failure: &Failure) {
        match &mut self.sink {
            Sink::Process(_) => {
                let choice = anstream::AutoStream::choice(&io::stderr());
                let text = failure.text(choice != anstream::ColorChoice::Never);
                // Standard error may be closed; the exit code still says that it failed.
                drop(io::stderr().lock().write_all(text.as_bytes()));
            }
            Sink::Memory { notes, .. } => notes.push_str(&failure.text(false)),
        }
    }

    /// Returns a display for the progress of a long command: on a terminal, and nowhere else.
    pub(crate) fn progress(&self) -> Progress {
        match self.sink {
            Sink::Process(_) => Progress::on_terminal(),
            Sink::Memory { .. } => Progress::hidden(),
        }
    }

    /// Writes out what waits in the buffer.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.writer().flush()?)
    }

    /// Waits for `future`, and flushes first when it is not ready: a reader sees at once what there
    /// is, and a long run of results is still written in large parts. `on_flush` is called when
    /// everything is out.
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
        Ok(future.await)
    }
}

/// Returns the value of `future` if it is ready now. It is woken as after any poll.
pub(crate) async fn poll_once<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| {
        Poll::Ready(match future.as_mut().poll(context) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        })
    })
    .await
}
