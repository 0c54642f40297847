//! A line of input over a list of choices: the switcher, reactions, search, places to go to, and
//! cards: members, a person, receipts, the terms of an unread count.

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_session::LocalId;

use crate::tui::compose::editor::Editor;
use crate::tui::keys::action::DeskAction;
use crate::tui::picture::Pixels;

/// What is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The conversation to go to.
    Go,
    /// The conversation that a message is forwarded to.
    Forward { from: ConversationId, msgid: MsgId },
    /// The emoji of a reaction.
    React(MsgId),
    /// A message that contains a text.
    Search {
        /// The search that the choices are from.
        search: u64,
        within: Option<ConversationId>,
    },
    /// A message by its number, a day or a link; there are no choices.
    Place,
    /// Whether a message is deleted.
    Recall(MsgId),
    /// Members, topic and settings of the open conversation.
    Members,
    /// A user.
    Person(UserId),
    /// Who received and read a message.
    Receipts(MsgId),
    /// Why the open conversation is unread.
    WhyUnread,
    /// Files that are on their way.
    Uploads,
    /// An inquiry of the support desk.
    Desk(DeskPurpose, ConversationId),
}

/// What is chosen or typed about an inquiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeskPurpose {
    /// What is known of it, and what can be done.
    Card,
    /// An agent or queue to pass it on to.
    Transfer,
    /// A canned reply.
    Canned,
    Tag,
    Note,
    Close,
}

impl Purpose {
    /// Whether what was typed selects among all choices.
    pub(crate) const fn is_card(self) -> bool {
        matches!(
            self,
            Self::Members
                | Self::Person(_)
                | Self::Receipts(_)
                | Self::WhyUnread
                | Self::Uploads
                | Self::Desk(
                    DeskPurpose::Card | DeskPurpose::Transfer | DeskPurpose::Canned,
                    _
                )
        )
    }
}

/// Something that a line of a card does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Goes to the direct chat with a user.
    Write(UserId),
    /// Writes the name of a user into the composer.
    Mention(String),
    FirstUnread,
    MarkRead,
    /// Runs a command, and closes the card.
    Run(Vec<String>),
    /// Runs a command whose effect the card shows.
    Set(Vec<String>),
    /// Does something with the inquiry of the card.
    Desk(DeskAction),
    /// Sends a failed or unknown message again.
    Again(LocalId),
    /// Cancels an upload.
    CancelUpload(LocalId),
    /// Drops an own message that was not sent.
    Withdraw(LocalId),
}

/// What a choice stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Conversation(ConversationId),
    User(UserId, String),
    Emoji(String),
    Message(ConversationId, MsgId),
    Deed(Deed),
    /// A text to write.
    Text(String),
}

/// One choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) label: String,
    /// Characters of the label that match what was typed.
    pub(crate) matched: Vec<u32>,
    pub(crate) detail: String,
    pub(crate) value: Value,
}

impl Item {
    pub(crate) fn new(label: impl Into<String>, value: Value) -> Self {
        Self {
            label: label.into(),
            matched: Vec::new(),
            detail: String::new(),
            value,
        }
    }

    pub(crate) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

/// The list, and what was typed above it.
#[derive(Clone, Debug)]
pub(crate) struct Picker {
    pub(crate) purpose: Purpose,
    pub(crate) editor: Editor,
    pub(crate) items: Vec<Item>,
    pub(crate) selected: usize,
    /// A line under the input: what to type, progress, or what is wrong.
    pub(crate) hint: String,
    /// Lines above the choices.
    pub(crate) head: Vec<String>,
    /// A picture above the head.
    pub(crate) picture: Option<Pixels>,
    /// What Enter searches for instead, if nothing was found.
    pub(crate) instead: Option<String>,
    /// The choices of a card, before the typed text selects among them.
    all: Vec<Item>,
}

impl Picker {
    pub(crate) fn new(purpose: Purpose, hint: impl Into<String>) -> Self {
        Self {
            purpose,
            editor: Editor::default(),
            items: Vec::new(),
            selected: 0,
            hint: hint.into(),
            head: Vec::new(),
            picture: None,
            instead: None,
            all: Vec::new(),
        }
    }

    /// Replaces the choices of a card. The selected one stays selected; if it is gone, the one in
    /// its place is.
    pub(crate) fn set_all(&mut self, all: Vec<Item>) {
        let (selected, chosen) = (self.selected, self.chosen().map(|item| item.value.clone()));
        self.all = all;
        self.select_typed();
        if self.chosen().map(|item| &item.value) != chosen.as_ref() {
            self.selected = selected.min(self.items.len().saturating_sub(1));
        }
    }

    /// Keeps the choices of a card that contain what was typed.
    pub(crate) fn select_typed(&mut self) {
        let typed = self.editor.text().trim().to_lowercase();
        let chosen = self.chosen().map(|item| item.value.clone());
        let is_typed = |item: &&Item| {
            let text = format!("{} {}", item.label, item.detail).to_lowercase();
            text.contains(&typed)
        };
        self.items = self.all.iter().filter(is_typed).cloned().collect();
        let same = |item: &Item| Some(&item.value) == chosen.as_ref();
        self.selected = self.items.iter().position(same).unwrap_or(0);
    }

    pub(crate) fn chosen(&self) -> Option<&Item> {
        self.items.get(self.selected)
    }

    /// Moves the selection by one, around the ends.
    pub(crate) fn step(&mut self, is_down: bool) {
        let count = self.items.len().max(1);
        let by = if is_down { 1 } else { count - 1 };
        self.selected = (self.selected + by) % count;
    }

    pub(crate) fn set_items(&mut self, items: Vec<Item>) {
        self.items = items;
        self.selected = 0;
    }

    /// The first of the choices on a screen of this many rows.
    pub(crate) fn first_shown(&self, rows: usize) -> usize {
        (self.selected + 1).saturating_sub(rows.max(1))
    }
}

/// Emoji that are offered before others.
const COMMON: [&str; 10] = [
    "+1",
    "heart",
    "joy",
    "tada",
    "eyes",
    "white_check_mark",
    "pray",
    "thinking",
    "smile",
    "rocket",
];

/// Names of emoji that begin with what was typed: those used lately, common ones, all others.
pub(crate) fn emoji_names(typed: &str, recent: &[String]) -> Vec<(&'static str, &'static str)> {
    let mut names: Vec<_> = cairn_text::emoji_names(typed).collect();
    let rank = |name: &str| {
        let place = recent.iter().position(|known| known == name);
        let common = COMMON.iter().position(|known| *known == name);
        place.or(common.map(|place| recent.len() + place))
    };
    names.sort_by_key(|(name, _)| rank(name).unwrap_or(usize::MAX));
    names
}

/// Emoji that begin with what was typed. If nothing was, those used lately, and common ones.
pub(crate) fn emoji(typed: &str, recent: &[String]) -> Vec<Item> {
    let item = |name: &str, glyph: &str| {
        let label = match name == glyph {
            true => name.to_owned(),
            false => format!("{glyph}  {name}"),
        };
        Item::new(label, Value::Emoji(name.to_owned()))
    };
    let typed = typed.trim().trim_matches(':');
    if typed.is_empty() {
        let common = COMMON
            .into_iter()
            .filter(|name| recent.iter().all(|known| known != name));
        let offered = recent.iter().map(String::as_str).chain(common);
        let glyph = |name| cairn_text::emoji(name).unwrap_or(name);
        return offered.map(|name| item(name, glyph(name))).collect();
    }
    if let Some(emoji) = cairn_text::qualified_emoji(typed) {
        return vec![item(emoji, emoji)];
    }
    let names = emoji_names(typed, recent).into_iter().take(50);
    names.map(|(name, glyph)| item(name, glyph)).collect()
}
