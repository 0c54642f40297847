//! Overviews: the user's conversations, or those that changed since an earlier overview.

use std::collections::BTreeMap;

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::conversation::{Conversation, ConversationKind};
use cairn_proto::model::group::OpenGroup;
use cairn_proto::text::GroupName;
use cairn_proto::wire::overview::{ConversationPage, Moment, OverviewExtent, OverviewPlace};
use cairn_proto::wire::request::List;
use cairn_proto::wire::request::group::{CreateGroup, FindGroups};
use cairn_proto::wire::request::session::{Focus, ListConversations};

use crate::api::client::Client;
use crate::error::Error;

/// A user's conversations, or those that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// The most recently changed conversations first.
    pub conversations: Vec<Conversation>,
    /// Conversations that the user is no longer a member of.
    pub gone: Vec<ConversationId>,
    /// Whether this is a complete list, even if changes were requested. If it is, discard all other
    /// stored conversations.
    pub extent: OverviewExtent,
    /// The moment to pass to the next request. Store it with the conversations; it is valid for
    /// this server and user only.
    pub as_of: Moment,
}

impl Overview {
    /// Merges a later overview into this one.
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

/// The calls that concern the list of the user's conversations. Created by
/// [`Client::conversations`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Conversations<'a> {
    pub(crate) client: &'a Client,
}

/// Creating and finding conversations
impl Conversations<'_> {
    /// Creates a group with the user as its owner and with up to
    /// [`cairn_proto::limits::USERS_PER_REQUEST_MAX`] further members.
    ///
    /// # Errors
    /// [`Error::Refused`] with `LimitReached` if the user owns the maximum number of groups;
    /// [`Error::Disconnected`], after which to check [`Conversations::list`] before trying again;
    /// or a [terminal error](Error#terminal-errors).
    pub async fn create_group(
        self,
        name: GroupName,
        members: Vec<UserId>,
    ) -> Result<ConversationId, Error> {
        self.client.call(CreateGroup { name, members }).await
    }

    /// Returns up to [`cairn_proto::limits::GROUPS_FOUND_MAX`] open groups, ordered by name.
    /// `prefix` filters by a case-insensitive prefix of the name.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn find_groups(self, prefix: Option<GroupName>) -> Result<Vec<OpenGroup>, Error> {
        let List(groups) = self.client.call(FindGroups { prefix }).await?;
        Ok(groups)
    }

    /// Returns the direct chat with another user, which exists from its first message on. Returns
    /// `None` for the user's own id and for user 0.
    #[must_use]
    pub fn direct(self, other: UserId) -> Option<ConversationId> {
        ConversationId::direct(self.client.whoami().user, other)
    }

    /// Ends the focus of a conversation ([`crate::view::Conversation::focus`]).
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn unfocus(self) -> Result<(), Error> {
        let conversation = None;
        self.client.call(Focus { conversation }).await
    }
}

/// Overviews
impl Conversations<'_> {
    /// Returns all conversations of the user, ordered by id.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn list(self) -> Result<Vec<Conversation>, Error> {
        let mut conversations = self.full_overview(None, None).await?.conversations;
        conversations.sort_unstable_by_key(|conversation| conversation.id);
        Ok(conversations)
    }

    /// Returns the conversations that changed since an earlier overview's moment, or all of them
    /// with `None`. The moment may be from an earlier run of the program. A server that does not
    /// know it returns all conversations; see [`Overview::extent`].
    ///
    /// A change of this device's own delivered cursor is not reported, since the device knows what
    /// it acked.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn overview(self, since: impl Into<Option<Moment>>) -> Result<Overview, Error> {
        self.full_overview(since.into(), None).await
    }

    /// Returns the overview that the login delivered: what changed since
    /// [`crate::ClientBuilder::since`], or all conversations. Needs no round trip unless it has
    /// several pages.
    ///
    /// It describes the state at the login. Call [`Client::events`] first, whose events continue
    /// from there, and then this. If the overview was already taken or is out of date (after a
    /// reconnect, a call of [`Conversations::overview`], or an event without an [`crate::Events`]
    /// to receive it), a new one is requested.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn login_overview(self) -> Result<Overview, Error> {
        let (since, page) = self.client.shared().state.lock().at_login.take();
        self.full_overview(since, page).await
    }

    /// Returns the first page of [`Conversations::login_overview`], for programs that show it
    /// before they request the others with [`Conversations::overview_page`]. Returns `None` if it
    /// was already taken or is out of date.
    #[must_use]
    pub fn login_page(self) -> Option<ConversationPage> {
        self.client.shared().state.lock().at_login.take().1
    }

    /// Returns one page of an overview; pass the previous page's `next_after` to continue. A caller
    /// that reads several pages stores the moment of the first one. [`Conversations::overview`]
    /// reads all pages.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn overview_page(
        self,
        since: Option<Moment>,
        after: Option<OverviewPlace>,
    ) -> Result<ConversationPage, Error> {
        self.client.call(ListConversations { since, after }).await
    }

    /// Reads all pages, of which the first may be known.
    async fn full_overview(
        self,
        since: Option<Moment>,
        first: Option<ConversationPage>,
    ) -> Result<Overview, Error> {
        let (mut overview, mut is_complete) = self.read_overview(since, first).await?;
        // A conversation may have moved from an unread page to one already read, so several pages
        // are not a snapshot: read the changes since the first page until they fit into one.
        while !is_complete {
            let (later, is_last) = self.read_overview(Some(overview.as_of), None).await?;
            overview.update(later);
            is_complete = is_last;
        }
        self.client
            .shared()
            .state
            .lock()
            .overview_read(&overview.conversations, overview.as_of);
        Ok(overview)
    }

    /// Reads all pages, as of the first one. Returns whether it was the only one.
    async fn read_overview(
        self,
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
            self.client
                .cache_users(page.items.iter().filter_map(|item| match &item.kind {
                    ConversationKind::Direct { peer } => Some(peer),
                    _ => None,
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
                    return Err(Error::Protocol("pages of conversations do not advance"));
                }
            }
        }
    }
}
