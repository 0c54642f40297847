//! A search: the messages that match a query, as the server finds them.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use cairn_proto::content::message::Message;
use cairn_proto::ids::Timestamp;
use cairn_proto::limits::{SEARCH_BUDGET_MAX, SEARCH_HITS_MAX};
use cairn_proto::model::search::{Highlights, Query, Respelling};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::session::{
    Found, Hit, Search as Request, SearchCursor, SearchGoal,
};
use futures_core::Stream;
use tokio::time::sleep;

use crate::api::client::Client;
use crate::error::Error;
use crate::limits::SEARCH_PAUSE;

/// The messages of the user's conversations that match a query, the newest first.
///
/// Created by [`Client::search`]. Implements [`Stream`]. Nothing is sent before the first call, nor
/// after the search is dropped. Hits of one conversation are in the order of its log; those of
/// several are ordered by time.
///
/// All methods are cancel-safe.
pub struct Search {
    client: Client,
    query: Query,
    hits_per_page: u32,
    cursor: Option<SearchCursor>,
    /// The request in flight.
    page: Option<Page>,
    arrived: VecDeque<FoundMessage>,
    has_found: bool,
    is_over: bool,
}

type Page = Pin<Box<dyn Future<Output = Result<Found, Error>> + Send>>;

/// A message that matches a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundMessage {
    /// The message, as it is now.
    pub message: Message,
    /// What matched, in bytes of the text or caption ([`cairn_proto::content::body::Body::words`])
    /// and of the file's name.
    pub highlights: Highlights,
}

impl Search {
    pub(crate) fn new(client: Client, query: Query) -> Self {
        Self {
            client,
            query,
            hits_per_page: SEARCH_HITS_MAX,
            cursor: None,
            page: None,
            arrived: VecDeque::new(),
            has_found: false,
            is_over: false,
        }
    }

    /// Asks for this many hits at a time, at most [`SEARCH_HITS_MAX`]: fewer arrive sooner.
    #[must_use]
    pub fn hits_per_page(mut self, hits: u32) -> Self {
        self.hits_per_page = hits.clamp(1, SEARCH_HITS_MAX);
        self
    }

    /// Returns the time back to which everything was searched, except for imported messages. `None`
    /// before the first answer and at the end.
    #[must_use]
    pub fn reached(&self) -> Option<Timestamp> {
        self.cursor.as_ref().map(|cursor| cursor.reached)
    }

    /// Waits for the next message. Returns `None` when everything was searched.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Damaged`, or a [terminal error](Error#terminal-errors). Returns
    /// `None` after an error.
    pub async fn next(&mut self) -> Option<Result<FoundMessage, Error>> {
        poll_fn(|context| self.poll_hit(context)).await
    }

    /// Waits for the next answer of the server, which may hold no hits: see [`Self::reached`].
    /// Returns `None` when everything was searched.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub async fn next_page(&mut self) -> Option<Result<Vec<FoundMessage>, Error>> {
        if self.arrived.is_empty() {
            match poll_fn(|context| self.poll_page(context)).await? {
                Ok(()) => {}
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(self.arrived.drain(..).collect()))
    }

    /// Returns another spelling of a word with which the query would find something, at one edit
    /// of a letter. For a search that is over and found nothing; `None` otherwise.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub async fn respelling(&self) -> Result<Option<Respelling>, Error> {
        if self.has_found || !self.is_over {
            return Ok(None);
        }
        let request = Request {
            query: self.query.clone(),
            goal: SearchGoal::Respelling,
            before: None,
            limit: 1,
            budget: SEARCH_BUDGET_MAX,
        };
        Ok(ask(self.client.clone(), request).await?.respelling)
    }

    fn poll_hit(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<FoundMessage, Error>>> {
        loop {
            if let Some(hit) = self.arrived.pop_front() {
                return Poll::Ready(Some(Ok(hit)));
            }
            match ready!(self.poll_page(context)) {
                Some(Ok(())) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }

    /// Receives the next answer.
    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<(), Error>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let (client, query) = (&self.client, &self.query);
        let (cursor, limit) = (&self.cursor, self.hits_per_page);
        let page = self.page.get_or_insert_with(|| {
            let request = Request {
                query: query.clone(),
                goal: SearchGoal::Hits,
                before: cursor.clone(),
                limit,
                budget: SEARCH_BUDGET_MAX,
            };
            Box::pin(ask(client.clone(), request))
        });
        let found = ready!(page.as_mut().poll(context));
        self.page = None;
        let taken = found.and_then(|found| self.take(found));
        self.is_over |= taken.is_err();
        Poll::Ready(Some(taken))
    }

    fn take(&mut self, found: Found) -> Result<(), Error> {
        let Found { hits, next, .. } = found;
        for Hit { run, highlights } in hits {
            let messages = run.messages();
            let message = messages.ok().and_then(|mut messages| messages.pop());
            let message = message.ok_or(Error::Protocol("a malformed message"))?;
            self.has_found = true;
            self.arrived.push_back(FoundMessage {
                message,
                highlights,
            });
        }
        self.is_over = next.is_none();
        self.cursor = next;
        Ok(())
    }
}

/// Sends a request; again after a pause while too many of the user's searches are waiting.
async fn ask(client: Client, request: Request) -> Result<Found, Error> {
    let permits = &client.shared().search_permits;
    let _permit = permits.acquire().await.map_err(|_| client.ended())?;
    loop {
        match client.call(request.clone()).await {
            Err(Error::Refused(ErrorCode::RateLimited)) => sleep(SEARCH_PAUSE).await,
            answered => return answered,
        }
    }
}

/// The same messages as [`Search::next`].
impl Stream for Search {
    type Item = Result<FoundMessage, Error>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<FoundMessage, Error>>> {
        self.poll_hit(context)
    }
}

impl fmt::Debug for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Search")
            .field("query", &self.query)
            .field("reached", &self.reached())
            .finish_non_exhaustive()
    }
}
