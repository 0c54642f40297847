//! Reading batches of segments while the log is written and trimmed.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::record::{self, BatchNo, RecordReader};
use super::segment::{SEGMENT_HEADER_BYTES, SegmentHeader};
use crate::commit_log::error::LogError;
use crate::disk::{Disk, DiskFile, OpenMode};

/// The segments of a log by their first batch, in order. The writer removes a segment from the list
/// before its file is reused.
#[derive(Clone, Debug, Default)]
pub(super) struct SegmentList(Arc<Mutex<VecDeque<(BatchNo, PathBuf)>>>);

impl SegmentList {
    pub(super) fn push(&self, first: BatchNo, path: &Path) {
        self.0.lock().push_back((first, path.to_owned()));
    }

    /// Removes the segments before the one that begins with this batch.
    pub(super) fn remove_before(&self, first: BatchNo) {
        self.0.lock().retain(|(other, _)| *other >= first);
    }

    /// Returns the segment that a batch belongs to.
    fn with(&self, batch: BatchNo) -> Option<(BatchNo, PathBuf)> {
        let segments = self.0.lock();
        let later = segments.partition_point(|(first, _)| *first <= batch);
        segments.get(later.checked_sub(1)?).cloned()
    }

    fn has(&self, first: BatchNo) -> bool {
        self.0.lock().iter().any(|(other, _)| *other == first)
    }
}

/// Reads batches in ascending order. Clones start without an open file.
#[derive(Debug)]
pub(crate) struct SegmentReader {
    disk: Arc<dyn Disk>,
    segments: SegmentList,
    open: Option<OpenSegment>,
}

/// A segment, and how far it was read.
#[derive(Debug)]
struct OpenSegment {
    first: BatchNo,
    path: PathBuf,
    file: Box<dyn DiskFile>,
    records: RecordReader,
    /// The batch at the offset.
    next: BatchNo,
    offset: u64,
}

impl Clone for SegmentReader {
    fn clone(&self) -> Self {
        Self::new(&self.disk, &self.segments)
    }
}

impl SegmentReader {
    pub(super) fn new(disk: &Arc<dyn Disk>, segments: &SegmentList) -> Self {
        Self {
            disk: Arc::clone(disk),
            segments: segments.clone(),
            open: None,
        }
    }

    /// Reads a batch that is durable; `None` if it was trimmed.
    pub(crate) fn read(&mut self, batch: BatchNo) -> Result<Option<Bytes>, LogError> {
        let Some((first, path)) = self.segments.with(batch) else {
            return Ok(None);
        };
        let read = self.read_from(first, path, batch);
        // The file may have been reused meanwhile.
        if self.segments.has(first) {
            return read.map(Some);
        }
        self.open = None;
        Ok(None)
    }

    fn read_from(
        &mut self,
        first: BatchNo,
        path: PathBuf,
        batch: BatchNo,
    ) -> Result<Bytes, LogError> {
        let is_ahead = |open: &OpenSegment| open.first == first && open.next <= batch;
        let mut open = match self.open.take().filter(is_ahead) {
            Some(open) => open,
            None => OpenSegment::open(self.disk.as_ref(), first, path)?,
        };
        while open.next < batch {
            open.skip()?;
        }
        let payload = open.read()?;
        self.open = Some(open);
        Ok(payload)
    }
}

impl OpenSegment {
    fn open(disk: &dyn Disk, first: BatchNo, path: PathBuf) -> Result<Self, LogError> {
        let io = |source| LogError::io("read", &path, source);
        let file = disk.open(&path, OpenMode::Read).map_err(io)?;
        let mut header = [0; SEGMENT_HEADER_BYTES];
        file.read_at(&mut header, 0).map_err(io)?;
        let header = SegmentHeader::decode(&header).filter(|header| header.first == first);
        let Some(header) = header else {
            let what = "its header does not match its name";
            return Err(LogError::damaged(&path, 0, what));
        };
        Ok(Self {
            first,
            file,
            records: header.records(),
            next: first,
            offset: header.end() as u64,
            path,
        })
    }

    /// The bytes of the record at the offset.
    fn record_bytes(&self) -> Result<usize, LogError> {
        let mut frame = [0; record::FRAME_BYTES];
        self.read_exact(&mut frame)?;
        self.records
            .record_bytes(frame)
            .ok_or_else(|| self.damaged())
    }

    fn skip(&mut self) -> Result<(), LogError> {
        self.offset += self.record_bytes()? as u64;
        self.next = self.next.next();
        Ok(())
    }

    fn read(&mut self) -> Result<Bytes, LogError> {
        let mut bytes = vec![0; self.record_bytes()?];
        self.read_exact(&mut bytes)?;
        let bytes = Bytes::from(bytes);
        let found = self.records.read_at(&bytes, 0);
        let found = found.filter(|found| found.number == self.next);
        let found = found.ok_or_else(|| self.damaged())?;
        self.offset += bytes.len() as u64;
        self.next = self.next.next();
        Ok(bytes.slice(found.changes..found.end))
    }

    fn read_exact(&self, buffer: &mut [u8]) -> Result<(), LogError> {
        let read = self.file.read_at(buffer, self.offset);
        match read.map_err(|source| LogError::io("read", &self.path, source))? {
            read if read == buffer.len() => Ok(()),
            _ => Err(self.damaged()),
        }
    }

    fn damaged(&self) -> LogError {
        let offset = usize::try_from(self.offset).unwrap_or(usize::MAX);
        let what = format!("batch {} is unreadable", self.next);
        LogError::damaged(&self.path, offset, what)
    }
}
