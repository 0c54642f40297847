//! The interface of the contenders in a race.

use std::error::Error;
use std::path::Path;

/// The reason of a failure.
pub type StorageFailure = Box<dyn Error + Send + Sync>;

/// Identifies a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// From 0.
    pub conversation: u64,
    /// Consecutive within its conversation, from 1.
    pub msgid: u64,
}

impl Key {
    /// Bytes that sort by conversation, then by message.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.conversation) << 64 | u128::from(self.msgid)).to_be_bytes()
    }

    /// Reads what [`Key::to_bytes`] returns.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StorageFailure> {
        let bytes = bytes.try_into().map_err(|_| "a key of another length")?;
        let key = u128::from_be_bytes(bytes);
        Ok(Self {
            conversation: (key >> 64) as u64,
            msgid: key as u64,
        })
    }
}

/// The messages of a commit.
pub type Batch<'a> = dyn Iterator<Item = (Key, &'a str)> + 'a;

/// One way to store messages.
pub trait Storage {
    /// Stores a batch. Once this returns, the batch must survive a power cut.
    fn store(&mut self, batch: &mut Batch<'_>) -> Result<(), StorageFailure>;

    /// Calls `each` with the conversation and the text of every message, in order within a
    /// conversation.
    fn read(&mut self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFailure>;

    /// Returns the bytes written to a log since the storage was opened, if known.
    fn log_bytes(&self) -> Option<u64> {
        None
    }

    /// Completes all writes, so that the files have their final size.
    fn close(self: Box<Self>) -> Result<(), StorageFailure> {
        Ok(())
    }
}

type Open = Box<dyn Fn(&Path) -> Result<Box<dyn Storage>, StorageFailure>>;

/// A storage in a race, and its name.
pub struct Contender {
    /// The name in the table.
    pub name: String,
    open: Open,
}

impl Contender {
    /// `open` creates the storage in an empty folder, and later opens it again.
    pub fn new<S: Storage + 'static>(
        name: impl Into<String>,
        open: impl Fn(&Path) -> Result<S, StorageFailure> + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            open: Box::new(move |folder| Ok(Box::new(open(folder)?))),
        }
    }

    /// Creates the storage in an empty folder, or opens it again.
    pub fn open(&self, folder: &Path) -> Result<Box<dyn Storage>, StorageFailure> {
        (self.open)(folder)
    }
}
