//! A file to upload, which records the offset at which the upload resumed.

use std::fs;
use std::io::{self, SeekFrom};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};

/// A file that is read twice: for its hash, and to send the missing part.
#[derive(Debug)]
pub(crate) struct Source {
    file: File,
    /// Set at the end of the first pass.
    is_known: bool,
    sent_from: Option<u64>,
}

impl Source {
    pub(crate) async fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: File::open(path).await?,
            is_known: false,
            sent_from: None,
        })
    }

    /// Returns the offset at which the upload began, or `None` when the server had the whole file.
    pub(crate) const fn sent_from(&self) -> Option<u64> {
        self.sent_from
    }
}

impl AsyncRead for Source {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.file).poll_read(context, buffer);
        if matches!(read, Poll::Ready(Ok(()))) && buffer.filled().len() == before {
            self.is_known = true;
        }
        read
    }
}

impl AsyncSeek for Source {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        if let SeekFrom::Start(from) = position
            && self.is_known
        {
            self.sent_from.get_or_insert(from);
        }
        Pin::new(&mut self.file).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.file).poll_complete(context)
    }
}

/// Refuses what has no end or no size: a file is read twice, for its hash and to send it.
pub(crate) fn check_is_file(path: &Path) -> Result<(), &'static str> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err("it is a folder"),
        Ok(metadata) if !metadata.is_file() => Err("it is a pipe or a device: save it as a file"),
        // Opening it tells why it cannot be read.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

    #[tokio::test]
    async fn upload_offset_is_that_of_the_second_pass() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "0123456789").unwrap();
        let mut source = Source::open(&path).await.unwrap();
        let mut text = String::new();
        source.seek(SeekFrom::End(0)).await.unwrap();
        source.rewind().await.unwrap();
        source.read_to_string(&mut text).await.unwrap();
        assert_eq!((text.as_str(), source.sent_from()), ("0123456789", None));
        // The connection broke once; the server returned the offset each time.
        for from in [4, 7] {
            source.seek(SeekFrom::Start(from)).await.unwrap();
        }
        text.clear();
        source.read_to_string(&mut text).await.unwrap();
        assert_eq!((text.as_str(), source.sent_from()), ("789", Some(4)));
    }
}
