//! What the server holds, as one user sees it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Client, Conversation, Error, Message, PullRange, Totals};
use cairn_session::Entry;

/// Entries in one request.
const PAGE: u32 = 500;

/// What the server holds for one user.
#[derive(Debug)]
pub(crate) struct Truth {
    pub(crate) user: UserId,
    pub(crate) conversations: BTreeMap<ConversationId, Held>,
}

/// A conversation, and its log as it reads now.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) summary: Conversation,
    pub(crate) log: Vec<Message>,
}

impl Truth {
    /// Requests everything. What changes meanwhile may be there in part, and a conversation that
    /// its user has left meanwhile is missing.
    pub(crate) async fn of(client: &Client) -> Self {
        let user = client.whoami().user;
        let overview = client.conversations().overview(None).await.unwrap();
        let mut conversations = BTreeMap::new();
        for summary in overview.conversations {
            if let Some(log) = log(client, summary.id, summary.floor).await {
                conversations.insert(summary.id, Held { summary, log });
            }
        }
        Self {
            user,
            conversations,
        }
    }

    /// The conversations in the order of the list. `written` returns when the last message was
    /// written that is still in the outbox, which moves its conversation up.
    pub(crate) fn order(
        &self,
        written: impl Fn(ConversationId) -> Option<Timestamp>,
    ) -> Vec<ConversationId> {
        let mut order: Vec<_> = self.conversations.values().collect();
        order.sort_by_key(|held| {
            let (id, favourite) = (held.summary.id, held.summary.settings.favourite);
            let active_at = Some(held.active_at()).max(written(id));
            (Reverse((favourite, active_at)), id)
        });
        order.into_iter().map(|held| held.summary.id).collect()
    }

    pub(crate) fn totals(&self) -> Totals {
        let summaries = self.conversations.values().map(|held| &held.summary);
        Totals::of(summaries, Timestamp::new(0))
    }
}

impl Held {
    /// When the last message was sent.
    fn active_at(&self) -> Timestamp {
        let mut newest = self.log.iter().rev();
        let last = newest.find(|entry| !matches!(entry.body, Body::Amendment(_) | Body::System(_)));
        last.map_or(Timestamp::new(0), |entry| entry.sent_at)
    }

    /// The last message of a user.
    pub(crate) fn last_own(&self, user: UserId) -> Option<MsgId> {
        let mut newest = self.log.iter().rev();
        let own = newest.find(|entry| entry.sender == user && entry.body.is_message());
        own.map(|entry| entry.msgid)
    }

    /// The messages and what is left of recalled ones, as a window shows them.
    pub(crate) fn messages(&self) -> Vec<(MsgId, Entry)> {
        let shown = self
            .log
            .iter()
            .filter(|entry| !matches!(entry.body, Body::Amendment(_) | Body::System(_)));
        shown
            .map(|entry| (entry.msgid, Entry::from(entry)))
            .collect()
    }

    /// The first unread message, recalled ones included.
    pub(crate) fn first_unread(&self, user: UserId) -> Option<MsgId> {
        let Conversation { read, unread, .. } = self.summary;
        let mut later = self.log.iter().filter(|entry| entry.msgid > read);
        let first = later.find(|entry| {
            let was_message =
                entry.body.is_message() || matches!(entry.body, Body::Recalled { .. });
            was_message && entry.sender != user
        });
        first.filter(|_| unread > 0).map(|entry| entry.msgid)
    }
}

/// Returns `None` if the user is no member any more.
async fn log(client: &Client, id: ConversationId, floor: MsgId) -> Option<Vec<Message>> {
    let mut log: Vec<Message> = Vec::new();
    loop {
        let from = log.last().map_or(floor, |last| last.msgid).next();
        let page = client
            .conversation(id)
            .pull(PullRange::From(from), PAGE)
            .await;
        if let Err(Error::Refused(ErrorCode::NotFound)) = page {
            return None;
        }
        let page = page.unwrap();
        let is_last = page.messages.is_empty();
        log.extend(page.messages);
        if is_last || log.last().is_some_and(|last| last.msgid >= page.head) {
            return Some(log);
        }
    }
}
