//! Uploads one file in pages, several in flight, each continuing where the one before ends.

use std::collections::VecDeque;
use std::pin::Pin;

use cairn_client::{Client, Error, Imported};
use cairn_proto::content::body::Body;
use cairn_proto::ids::{ConversationId, ImportSource};
use cairn_proto::limits::IMPORT_ENTRIES_MAX;
use cairn_proto::wire::request::message::ImportEntry;

use super::senders::Senders;
use crate::cli::limits;
use crate::cli::output::poll_once;

type Page<'a> = Pin<Box<dyn Future<Output = Result<Imported, Error>> + 'a>>;

/// The upload of one source.
pub(super) struct Upload<'a, 'c> {
    client: &'a Client,
    conversation: ConversationId,
    source: ImportSource,
    /// Entries stored by an earlier import, still to skip.
    known: u64,
    senders: &'a mut Senders<'c>,
    /// Position in the source of the first entry of the current page.
    first: u64,
    page: Vec<ImportEntry>,
    page_bytes: usize,
    under_way: VecDeque<Page<'a>>,
    sum: Imported,
}

/// Bytes of an entry in its page besides its name and text.
const ENTRY_HEAD_BYTES: usize = 32;

impl<'a, 'c> Upload<'a, 'c> {
    /// Asks the server where to continue.
    pub(super) async fn begin(
        client: &'a Client,
        conversation: ConversationId,
        source: ImportSource,
        senders: &'a mut Senders<'c>,
    ) -> Result<Self, Error> {
        let known = client
            .conversation(conversation)
            .import_cursor(source)
            .await?;
        Ok(Self {
            client,
            conversation,
            source,
            known,
            senders,
            first: known,
            page: Vec::new(),
            page_bytes: 0,
            under_way: VecDeque::with_capacity(limits::IMPORT_PAGES_IN_FLIGHT_MAX),
            sum: Imported::default(),
        })
    }

    /// Adds the next entry of the source.
    pub(super) async fn add(&mut self, entry: ImportEntry) -> Result<(), Error> {
        if self.known > 0 {
            self.known -= 1;
            return Ok(());
        }
        let bytes = entry.sender.as_str().len() + text_bytes(&entry.body) + ENTRY_HEAD_BYTES;
        if self.page.len() >= IMPORT_ENTRIES_MAX
            || self.page_bytes + bytes > limits::IMPORT_PAGE_BYTES
        {
            self.send_page().await?;
        }
        self.page_bytes += bytes;
        self.page.push(entry);
        Ok(())
    }

    /// Returns the number of entries stored so far.
    pub(super) const fn added(&self) -> u64 {
        self.sum.added
    }

    /// Waits until everything is stored.
    pub(super) async fn finish(mut self) -> Result<Imported, Error> {
        self.send_page().await?;
        while let Some(page) = self.under_way.pop_front() {
            self.stored(page.await?);
        }
        Ok(self.sum)
    }

    async fn send_page(&mut self) -> Result<(), Error> {
        if self.page.is_empty() {
            return Ok(());
        }
        while self.under_way.len() >= limits::IMPORT_PAGES_IN_FLIGHT_MAX
            && let Some(oldest) = self.under_way.pop_front()
        {
            self.stored(oldest.await?);
        }
        let mut entries = std::mem::take(&mut self.page);
        self.senders.name(&mut entries).await?;
        let (first, count) = (self.first, entries.len() as u64);
        let mut page: Page<'a> = Box::pin(self.client.conversation(self.conversation).import(
            self.source,
            first,
            entries,
        ));
        self.first += count;
        self.page_bytes = 0;
        // A request is written when its future is first polled, so this keeps the pages in order.
        match poll_once(page.as_mut()).await {
            Some(stored) => self.stored(stored?),
            None => self.under_way.push_back(page),
        }
        Ok(())
    }

    fn stored(&mut self, page: Imported) {
        self.sum.added += page.added;
        self.sum.users += page.users;
        self.sum.cursor = page.cursor;
    }
}

fn text_bytes(body: &Body) -> usize {
    match body {
        Body::Text(text) | Body::Emote(text) => text.as_str().len(),
        _ => 0,
    }
}
