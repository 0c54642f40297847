//! Results on standard output: for people, or one JSON object a line.

use std::fmt::Display;
use std::future::poll_fn;
use std::io::{self, BufWriter, StdoutLock, Write as _};
use std::pin::{Pin, pin};
use std::task::Poll;

use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::limits;

/// For whom results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Words. Texts of other people are cleaned.
    People,
    /// One JSON object a line. Texts are exact.
    Json,
}

/// Standard output. What is written waits in a buffer until [`Output::flush`], or until there is much of it.
#[derive(Debug)]
pub(crate) struct Output {
    writer: BufWriter<StdoutLock<'static>>,
    format: Format,
}

impl Output {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            writer: BufWriter::with_capacity(limits::IO_BYTES, io::stdout().lock()),
            format,
        }
    }

    /// Whether results are for programs.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Writes one result.
    pub(crate) fn print<T: Serialize + Display>(&mut self, result: &T) -> Result<(), Failure> {
        match self.format {
            Format::People => writeln!(self.writer, "{result}")?,
            Format::Json => {
                serde_json::to_writer(&mut self.writer, result).map_err(io::Error::from)?;
                self.writer.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    /// Writes a text as it is, whoever reads it.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        Ok(self.writer.write_all(text.as_bytes())?)
    }

    /// Hands everything to whoever reads it.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.writer.flush()?)
    }

    /// Waits for `future`, and flushes first when it is not ready: a reader sees at once what there is, and a long run of results
    /// is still written in large parts. `on_flush` is called when everything is out.
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

/// What `future` gives when it is ready now. It is woken as after any poll.
pub(crate) async fn poll_once<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| {
        Poll::Ready(match future.as_mut().poll(context) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        })
    })
    .await
}
