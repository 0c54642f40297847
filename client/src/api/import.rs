//! Imports of other systems' logs.

use cairn_proto::ids::{ConversationId, ImportSource};
use cairn_proto::limits::{FRAME_BYTES_MAX, IMPORT_ENTRIES_MAX};
use cairn_proto::wire::request::{ImportEntry, Request};
use cairn_proto::wire::response::Response;

use crate::api::client::{Client, ask};
use crate::error::Error;
use crate::session::state::in_flight::encoded_bytes;

/// Bytes reserved in each frame for the request around its entries.
const REQUEST_HEAD_BYTES: usize = 64;

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Entries that were stored now; the others had been before.
    pub added: u64,
    /// Users that were made for their names.
    pub users: u64,
    /// How many entries of the source are stored.
    pub cursor: u64,
}

/// Imports
impl Client {
    /// Stores entries of a source, beginning with the source's entry `first`, counted from 0. What
    /// is stored already is passed over, so the same import can be made again. Any number of
    /// entries: they go in several requests, one after the other.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ImportGap` when `first` lies above the source's cursor;
    /// [`Error::TooLarge`]; whatever ends the client. What went before the error is stored;
    /// [`Client::import_cursor`] tells how much.
    pub async fn import(
        &self,
        conversation: ConversationId,
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
            let request = Request::Import {
                conversation,
                source,
                first,
                entries: part,
            };
            let (added, users, cursor) = ask!(self, request, Response::Imported { added, users, cursor } => (added, users, cursor))?;
            sum = Imported {
                added: sum.added + u64::from(added),
                users: sum.users + u64::from(users),
                cursor,
            };
            first += count;
        }
        Ok(sum)
    }

    /// How many entries of a source are stored: where to go on.
    ///
    /// # Errors
    /// [`Error::Refused`], and whatever ends the client.
    pub async fn import_cursor(
        &self,
        conversation: ConversationId,
        source: ImportSource,
    ) -> Result<u64, Error> {
        ask!(self, Request::ImportCursor { conversation, source }, Response::ImportCursor { cursor } => cursor)
    }
}
