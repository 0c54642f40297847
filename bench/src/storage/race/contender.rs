//! What takes part in a race: a way to store messages, and where it stands in the table.

use std::error::Error;
use std::fmt;
use std::path::Path;

/// Why a storage failed, in its own words.
pub type StorageFailure = Box<dyn Error + Send + Sync>;

/// The place of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Which conversation, from 0.
    pub conversation: u64,
    /// Which of its messages, from 1, with no gap.
    pub msgid: u64,
}

impl Key {
    /// Bytes that sort as conversations and their messages do.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let (conversation, msgid) = bytes.split_at_mut(8);
        conversation.copy_from_slice(&self.conversation.to_be_bytes());
        msgid.copy_from_slice(&self.msgid.to_be_bytes());
        bytes
    }

    /// Reads what [`Key::to_bytes`] gives. `None` for bytes of another length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (conversation, msgid) = bytes.split_first_chunk()?;
        Some(Self {
            conversation: u64::from_be_bytes(*conversation),
            msgid: u64::from_be_bytes(msgid.try_into().ok()?),
        })
    }
}

/// One way to store messages: in batches, each durable when its commit is done.
pub trait Storage {
    /// Adds a message to the batch.
    ///
    /// # Errors
    /// When the storage cannot take it.
    fn put(&mut self, key: Key, text: &str) -> Result<(), StorageFailure>;

    /// Makes the batch durable: from here on a power cut must not take it back.
    ///
    /// # Errors
    /// When that failed.
    fn commit(&mut self) -> Result<(), StorageFailure>;

    /// Gives every message that is stored, with the number of its conversation; those of a conversation in their order.
    ///
    /// # Errors
    /// When something cannot be read.
    fn read(&mut self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFailure>;

    /// Ends in order, so that everything is at rest.
    ///
    /// # Errors
    /// When that failed.
    fn close(self: Box<Self>) -> Result<(), StorageFailure>;
}

/// Makes a storage in an empty folder, or opens the one that is there.
type Open = Box<dyn Fn(&Path) -> Result<Box<dyn Storage>, StorageFailure>>;

/// One who takes part.
pub struct Contender {
    name: String,
    open: Open,
}

impl Contender {
    /// `open` gets an empty folder the first time, and what it left there afterwards.
    pub fn new(
        name: impl Into<String>,
        open: impl Fn(&Path) -> Result<Box<dyn Storage>, StorageFailure> + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            open: Box::new(open),
        }
    }

    /// What it is called in the table.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes its storage in an empty folder, or opens the one that is there.
    ///
    /// # Errors
    /// When that failed.
    pub fn open(&self, folder: &Path) -> Result<Box<dyn Storage>, StorageFailure> {
        (self.open)(folder)
    }
}

impl fmt::Debug for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contender")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_conversations_and_their_messages() {
        let key = |conversation, msgid| Key {
            conversation,
            msgid,
        };
        let mut sorted =
            [key(1, 2), key(0, 300), key(1, 1), key(256, 1), key(0, 2)].map(Key::to_bytes);
        sorted.sort_unstable();
        let keys = sorted.map(|bytes| Key::from_bytes(&bytes).unwrap());
        assert_eq!(
            keys,
            [key(0, 2), key(0, 300), key(1, 1), key(1, 2), key(256, 1)]
        );
        assert_eq!(Key::from_bytes(&[0; 15]), None);
        assert_eq!(Key::from_bytes(&[0; 17]), None);
    }
}
