//! Imports of other systems' logs.

use cairn_proto::ids::ImportSource;
use cairn_proto::limits::{FRAME_BYTES_MAX, IMPORT_ENTRIES_MAX};
use cairn_proto::wire::request::message::{GetImportCursor, Import, ImportEntry};

use crate::error::Error;
use crate::session::state::in_flight::encoded_bytes;
use crate::view::conversation::Conversation;

/// Bytes reserved in each frame for the request around its entries.
const REQUEST_HEAD_BYTES: usize = 64;

/// The result of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Entries stored by this import. Others had been stored before.
    pub added: u64,
    /// Users created for senders.
    pub users: u64,
    /// The number of the source's entries that are stored.
    pub cursor: u64,
}

/// Imports. For admins of the server who are members of the conversation.
impl Conversation<'_> {
    /// Imports entries of a source, starting at position `first`, counted from 0. Entries that are
    /// already stored are skipped, so an import can be repeated. Any number of entries is split
    /// into as many requests as needed.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ImportGap` if `first` is above the source's cursor;
    /// [`Error::TooLarge`] if an entry does not fit into a frame; or a [terminal
    /// error](Error#terminal-errors). Entries before the failed request are stored; see
    /// [`Conversation::import_cursor`].
    pub async fn import(
        self,
        source: ImportSource,
        first: u64,
        entries: Vec<ImportEntry>,
    ) -> Result<Imported, Error> {
        let mut sum = Imported::default();
        let mut first = first;
        let mut entries = entries.into_iter().peekable();
        while entries.peek().is_some() {
            let mut bytes_left = FRAME_BYTES_MAX - REQUEST_HEAD_BYTES;
            let mut part = Vec::new();
            while let Some(entry) = entries.next_if(|entry| {
                let bytes = encoded_bytes(entry);
                let fits =
                    part.is_empty() || (bytes <= bytes_left && part.len() < IMPORT_ENTRIES_MAX);
                bytes_left = bytes_left.saturating_sub(bytes);
                fits
            }) {
                part.push(entry);
            }
            let count = part.len() as u64;
            let request = Import {
                conversation: self.id,
                source,
                first,
                entries: part,
            };
            let part = self.client.call(request).await?;
            sum = Imported {
                added: sum.added + u64::from(part.added),
                users: sum.users + u64::from(part.users),
                cursor: part.cursor,
            };
            first += count;
        }
        Ok(sum)
    }

    /// Returns the number of stored entries of a source, which is the position to continue at.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn import_cursor(self, source: ImportSource) -> Result<u64, Error> {
        self.client
            .call(GetImportCursor {
                conversation: self.id,
                source,
            })
            .await
    }
}
