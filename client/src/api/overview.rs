//! A user's conversations at a glance, and what changed among them.

use std::collections::BTreeMap;

use cairn_proto::ids::ConversationId;
use cairn_proto::model::conversation::{Conversation, ConversationKind};
use cairn_proto::wire::overview::{ConversationPage, Moment, OverviewExtent, OverviewPlace};
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;

use crate::api::client::{Client, ask};
use crate::error::Error;

/// A user's conversations, or those that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// The conversations. Those in which something happened last come first.
    pub conversations: Vec<Conversation>,
    /// Those that the user is a member of no more.
    pub gone: Vec<ConversationId>,
    /// Whether these are all conversations of the user, whatever was asked. Then everything that is
    /// kept of others is out of date.
    pub extent: OverviewExtent,
    /// What to ask with the next time. Keep it with what is kept of the conversations; it holds for
    /// this server and this user.
    pub as_of: Moment,
}

impl Overview {
    /// Brings this overview up to date with a later one.
    pub fn update(&mut self, later: Self) {
        let Self {
            conversations,
            gone,
            extent,
            as_of,
        } = later;
        self.as_of = as_of;
        if extent == OverviewExtent::All {
            self.conversations.clear();
            self.extent = extent;
        }
        let is_old = |id: ConversationId| {
            gone.contains(&id) || conversations.iter().any(|newer| newer.id == id)
        };
        self.conversations.retain(|known| !is_old(known.id));
        self.gone
            .retain(|id| conversations.iter().all(|newer| newer.id != *id));
        self.gone.extend(gone);
        self.conversations.splice(0..0, conversations);
    }
}

/// What a list of chats is made of. A request fails with [`Error::Refused`] when the server says
/// no, or with whatever ends the client.
impl Client {
    /// All conversations of the user, in the order of their ids, as they stand now.
    ///
    /// # Errors
    /// See above.
    pub async fn conversations(&self) -> Result<Vec<Conversation>, Error> {
        let mut conversations = self.overview(None).await?.conversations;
        conversations.sort_unstable_by_key(|conversation| conversation.id);
        Ok(conversations)
    }

    /// The conversations of the user that changed since the moment of an earlier overview, which
    /// the caller keeps, also from one run of the program to the next; with `None`, all of them. A
    /// server that does not know the moment answers with all of them, and says so.
    ///
    /// This device's own delivered cursor alone changes nothing: the device knows what it acked.
    ///
    /// # Errors
    /// See above.
    pub async fn overview(&self, since: Option<Moment>) -> Result<Overview, Error> {
        self.whole_overview(since, None).await
    }

    /// What the login told of: the conversations of the user that changed since
    /// [`crate::Options::since`], or all of them. It has come already, so nothing is asked unless
    /// it had more pages.
    ///
    /// It is as of the login: call it first, after [`Client::events`], whose events go on where it
    /// ends. Once it was given, or the client knows that it is out of date (the connection broke,
    /// [`Client::overview`] was asked, something happened that no [`crate::Events`] were there to
    /// hear), it is asked anew.
    ///
    /// # Errors
    /// See above.
    pub async fn login_overview(&self) -> Result<Overview, Error> {
        let (since, page) = self.shared().state.lock().at_login.take();
        self.whole_overview(since, page).await
    }

    /// The first page of what the login told of, as [`Client::login_overview`], for a program that
    /// shows it before it asks for the others ([`Client::overview_page`]). `None` once it was given
    /// or is out of date.
    #[must_use]
    pub fn login_page(&self) -> Option<ConversationPage> {
        self.shared().state.lock().at_login.take().1
    }

    /// One page of an overview: the first, or the one that begins where the page before said.
    /// Whoever reads several keeps the moment of the first. [`Client::overview`] reads all of them.
    ///
    /// # Errors
    /// See above.
    pub async fn overview_page(
        &self,
        since: Option<Moment>,
        after: Option<OverviewPlace>,
    ) -> Result<ConversationPage, Error> {
        ask!(self, Request::Conversations { since, after }, Response::Conversations(page) => page)
    }

    /// All pages, of which the first may be known.
    async fn whole_overview(
        &self,
        since: Option<Moment>,
        first: Option<ConversationPage>,
    ) -> Result<Overview, Error> {
        let (mut overview, mut is_complete) = self.read_overview(since, first).await?;
        // While several pages were read, a conversation may have moved from one that was not read
        // yet to one that was.
        while !is_complete {
            let (later, is_last) = self.read_overview(Some(overview.as_of), None).await?;
            overview.update(later);
            is_complete = is_last;
        }
        self.shared()
            .state
            .lock()
            .overview_read(&overview.conversations, overview.as_of);
        Ok(overview)
    }

    /// Reads all pages, as of the first. Says whether that was the only one.
    async fn read_overview(
        &self,
        since: Option<Moment>,
        mut first: Option<ConversationPage>,
    ) -> Result<(Overview, bool), Error> {
        let mut read: Option<Overview> = None;
        let mut seen = BTreeMap::new();
        let mut after = None;
        loop {
            let page = match first.take() {
                Some(page) => page,
                None => self.overview_page(since, after).await?,
            };
            self.remember(page.items.iter().filter_map(|item| match &item.kind {
                ConversationKind::Direct { peer } => Some(peer),
                ConversationKind::Group { .. } => None,
            }));
            let is_complete = read.is_none() && page.next_after.is_none();
            let overview = read.get_or_insert(Overview {
                conversations: Vec::new(),
                gone: page.gone,
                extent: page.extent,
                as_of: page.as_of,
            });
            for item in page.items {
                if seen.insert(item.id, ()).is_none() {
                    overview.conversations.push(item);
                }
            }
            match (page.next_after, read.take()) {
                (Some(next), known) if after.is_none_or(|after| next < after) => {
                    (after, read) = (Some(next), known)
                }
                (None, Some(overview)) => return Ok((overview, is_complete)),
                _ => {
                    return Err(Error::Protocol(
                        "the pages of the conversations go round in circles",
                    ));
                }
            }
        }
    }
}
