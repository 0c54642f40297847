//! What the session shows, as of one moment.

use std::collections::HashMap;
use std::sync::Arc;

use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_session::{
    Anchor, AnchorTo, ConversationView, DateJump, DeskView, Details, Draft, Entry, LinkView,
    Pending, Row, RowKey, What, WindowView,
};

use crate::tui::text::words;

/// The timeline of a conversation.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) conversation: ConversationId,
    pub(crate) rows: Arc<[Row]>,
    pub(crate) head: MsgId,
    /// Whether the newest entry is among the rows.
    pub(crate) is_at_end: bool,
    pub(crate) anchor: Anchor,
    /// The row that the anchor names, once it is held.
    pub(crate) anchor_row: Option<RowKey>,
    pub(crate) date_jump: DateJump,
    pub(crate) can_go_back: bool,
    pub(crate) typing: Vec<UserId>,
    /// Rows that the user looks at, and which have another key now.
    pub(crate) moved: Vec<(RowKey, RowKey)>,
}

impl Window {
    /// Takes what is drawn of a view. `kept` are the rows that the user looks at.
    pub(crate) fn new(view: &WindowView, kept: &[RowKey]) -> Self {
        let moved = kept.iter().filter_map(|&key| {
            let row = view.rows.get(view.find(key)?)?;
            (row.key != key).then_some((key, row.key))
        });
        let anchor_row = match view.anchor.to {
            AnchorTo::End => None,
            AnchorTo::Row(key) => {
                let row = view.find(key).and_then(|at| view.rows.get(at));
                let is_held = |row: &&Row| !matches!(row.what, What::Gap { .. });
                row.filter(is_held).map(|row| row.key)
            }
        };
        Self {
            moved: moved.collect(),
            anchor_row,
            conversation: view.conversation,
            rows: Arc::clone(&view.rows),
            head: view.head,
            is_at_end: view.is_at_end,
            anchor: view.anchor,
            date_jump: view.date_jump,
            can_go_back: view.can_go_back,
            typing: view.typing.clone(),
        }
    }
}

/// What the session shows.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) link: LinkView,
    pub(crate) list: Arc<[Arc<ConversationView>]>,
    /// The timeline of the open conversation.
    pub(crate) window: Option<Arc<Window>>,
    pub(crate) details: Option<Arc<Details>>,
    /// The stored draft of the open conversation.
    pub(crate) draft: Option<Draft>,
    /// Names of the users of the open conversation and of the desk.
    pub(crate) names: Arc<HashMap<UserId, String>>,
    /// Messages that shown replies refer to, where they are known.
    pub(crate) quoted: Arc<HashMap<MsgId, Arc<Entry>>>,
    pub(crate) unread: u64,
    pub(crate) mentions: u64,
    /// The support desk, for its agents.
    pub(crate) desk: Option<Arc<DeskView>>,
    /// Files on their way, and those that could not be sent.
    pub(crate) uploads: Arc<Vec<Pending>>,
    /// Another process uses the profile, so nothing is kept.
    pub(crate) is_second: bool,
}

impl World {
    /// The state before the session has shown anything.
    pub(crate) fn empty() -> Self {
        Self {
            now: Timestamp::new(0),
            link: LinkView::Connecting,
            list: Arc::default(),
            window: None,
            details: None,
            draft: None,
            names: Arc::default(),
            quoted: Arc::default(),
            unread: 0,
            mentions: 0,
            desk: None,
            uploads: Arc::default(),
            is_second: false,
        }
    }

    pub(crate) fn conversation(&self, id: ConversationId) -> Option<&ConversationView> {
        let mut list = self.list.iter().map(|listed| &**listed);
        list.find(|listed| listed.id == id)
    }

    pub(crate) fn name(&self, user: UserId) -> String {
        match self.names.get(&user) {
            Some(name) => name.clone(),
            None => words::unknown_user(user),
        }
    }

    pub(crate) fn rows(&self) -> &[Row] {
        self.window.as_ref().map_or(&[], |window| &window.rows)
    }

    pub(crate) fn row(&self, key: RowKey) -> Option<&Row> {
        self.rows().iter().find(|row| row.key == key)
    }

    /// The entry of a message that is held.
    pub(crate) fn entry(&self, msgid: MsgId) -> Option<Arc<Entry>> {
        match self.row(RowKey::Entry(msgid)).map(|row| &row.what) {
            Some(What::Message(message)) => Some(Arc::clone(&message.entry)),
            _ => self.quoted.get(&msgid).cloned(),
        }
    }

    /// Whether the last row is the newest message.
    pub(crate) fn is_at_end(&self) -> bool {
        self.window.as_ref().is_none_or(|window| window.is_at_end)
    }
}

/// Returns whether a row can be selected: messages, also those that are not sent yet.
pub(crate) const fn is_selectable(row: &Row) -> bool {
    matches!(row.what, What::Message(_) | What::Mine(_))
}
